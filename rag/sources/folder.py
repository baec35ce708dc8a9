"""A folder of files on this machine, as a source of documents."""

from __future__ import annotations

import errno
import os
import stat
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
            elif files.is_wanted(path, self._options) and (status := self._regular(root, path, entry)) is not None:
                yield path, status

    def _regular(self, root: str, path: str, entry: os.DirEntry[str]) -> os.stat_result | None:
        """What is known of a file; None: it is no file, or a link that must not be followed."""
        if entry.is_symlink() and self._astray(root, path):
            return None
        try:
            return entry.stat() if entry.is_file() else None
        except OSError:  # it went while it was looked at, or is a link to nothing
            return None

    def _astray(self, root: str, path: str) -> str:
        """Why a path must not be followed: whoever sets a link may not be among those who may read what it leads to."""
        whole, place = os.path.realpath(f"{root}/{path}"), f"{root.rstrip('/')}/"
        if not whole.startswith(place):
            return "it is a link that leads out of the folder"
        target = whole.removeprefix(place)
        if target == path:
            return ""
        if files.is_shut(target, self._options):
            return "it is a link to a file that is left out"
        if self._spec.label_of(_key(target)) != self._spec.label_of(_key(path)):
            return "it is a link to a file that is for others"
        return ""

    def _scanned(self, root: str, under: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(f"{root}/{under}") as scan:
                return list(scan)
        except OSError as error:
            hint = "Make it readable for the user that Plumbline runs as, or exclude what is above it."
            place = f"{self._options.path}/{under}"
            raise SourceError(f"source {self.name!r}: {place} cannot be listed ({error.strerror})", hint=hint) from None

    def _stamp(self, root: str, path: str, status: os.stat_result, now: int) -> str:
        seen = f"{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}"
        step = _STEP if status.st_ctime_ns % _WHOLE_SECOND else _COARSE_STEP
        if now - max(status.st_mtime_ns, status.st_ctime_ns) // _NANOS > step:
            return seen
        try:
            return f"{seen}-{_digest(self._bytes(root, path))}"
        except UnreadableError as error:
            return f"{seen}-{error.reason}"

    def _read(self, root: str, path: str) -> Document:
        data = self._bytes(root, path)
        changed_at = Path(root, path).stat().st_mtime_ns // _NANOS
        return files.document(self._spec, _key(path), data, version=_digest(data), changed_at=changed_at)

    def _bytes(self, root: str, path: str) -> bytes:
        """The bytes of a file.

        Raises:
            UnreadableError: it is gone, too large, or may not be read.
        """
        if why := self._astray(root, path):
            raise UnreadableError("outside", why)
        try:
            with open(f"{root}/{path}", "rb", opener=_opened) as file:
                size = os.fstat(file.fileno()).st_size
                data = file.read(MAX_BYTES + 1) if size <= MAX_BYTES else b""
        except OSError as error:
            raise UnreadableError("unreadable", f"the file cannot be opened ({error.strerror})") from error
        if max(size, len(data)) > MAX_BYTES:
            raise UnreadableError("too_large", f"it has {size:,} bytes; at most {MAX_BYTES:,} are read")
        return data


def _opened(path: str, flags: int) -> int:
    """A file, opened; what became a pipe or a device since it was listed is not waited for."""
    number = os.open(path, flags | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError(errno.EINVAL, "it is no file")
    return number


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=8).hexdigest()


def _key(path: str) -> str:
    """The path as text; a name that is no UTF-8 has its bytes written out, since no database would take it."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
