"""A folder as a channel: a message is one `.json` for machines and one `.txt` for people, and needs no server."""

from __future__ import annotations

import errno
import os
import re
import secrets
from hashlib import blake2b
from pathlib import Path

import orjson

from automations.channels.channel import Channel, Failure, Refused, Rendered, Retry, Sent
from substrate.clock import from_micros, isoformat
from substrate.columns import Sensitivity
from substrate.database import Database
from substrate.settings import Settings

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class FileChannel:
    """Writes messages into a folder; the same key twice leaves one pair of files, the first."""

    name = "file"
    clearance = Sensitivity.PHI
    idempotent = True
    shared = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: Rendered, key: str) -> Sent | Retry | Refused:
        """Write both files; the `.json` comes last, so whoever finds it finds the text too."""
        name = file_name(message.created_at, key)
        place = self._folder / f"{name}.json"
        try:
            if not place.exists():
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                _clear_drafts(place)
                _write(place.with_suffix(".txt"), _for_people(message).encode())
                _write(place, _for_machines(message, key))
        except OSError as error:
            word = errno.errorcode.get(error.errno or 0, type(error).__name__)
            return Retry(Failure.SERVER, f"the outbox folder could not be written to ({word})")
        return Sent(place.name)


def opened(settings: Settings, _database: Database) -> Channel | None:
    """The folder that the settings name; it is always there."""
    return FileChannel(settings.resolved_outbox_dir)


def file_name(created_at: int, key: str) -> str:
    """What a message's files are called, without an ending; a key that is no plain file name is digested."""
    digest = blake2b(key.encode(), digest_size=16).hexdigest()
    plain = key if _PLAIN.fullmatch(key) else f"k-{digest}"
    return f"{from_micros(created_at):%Y%m%dT%H%M%S.%fZ}-{plain}"


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: a draft that is on the disk takes the name in one step."""
    draft = path.with_name(f".{path.stem}.{secrets.token_hex(8)}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _clear_drafts(path: Path) -> None:
    """Remove what an attempt left that was killed; if it lives after all, it cannot finish, and ours stands."""
    for draft in path.parent.glob(f".{path.stem}.*.part"):
        draft.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _for_people(message: Rendered) -> str:
    return f"To: {message.recipient}\nSubject: {message.subject}\n\n{message.text.rstrip()}\n"


def _for_machines(message: Rendered, key: str) -> bytes:
    told = {
        "key": key,
        "recipient": message.recipient,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "severity": message.severity,
        "reason": message.reason,
        "created_at": isoformat(message.created_at),
        "alert": message.body,
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
