"""What every source must survive, as one suite: a new source joins by giving a `Harness` to `test_conformance.py`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from substrate.sources.source import Cursor, Page, Source

NOW = 1_700_000_000_000_000
PAGE = 7
"""Rows a page in the suite, so that a few records make many pages."""
Key = tuple[str, str]
State = dict[Key, dict[str, Any]]


class Harness(Protocol):
    """An origin that the suite can change, and the source that reads it."""

    holds_types: bool
    """False where values lose their types on the way, as in CSV."""

    def put(self, kind: str, key: str, **fields: Any) -> None:
        """Write a record."""

    def delete(self, kind: str, key: str) -> None:
        """Delete a record."""

    def publish(self) -> None:
        """Let the source see what was written (for origins that publish in batches)."""

    def state(self) -> State:
        """What is in the origin now, as the source's payloads would say it."""

    def source(self, page_rows: int) -> Source:
        """A new source on the origin, as after a restart."""

    def truncated(self) -> AbstractContextManager[None]:
        """While this is open, the source is given only a part of what there is."""


@dataclass
class Reader:
    """A stand-in for ingest: keeps what it is given by key, and the cursor of the last page."""

    harness: Harness
    records: State = field(default_factory=dict)
    cursor: Cursor | None = None
    pages: list[Page] = field(default_factory=list)

    def read(self, stop_after: int | None = None, between: Callable[[], None] | None = None) -> None:
        """Read to the end, or be killed after so many pages; the cursor goes through JSON as in the database."""
        pages = self.harness.source(PAGE).read(self.cursor, NOW)
        self.pages = []
        seen: set[Key] = set()
        for page in pages:
            self._apply(page, seen)
            if stop_after is not None and len(self.pages) >= stop_after:
                _close(pages)
                return
            if between is not None:
                between()

    def _apply(self, page: Page, seen: set[Key]) -> None:
        for row in page.rows:
            assert row.line >= 1
            assert row.fault is None, row
            if row.deleted_key is not None:
                self.records.pop((row.kind, row.deleted_key), None)
            elif row.payload is not None:
                key = row.kind, str(row.payload["id"])
                seen.add(key)
                if _version(row.payload) >= _version(self.records.get(key, {})):
                    self.records[key] = row.payload
        said = ((kind, row) for kind, rows in page.present.items() for row in rows)
        seen |= {(kind, row if isinstance(row, str) else str(row["id"])) for kind, row in said}
        gone = [key for key in self.records if key[0] in page.complete and key not in seen]
        for key in gone:
            del self.records[key]
        self.cursor = json.loads(json.dumps(page.cursor))
        self.pages.append(page)


def _version(payload: dict[str, Any]) -> int:
    meta = payload.get("meta")
    return int(meta.get("versionId", 0)) if isinstance(meta, dict) else 0


def _close(pages: Iterator[Page]) -> None:
    close = getattr(pages, "close", None)
    if close is not None:
        close()
