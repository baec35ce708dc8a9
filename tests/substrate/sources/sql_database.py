"""A SQL database as an origin of the conformance suite: two tables that tell of changes and deletions in some way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import JSON, Column, DateTime, Integer, MetaData, String, Table, create_engine, delete, insert
from sqlalchemy.types import TypeEngine

from substrate.relations import Deleted, TableOptions
from substrate.sources.sql.options import SqlOptions
from substrate.sources.sql.source import SqlSource
from tests.substrate.sources.conformance import State

Tells = Literal["time", "version", "nothing"]
Drops = Literal["sweep", "tombstone"]

_KINDS = ("Patient", "Encounter")
_START = datetime.now(UTC).replace(microsecond=0, tzinfo=None) - timedelta(hours=1)


class SqlHarness:
    """A database whose rows are stamped by a clock that moves on with every fifth write."""

    holds_types = True

    def __init__(self, stack: ExitStack, url: str, tells: Tells = "time", drops: Drops = "sweep") -> None:
        self.url, self.tells, self.drops, self.stack = url, tells, drops, stack
        self.engine = create_engine(url)
        stack.callback(self.engine.dispose)
        self.records: State = {}
        self.writes = 0
        stamp: TypeEngine[Any] = Integer() if tells == "version" else DateTime()
        metadata = MetaData()
        self.tables = {kind: _table(kind, stamp, metadata) for kind in _KINDS}
        self.graves = {kind: Table(f"{kind}_deleted", metadata, _key(), Column("at", stamp)) for kind in _KINDS}
        metadata.create_all(self.engine)

    def put(self, kind: str, key: str, **fields: Any) -> None:
        self.records[kind, key] = {"id": key, "body": self._told(fields)}
        with self.engine.begin() as connection:
            connection.execute(delete(self.tables[kind]).where(self.tables[kind].c.id == key))
            row = {"id": key, "body": fields, "changed": self._stamp()}
            connection.execute(insert(self.tables[kind]).values(row))

    def delete(self, kind: str, key: str) -> None:
        del self.records[kind, key]
        table = self.tables[kind]
        with self.engine.begin() as connection:
            connection.execute(delete(table).where(table.c.id == key))
            connection.execute(insert(self.graves[kind]).values(id=key, at=self._stamp()))

    def publish(self) -> None:
        pass

    def state(self) -> State:
        return dict(self.records)

    def source(self, page_rows: int) -> SqlSource:
        tables = {kind: self._options(kind) for kind in _KINDS}
        options = SqlOptions(
            url=self.url, tables=tables, page_rows=page_rows, overlap_seconds=0, overlap_versions=0, sweep_every=1
        )
        return self.stack.enter_context(SqlSource("sql", options))

    @contextmanager
    def truncated(self) -> Iterator[None]:
        """Somebody empties the tables to fill them anew."""
        with self.engine.begin() as connection:
            kept = {kind: connection.execute(table.select()).mappings().all() for kind, table in self.tables.items()}
            for table in self.tables.values():
                connection.execute(delete(table))
        yield
        with self.engine.begin() as connection:
            for kind, rows in kept.items():
                connection.execute(insert(self.tables[kind]), [dict(row) for row in rows])

    def _options(self, kind: str) -> TableOptions:
        deleted = Deleted(table=f"{kind}_deleted", changed=("at",)) if self.drops == "tombstone" else None
        changed = () if self.tells == "nothing" else ("changed",)
        return TableOptions(table=kind, key=("id",), columns=("id", "body"), changed=changed, deleted=deleted)

    def _stamp(self) -> Any:
        self.writes += 1
        tick = self.writes // 5
        return tick if self.tells == "version" else _START + timedelta(seconds=tick)

    def _told(self, fields: dict[str, Any]) -> Any:
        """The body as the driver gives it: PostgreSQL knows JSON, the others hold its text."""
        return fields if self.engine.dialect.name == "postgresql" else json.dumps(fields)


def _key() -> Column[str]:
    return Column("id", String(80), primary_key=True)


def _table(kind: str, stamp: TypeEngine[Any], metadata: MetaData) -> Table:
    return Table(kind, metadata, _key(), Column("body", JSON), Column("changed", stamp))
