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
from tests.verticals.hospital.fhir_rows import SOURCE, row
from verticals.hospital import vertical

__all__ = ["NOW", "SOURCE", "Feed", "at"]

NOW = parse_instant("2026-03-02T10:00:00Z")
_EXTENDED = {"scheduled": "valueDateTime", "billed": "valueBoolean"}


def at(instant: int) -> str:
    """An instant as FHIR writes it."""
    return isoformat(instant)


class Feed:
    """A source that gives the rows that were added to it, once."""

    name = SOURCE
    completes = False
    kinds = None

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._lines = count(1)

    def add(self, resource: str, **changes: Any) -> None:
        """A sound row with some fields set; `scheduled` and `billed` become extensions."""
        extended = [
            {"url": f"https://his.example/{name}", key: at(value) if key == "valueDateTime" else value}
            for name, key in _EXTENDED.items()
            if (value := changes.pop(name, None)) is not None
        ]
        made = row(resource, **changes, extension=extended or None)
        self._rows.append(Row(resource, f"{resource}.ndjson", next(self._lines), orjson.dumps(made), made))

    def send(self, database: Database, now: int = NOW) -> IngestReport:
        """Ingest the rows."""
        return ingest(database, vertical, self, now)

    def estimate(self, cursor: Cursor | None) -> int | None:
        """How many rows there are."""
        return len(self._rows)

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        """All rows on one page."""
        yield Page(tuple(self._rows), {"read": len(self._rows)}, ended=True)
