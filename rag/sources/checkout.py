"""What is committed to a branch of a git repository on this machine, as a source of documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from rag.copilot import CheckoutOptions, SourceSpec
from rag.document import Document, Entry, UnreadableError
from rag.readers.reading import MAX_BYTES
from rag.sources import files
from rag.sources.repository import Blob, Repository
from substrate.errors import SourceError


class CheckoutFiles(files.DeclaredFiles):
    """The files of a branch's last commit; what lies in the working tree beside it is not read.

    Args:
        spec: the source as it is declared, with its `checkout`.
    """

    def __init__(self, spec: SourceSpec) -> None:
        super().__init__(spec)
        self._options = spec.checkout or CheckoutOptions(path=Path())
        self._repository = Repository(self._options.path, spec.name)

    def entries(self, connection: Connection) -> Iterator[Entry]:
        """Every file of the commit that is wanted; its content's name is its stamp.

        Raises:
            SourceError: git cannot read the repository or branch, or the commit holds nothing that is wanted.
        """
        commit = self._repository.commit(self._options.branch)
        found = {_key(blob.path): blob for blob in self._repository.files(commit)}
        wanted = {key: blob for key, blob in sorted(found.items()) if files.is_wanted(key, self._options)}
        if not wanted:
            fault = f"{self._options.branch} of {self._options.path} holds no file that would be read"
            hint = "Look at branch, include and exclude, or take the source out of the copilot."
            raise SourceError(f"source {self.name!r}: {fault}", hint=hint)
        times = _Times(self._repository, commit)
        for key, blob in wanted.items():
            yield Entry(key, blob.sha, partial(self._read, key, blob, times))

    def _read(self, key: str, blob: Blob, times: _Times) -> Document:
        if blob.size is not None and blob.size > MAX_BYTES:
            raise UnreadableError("too_large", f"it has {blob.size:,} bytes; at most {MAX_BYTES:,} are read")
        try:
            data = self._repository.content(blob.sha)
        except SourceError as error:
            raise UnreadableError("unreadable", "the repository does not hold it; fetch it whole") from error
        return files.document(self._spec, key, data, version=times.commit, changed_at=times.of(blob.path))


class _Times:
    """When the files of a commit changed; asked of git once, and only if a file is read at all."""

    def __init__(self, repository: Repository, commit: str) -> None:
        self._repository = repository
        self._found: Mapping[bytes, int] | None = None
        self.commit = commit

    def of(self, path: bytes) -> int | None:
        """When a file changed, in microseconds since 1970 UTC; None: longer ago than is looked."""
        if self._found is None:
            self._found = self._repository.changed(self.commit)
        return self._found.get(path)


def _key(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")
