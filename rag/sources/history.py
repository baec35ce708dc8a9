"""The history of some documents as it was recorded, commit by commit: to replay what an index would have lived through.

A history is a gzipped file of JSON lines in the order of the commits: `commit`, `ts` (seconds since 1970 UTC), `op`
(`upsert` or `delete`), `path`, and of what was written `sha` and `text`.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import orjson
from sqlalchemy import Connection

from rag.copilot import FolderOptions, SourceSpec
from rag.document import Document, Entry
from rag.sources import files
from substrate.clock import MICROS
from substrate.errors import NotFoundError, SourceError


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit did to one file.

    Attributes:
        commit: its name.
        at: when, in microseconds since 1970 UTC.
        path: of the file.
        sha: of its new content; None: it was deleted.
        text: its new content.
    """

    commit: str
    at: int
    path: str
    sha: str | None
    text: str


class History:
    """A recorded history, read whole.

    Args:
        path: the file.

    Raises:
        SourceError: there is no such file, or it is no history.
    """

    def __init__(self, path: Path) -> None:
        try:
            with gzip.open(path, "rb") as lines:
                self.changes = [_change(orjson.loads(line)) for line in lines]
        except (OSError, EOFError, KeyError, ValueError) as error:
            raise SourceError(f"{path} is no recorded history ({type(error).__name__})") from None

    def commits(self) -> list[str]:
        """The commits, in their order."""
        return list(dict.fromkeys(change.commit for change in self.changes))

    def at(self, commit: str) -> dict[str, Change]:
        """What there was after a commit, by path: the last change of each file.

        Raises:
            NotFoundError: the history has no such commit.
        """
        last = max((at for at, change in enumerate(self.changes) if change.commit == commit), default=None)
        if last is None:
            raise NotFoundError(f"the history has no commit {commit!r}")
        found = {change.path: change for change in self.changes[: last + 1]}
        return {path: change for path, change in sorted(found.items()) if change.sha is not None}


class HistoryFiles(files.DeclaredFiles):
    """The files that there were after one commit of a history.

    Args:
        spec: the source that they stand for, with a `folder` whose patterns say which files are wanted.
        history: the history.
        commit: after which commit.
    """

    def __init__(self, spec: SourceSpec, history: History, commit: str) -> None:
        super().__init__(spec)
        self._options = spec.folder or FolderOptions(path=Path())
        self._history = history
        self._commit = commit

    def entries(self, connection: Connection) -> Iterator[Entry]:
        """Every file that there was, and is wanted; before the first there are none."""
        for path, change in self._history.at(self._commit).items():
            if files.is_wanted(path, self._options):
                yield Entry(path, change.sha or "", partial(self._read, change))

    def _read(self, change: Change) -> Document:
        data = change.text.encode("utf-8", "surrogatepass")
        return files.document(self._spec, change.path, data, version=change.commit, changed_at=change.at)


def _change(row: dict[str, object]) -> Change:
    deleted = row["op"] == "delete"
    at = int(str(row["ts"])) * MICROS
    sha, text = (None, "") if deleted else (str(row["sha"]), str(row["text"]))
    return Change(str(row["commit"]), at, str(row["path"]), sha, text)
