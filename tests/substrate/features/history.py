"""Writing a record's versions as ingest does, beside a plain list of the same versions for the oracle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from substrate.records import Record, content_columns, history_of, table_of

FOREVER = 1 << 62


@dataclass
class Version:
    """What was believed of one record, from `recorded_at` until `superseded_at`."""

    record: type[Record]
    id: int
    values: dict[str, Any]
    recorded_at: int
    superseded_at: int = FOREVER
    gone: bool = False


@dataclass
class History:
    """All versions ever written, in the database and in a list."""

    connection: Connection
    versions: list[Version] = field(default_factory=list)
    batch: int = 0

    def write(self, record: type[Record], key: int, values: dict[str, Any] | None, recorded_at: int) -> None:
        """Write a record, or with no values mark it gone; the version before is archived."""
        self.batch += 1
        before = self.newest(record, key)
        if before is not None:
            before.superseded_at = recorded_at
            self._archive(record, key, recorded_at)
        known = values if values is not None else (before.values if before else {})
        gone = values is None
        self.versions.append(Version(record, key, known, recorded_at, gone=gone))
        row = {name: known.get(name) for name in content_columns(record)} | {
            "id": key, "source": "test", "source_key": str(key), "recorded_at": recorded_at,
            "gone_at": recorded_at if gone else None, "content_hash": 0, "batch": self.batch,
        }  # fmt: skip
        self.connection.execute(insert(table_of(record)), row)

    def newest(self, record: type[Record], key: int) -> Version | None:
        """The version believed today."""
        found = (version for version in self.versions if version.record is record and version.id == key)
        return next((version for version in found if version.superseded_at == FOREVER), None)

    def _archive(self, record: type[Record], key: int, at: int) -> None:
        live, past = table_of(record), history_of(record)
        names = [column.name for column in live.columns]
        old = self.connection.execute(select(live).where(live.c.id == key)).one()
        row = dict(zip(names, old, strict=True)) | {"superseded_at": at, "superseded_batch": self.batch}
        self.connection.execute(insert(past), row)
        self.connection.execute(delete(live).where(live.c.id == key))
