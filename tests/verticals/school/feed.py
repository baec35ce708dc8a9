"""A feed of a few rows, made by hand, that a test sends through the whole ingest."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import orjson

from substrate.clock import isoformat, parse_instant
from substrate.database import Database
from substrate.ingest import IngestReport, ingest
from substrate.sources.source import Cursor, Page, Row
from tests.verticals.school.rows import SOURCE, row
from verticals.school import vertical

__all__ = ["NOW", "SOURCE", "Feed", "at"]

NOW = parse_instant("2026-03-02T10:00:00Z")


def at(instant: int) -> str:
    """An instant as files write it."""
    return isoformat(instant)


class Feed:
    """A source that gives the rows that were added to it, once."""

    name = SOURCE
    completes = False
    kinds = None

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._lines = count(2)

    def add(self, resource: str, **changes: Any) -> None:
        """A sound row with some cells set; cells called like Python's words end in `_`."""
        made = row(resource, **{name.removesuffix("_"): value for name, value in changes.items()})
        self._rows.append(Row(resource, f"{resource}.csv", next(self._lines), orjson.dumps(made), made))

    def mark(self, student: str, day: str, code: str, **changes: Any) -> None:
        """A mark for a day, made at nine."""
        self.add("attendance", student=student, date=day, code=code, **{"marked_at": f"{day}T09:00:00Z", **changes})

    def send(self, database: Database, now: int = NOW) -> IngestReport:
        """Ingest the rows."""
        return ingest(database, vertical, self, now)

    def estimate(self, cursor: Cursor | None) -> int | None:
        """How many rows there are."""
        return len(self._rows)

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        """All rows on one page."""
        yield Page(tuple(self._rows), {"read": len(self._rows)}, ended=True)
