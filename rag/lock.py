"""Exactly one process owns an index folder: Chroma and tantivy lose what two write there.

The lock is the operating system's, so it is free as soon as its owner has died; the file says who the owner is and
where it answers, so that others ask through it.
"""

from __future__ import annotations

import os
import socket
from dataclasses import asdict, dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import IO

import orjson

from substrate.errors import ConflictError

_NAME = "owner.lock"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who owns an index folder.

    Attributes:
        pid: its process.
        host: on which machine.
        address: base address of its web process; None: it answers nobody.
        since: since when, in microseconds since 1970 UTC.
    """

    pid: int
    host: str
    address: str | None
    since: int


class FolderLock:
    """The right to write in an index folder, until it is given back.

    Raises:
        ConflictError: another process owns the folder.
    """

    def __init__(self, folder: Path, now: int, address: str | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = (folder / _NAME).open("a+")
        if not _take(self._file):
            self._file.close()
            raise _taken(folder)
        self._file.truncate(0)
        self._file.write(orjson.dumps(asdict(Holder(os.getpid(), socket.gethostname(), address, now))).decode())
        self._file.flush()

    @property
    def descriptor(self) -> int:
        """Of the locked file; a process that inherits it holds the lock, too."""
        return self._file.fileno()

    def close(self) -> None:
        """Give the folder back."""
        self._file.truncate(0)
        self._file.close()


def holder_of(folder: Path) -> Holder | None:
    """Who owns an index folder now; None: nobody."""
    path = folder / _NAME
    if not path.exists():
        return None
    with path.open("r") as file:
        if _take(file):
            return None
        return _read(file)


def _take(file: IO[str]) -> bool:
    try:
        flock(file, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(file: IO[str]) -> Holder:
    try:
        return Holder(**orjson.loads(file.read()))
    except (orjson.JSONDecodeError, TypeError):
        # Its owner is just writing it.
        return Holder(0, "", None, 0)


def _taken(folder: Path) -> ConflictError:
    with (folder / _NAME).open() as file:
        holder = _read(file)
    where = f", which answers at {holder.address}" if holder.address else ""
    hint = "Ask through that process, or stop it; several processes share one index through a Chroma server."
    return ConflictError(f"the index in {folder} is open in process {holder.pid} on {holder.host}{where}", hint=hint)
