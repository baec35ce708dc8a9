"""A feed of a few rows in our own words, made by hand, that a test sends through the whole ingest."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import orjson

from substrate.clock import isoformat, parse_instant
from substrate.database import Database
from substrate.facts import Facts
from substrate.ingest import IngestReport, ingest
from substrate.records import record_id
from substrate.sources.source import Cursor, Page, Row
from verticals.logistics import vertical

NOW = parse_instant("2026-03-02T10:00:00Z")
SOURCE = "erp"
FACTS = Facts(vertical.records, vertical.views)


def at(instant: int) -> str:
    """An instant as ISO 8601."""
    return isoformat(instant)


class Feed:
    """A source that gives the rows that were added to it, once."""

    name = SOURCE
    completes = False
    kinds = None

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._lines = count(1)

    def add(self, kind: str, **cells: Any) -> None:
        """A row; an int in a cell of time is written as ISO 8601."""
        made = {name: at(cell) if type(cell) is int and cell > 10**12 else cell for name, cell in cells.items()}
        self._rows.append(Row(kind, f"{kind}.ndjson", next(self._lines), orjson.dumps(made), made))

    def send(self, database: Database, now: int = NOW) -> IngestReport:
        """Ingest the rows."""
        return ingest(database, vertical, self, now)

    def estimate(self, cursor: Cursor | None) -> int | None:
        """How many rows there are."""
        return len(self._rows)

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        """All rows on one page."""
        yield Page(tuple(self._rows), {"read": len(self._rows)}, ended=True)


def seen(database: Database, kind: str, key: str, *paths: str, when: int = NOW) -> dict[str, Any]:
    """Columns and features of one record, computed as of `when`."""
    number = record_id(SOURCE, kind, key)
    with database.read() as connection:
        found = FACTS.at(connection, kind, number, [tuple(path.split(".")) for path in paths], when)
    return {".".join(path): value for path, value in found.items()}
