"""A vertical of one kind for the MIMIC demo's event table, and a source that reads its Parquet file in batches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar

import pyarrow.parquet as pq

from substrate.catalog import Vertical
from substrate.clock import to_micros
from substrate.columns import Sensitivity, column, instant
from substrate.mapping import Draft, Mapper, Reader
from substrate.quality import Reason, RowRefused
from substrate.records import Record
from substrate.sources.ignored import Ignored
from substrate.sources.source import PAGE_ROWS, Cursor, Page, Row


class Happening(Record, table=True):
    """Something that happened to somebody in the hospital."""

    __tablename__ = "mimic_happening"
    kind: ClassVar[str] = "happening"
    occurs: ClassVar[str | None] = "at"

    subject: int | None = column("Whom it happened to", Sensitivity.PHI, default=None)
    at: int | None = instant("When", default=None)
    code: str | None = column("What", Sensitivity.PHI, default=None)
    value: float | None = column("How much", Sensitivity.PHI, default=None)


def read_happening(payload: dict[str, Any], _reader: Reader) -> Draft:
    """One event. The data has no ids: what is the same in every word is the same event."""
    if payload["time"] is None:
        raise RowRefused(Reason.MISSING_VALUE, "time is missing")
    value = payload["value"]
    words = f"{payload['subject_id']}\x1f{payload['time']}\x1f{payload['code']}\x1f{payload['table']}\x1f{value!r}"
    key = blake2b(words.encode(), digest_size=12).hexdigest()
    values = {"subject": payload["subject_id"], "at": payload["time"], "code": payload["code"], "value": value}
    return Draft(Happening, key, values)


MIMIC = Vertical(
    name="mimic",
    title="MIMIC demo",
    records=(Happening,),
    mappers=(Mapper("Happening", Happening, read_happening),),
    rules=files("tests"),
    templates=files("tests"),
)


class ParquetSource:
    """Reads one Parquet file, a page of rows at a time; its cursor is how many rows were read."""

    name = "mimic"
    completes = False
    kinds = None

    def __init__(self, path: Path) -> None:
        self._path = path
        self.ignored: list[Ignored] = []

    def estimate(self, cursor: Cursor | None) -> int | None:
        """All rows of the file, whatever the cursor."""
        return int(pq.ParquetFile(self._path).metadata.num_rows)

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        """The rows after those that the cursor counts."""
        done, seen = (cursor or {}).get("rows", 0), 0
        for batch in pq.ParquetFile(self._path).iter_batches(PAGE_ROWS):
            rows = batch.to_pylist()
            seen += len(rows)
            if seen > done:
                fresh = rows[max(len(rows) - (seen - done), 0) :]
                yield Page(tuple(self._rows(fresh, seen - len(fresh))), {"rows": seen})
        yield Page((), {"rows": seen}, ended=True)

    def _rows(self, rows: list[dict[str, Any]], before: int) -> Iterator[Row]:
        for line, row in enumerate(rows, start=before + 1):
            moment = row["time"]
            payload = {**row, "time": None if moment is None else to_micros(moment.replace(tzinfo=UTC))}
            yield Row("Happening", self._path.name, line, repr(row).encode(), payload)
