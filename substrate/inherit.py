"""Columns that repeat what another record says: the ward around a bed, whichever of the two is read first.

After each batch the rows that it wrote look their value up, and the rows that refer to a record that it wrote follow
it, with a version of their own in the history. A mapper never sets such a column and the content hash does not cover
it, so the order in which a source gives its rows changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    Update,
    bindparam,
    func,
    literal,
    select,
    update,
)

from substrate.batches import Stamp
from substrate.catalog import Vertical
from substrate.columns import Meaning
from substrate.idset import among
from substrate.records import Record, meanings, table_of
from substrate.upsert import Writer

_DEEPEST = 8
"""A bed in a room in a ward on a floor …: chains deeper than this end where they are."""


def settle(connection: Connection, vertical: Vertical, writer: Writer, stamp: Stamp) -> None:
    """Bring the inherited columns in line with what a batch wrote.

    Args:
        connection: the transaction of the batch.
        vertical: whose records they are; parents stand before children in its list.
        writer: wrote the batch, and keeps replaced versions.
        stamp: the batch.
    """
    written = {kind for kind, count in writer.written.items() if count}
    for column in _columns(vertical.records):
        if _settle_column(connection, writer, stamp, column, written):
            written.add(column.record.kind)


@dataclass(frozen=True, slots=True)
class _Column:
    """An inherited column, and the kind of record that it repeats."""

    record: type[Record]
    name: str
    parent: type[Record]


@cache
def _columns(records: tuple[type[Record], ...]) -> tuple[_Column, ...]:
    """All inherited columns of a vertical, in the order of its records."""
    kinds = {record.kind: record for record in records}
    return tuple(
        _Column(record, name, kinds[meanings(record)[meaning.inherits[0]].references or ""])
        for record in records
        for name, meaning in inherited(record).items()
        if meaning.inherits
    )


@cache
def inherited(record: type[Record]) -> dict[str, Meaning]:
    """The inherited columns of a kind, by name."""
    return {name: meaning for name, meaning in meanings(record).items() if meaning.inherits}


def _settle_column(
    connection: Connection, writer: Writer, stamp: Stamp, column: _Column, written: Collection[str]
) -> bool:
    """Settle one column; whether rows followed a record that they refer to.

    Nothing can follow where no record of the parent's kind was written: most batches of pushed events end here.
    """
    followed = False
    if writer.written[column.record.kind]:
        connection.execute(_own(column), {"batch_of_it": stamp.batch})
    if column.parent.kind not in written:
        return followed
    for _ in range(_DEEPEST):
        moved = list(connection.scalars(_followers(column), {"batch_of_it": stamp.batch}))
        if not moved:
            break
        _follow(connection, writer, column, moved, stamp)
        followed = True
        if column.parent is not column.record:
            break
    return followed


@cache
def _own(column: _Column) -> Update:
    """Lets the rows that a batch wrote look their value up; made once, as all that does not depend on a batch."""
    table, value = table_of(column.record), _looked_up(column)
    fresh = (table.c.batch == _BATCH, table.c[column.name].is_distinct_from(value))
    return update(table).where(*fresh).values({column.name: value})


@cache
def _followers(column: _Column) -> Select[tuple[int]]:
    """The rows that refer to a record that a batch wrote, and repeat another value than it has."""
    table, other = table_of(column.record), table_of(column.parent).alias("moved")
    via, _ = _inherits(column)
    written = select(other.c.id).where(other.c.batch == _BATCH)
    where = (table.c[via].in_(written), table.c[column.name].is_distinct_from(_looked_up(column)))
    return select(table.c.id).where(*where)


@cache
def _looked_up(column: _Column) -> ColumnElement[int]:
    table, other = table_of(column.record), table_of(column.parent).alias("parent")
    via, name = _inherits(column)
    found: ScalarSelect[int] = select(other.c[name]).where(other.c.id == table.c[via]).scalar_subquery()
    own = inherited(column.record)[column.name].own
    return found if own is None else func.coalesce(table.c[own], found, type_=BigInteger)


def _inherits(column: _Column) -> tuple[str, str]:
    """The reference, and the column of the record that it leads to."""
    return inherited(column.record)[column.name].inherits or ("", "")


def _follow(connection: Connection, writer: Writer, column: _Column, moved: list[int], stamp: Stamp) -> None:
    table = table_of(column.record)
    ours = select(table.c.id).where(among(table.c.id, moved), table.c.batch != stamp.batch)
    writer.archive(column.record, list(connection.scalars(ours)))
    stamped = {"batch": literal(stamp.batch), "recorded_at": literal(stamp.recorded_at)}
    values = {column.name: _looked_up(column), **stamped}
    connection.execute(update(table).where(among(table.c.id, moved)).values(values))


_BATCH = bindparam("batch_of_it", type_=BigInteger())
