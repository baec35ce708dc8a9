"""Writing computed features: staged, compared with what is stored, and written only where they differ.

Everything happens inside the database; no row passes through Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Select,
    Table,
    delete,
    exists,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite

from substrate.database import BigKey
from substrate.features.declare import View
from substrate.features.events import Ids, listed
from substrate.features.tables import feature_history, feature_table

# What a statement's named parameters stand for.
Given = Mapping[str, Any]


class Store:
    """The stored features of one view on one timeline, within one write transaction.

    Args:
        connection: the transaction.
        view: the view.
        timeline: which copy of its tables.
        at: the instant that the values written are true for.
        overwrite: rows that are true for a later instant are overwritten too; else they are left as they are, since
            the live path computed them while this refresh was under way.
    """

    def __init__(self, connection: Connection, view: View, timeline: str, at: int, *, overwrite: bool = False) -> None:
        self.connection = connection
        self.timeline = timeline
        self.rows = feature_table(view, timeline)
        self._history = feature_history(view, timeline)
        self._names = [column.name for column in self.rows.columns if column.name not in ("id", "as_of")]
        self._at = literal(at, BigInteger)
        self._overwrite = overwrite

    def is_empty(self, ids: Ids = None) -> bool:
        """Whether no entity has a row yet, of all or of some."""
        chosen = select(self.rows.c.id).where(*listed(self.rows.c.id, ids)).limit(1)
        return self.connection.execute(chosen).first() is None

    def count(self) -> int:
        """How many entities have a row."""
        return self.connection.execute(select(func.count()).select_from(self.rows)).scalar_one()

    def fill(self, computed: Select[Any], given: Given, ids: Ids = None) -> int:
        """Write the rows of a view, or of some of its entities, that has none yet, and return how many there are."""
        found = computed.subquery()
        values = select(found.c.id, *(found.c[name] for name in self._names), self._at)
        self.connection.execute(insert(self.rows).from_select(["id", *self._names, "as_of"], values), given)
        copied = select(self.rows.c.id, *(self.rows.c[name] for name in self._names), self.rows.c.as_of, false())
        return self._append(copied.where(*listed(self.rows.c.id, ids)))

    def replace(
        self, computed: Select[Any], given: Given, ids: Ids = None, asked: int | None = None
    ) -> tuple[int, int]:
        """Make the stored rows what was computed.

        Args:
            computed: `id` and the features.
            given: the statement's parameters.
            ids: the entities that were asked for; a stored row among them that was not found is removed. None: all.
            asked: how many those are, where that is known; if as many were found, none is to be removed.

        Returns:
            How many entities were computed or removed, and for how many something changed.
        """
        with staged(self.connection, _staging(self.rows), computed, given) as found:
            count = self.connection.execute(select(func.count()).select_from(found)).scalar_one()
            gone = 0 if count == asked else self._remove(found, ids)
            changed = self._write(found)
        return count + gone, changed + gone

    def _remove(self, found: Table, ids: Ids) -> int:
        lost = [~exists().where(found.c.id == self.rows.c.id), *listed(self.rows.c.id, ids)]
        if not self._overwrite:
            lost.append(self.rows.c.as_of <= self._at)
        values = [self.rows.c[name] for name in self._names]
        gone = self._append(select(self.rows.c.id, *values, self._at, true()).where(*lost))
        if gone:
            self.connection.execute(delete(self.rows).where(*lost))
        return gone

    def _write(self, found: Table) -> int:
        values = [found.c[name] for name in self._names]
        joined = found.outerjoin(self.rows, self.rows.c.id == found.c.id)
        allowed = self._differs(found)
        changed = select(found.c.id, *values, self._at, false()).select_from(joined).where(*allowed)
        count = self._append(changed)
        if not (self._overwrite or count):
            return 0
        written = select(found.c.id, *values, self._at).select_from(joined)
        written = written.where(true()) if self._overwrite else written.where(*allowed)
        self._upsert(written)
        return count

    def _differs(self, found: Table) -> list[ColumnElement[bool]]:
        pairs = [found.c[name].is_distinct_from(self.rows.c[name]) for name in self._names]
        differs = [or_(self.rows.c.id.is_(None), *pairs)]
        return differs if self._overwrite else [*differs, func.coalesce(self.rows.c.as_of, self._at) <= self._at]

    def _upsert(self, values: Select[Any]) -> None:
        dialect: Any = postgresql if self.connection.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(self.rows).from_select(["id", *self._names, "as_of"], values)
        given = {name: statement.excluded[name] for name in (*self._names, "as_of")}
        guard = None if self._overwrite else self.rows.c.as_of <= self._at
        self.connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=given, where=guard))

    def _append(self, values: Select[Any]) -> int:
        statement = insert(self._history).from_select(["id", *self._names, "as_of", "gone"], values)
        return self.connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount


@contextmanager
def staged(connection: Connection, table: Table, values: Select[Any], given: Given) -> Iterator[Table]:
    """The rows of a statement in a temporary table of this connection, dropped when the block ends."""
    table.create(connection)
    names = [column.name for column in table.columns]
    connection.execute(insert(table).from_select(names, values), given)
    if connection.dialect.name == "postgresql":
        # Without statistics the planner takes any temporary table for a large one.
        connection.exec_driver_sql(f"ANALYZE {table.name}")
    yield table
    # No `finally`: where the block failed, the transaction is rolled back and the table with it.
    table.drop(connection)


def temporary(name: str, *values: Column[Any]) -> Table:
    """A temporary table of ids and values; made once, since a statement is compiled anew for each new table."""
    key = Column("id", BigKey, primary_key=True, autoincrement=False)
    return Table(name, MetaData(), key, *values, prefixes=["TEMPORARY"])


@cache
def _staging(rows: Table) -> Table:
    values = [column for column in rows.columns if column.name not in ("id", "as_of")]
    return temporary("plumbline_features", *(Column(column.name, column.type) for column in values))
