"""A folder of files on this machine, as a source of documents."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from hashlib import blake2b
from pathlib import Path

from sqlalchemy import Connection

from rag.copilot import FolderOptions, SourceSpec
from rag.document import Document, Entry, UnreadableError
from rag.readers.reading import MAX_BYTES
from rag.sources import files
from substrate.clock import SECOND, Clock
from substrate.errors import SourceError

_NANOS = 1_000
_WHOLE_SECOND = 1_000_000_000
_STEP, _COARSE_STEP = SECOND // 10, 3 * SECOND
"""Two edits within one step of a file system's clock look like one: some milliseconds on those of today, two seconds on
FAT, whose times are whole seconds."""


class FolderFiles(files.DeclaredFiles):
    """The files of a folder.

    Args:
        spec: the source as it is declared, with its `folder`.
        clock: by which a file is too fresh for its time to tell its edits apart.
    """

    def __init__(self, spec: SourceSpec, clock: Clock) -> None:
        super().__init__(spec)
        self._options = spec.folder or FolderOptions(path=Path())
        self._clock = clock

    def entries(self, connection: Connection) -> Iterator[Entry]:
        """Every file that is wanted, in the order of their paths.

        Raises:
            SourceError: the folder or one within it cannot be listed, or holds nothing that is wanted: a folder that
                is not mounted must not empty the index.
        """
        root = self._root()
        found = dict(sorted(self._listed(root, "")))
        if not found:
            raise SourceError(
                f"source {self.name!r}: the folder {self._options.path} holds no file that would be read",
                hint="Mount or fill it, look at include and exclude, or take the source out of the copilot.",
            )
        now = self._clock.now()
        for path, status in found.items():
            yield Entry(_key(path), self._stamp(root, path, status, now), partial(self._read, root, path))

    def _root(self) -> str:
        try:
            return str(self._options.path.resolve(strict=True))
        except OSError:
            hint = "Mount it, or correct the path in copilots.yaml."
            raise SourceError(f"source {self.name!r}: there is no folder {self._options.path}", hint=hint) from None

    def _listed(self, root: str, under: str) -> Iterator[tuple[str, os.stat_result]]:
        for entry in self._scanned(root, under):
            path = f"{under}{entry.name}"
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from self._listed(root, f"{path}/")
            elif files.is_wanted(path, self._options) and (status := _regular(root, entry)) is not None:
                yield path, status

    def _scanned(self, root: str, under: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(f"{root}/{under}") as scan:
                return list(scan)
        except OSError as error:
            hint = "Make it readable for the user that Plumbline runs as, or exclude what is above it."
            place = f"{self._options.path}/{under}"
            raise SourceError(f"source {self.name!r}: {place} cannot be listed ({error.strerror})", hint=hint) from None

    def _stamp(self, root: str, path: str, status: os.stat_result, now: int) -> str:
        stamp = f"{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}"
        step = _STEP if status.st_ctime_ns % _WHOLE_SECOND else _COARSE_STEP
        if now - max(status.st_mtime_ns, status.st_ctime_ns) // _NANOS > step:
            return stamp
        try:
            return f"{stamp}-{_digest(_bytes(root, path))}"
        except UnreadableError as error:
            return f"{stamp}-{error.reason}"

    def _read(self, root: str, path: str) -> Document:
        data = _bytes(root, path)
        changed_at = Path(root, path).stat().st_mtime_ns // _NANOS
        return files.document(self._spec, _key(path), data, version=_digest(data), changed_at=changed_at)


def _regular(root: str, entry: os.DirEntry[str]) -> os.stat_result | None:
    """What is known of a file; None: it is no file, or a link that leads out of the folder."""
    if entry.is_symlink() and not _is_inside(root, entry.path):
        return None
    try:
        return entry.stat() if entry.is_file() else None
    except OSError:  # it went while it was looked at, or is a link to nothing
        return None


def _is_inside(root: str, path: str) -> bool:
    return os.path.realpath(path).startswith(f"{root.rstrip('/')}/")


def _bytes(root: str, path: str) -> bytes:
    """The bytes of a file.

    Raises:
        UnreadableError: it is gone, too large, or may not be read.
    """
    place = Path(root, path)
    try:
        if not _is_inside(root, str(place)):
            raise UnreadableError("outside", "it is a link that leads out of the folder")
        size = place.stat().st_size
        if size > MAX_BYTES:
            raise UnreadableError("too_large", f"it has {size:,} bytes; at most {MAX_BYTES:,} are read")
        return place.read_bytes()
    except OSError as error:
        raise UnreadableError("unreadable", f"the file cannot be opened ({error.strerror})") from error


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=8).hexdigest()


def _key(path: str) -> str:
    """The path as text; a name that is no UTF-8 has its bytes written out, since no database would take it."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
