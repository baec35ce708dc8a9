"""Columns that repeat what another record says: the ward around a bed, whichever of the two is read first.

After each batch the rows that it wrote look their value up, and the rows that refer to a record that it wrote follow
it, with a version of their own in the history. A mapper never sets such a column and the content hash does not cover
it, so the order in which a source gives its rows changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from sqlalchemy import BigInteger, ColumnElement, Connection, ScalarSelect, Table, func, literal, select, update

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
    for record in vertical.records:
        for name, meaning in inherited(record).items():
            _settle_column(connection, vertical, writer, stamp, (record, name, meaning))


@cache
def inherited(record: type[Record]) -> dict[str, Meaning]:
    """The inherited columns of a kind, by name."""
    return {name: meaning for name, meaning in meanings(record).items() if meaning.inherits}


def _settle_column(
    connection: Connection, vertical: Vertical, writer: Writer, stamp: Stamp, what: tuple[type[Record], str, Meaning]
) -> None:
    record, name, meaning = what
    via, column = meaning.inherits or ("", "")
    parent = vertical.record(meanings(record)[via].references or "")
    table = table_of(record)
    value = _looked_up(table, via, table_of(parent), column, meaning.own)
    if writer.written[record.kind]:
        fresh = (table.c.batch == stamp.batch, table.c[name].is_distinct_from(value))
        connection.execute(update(table).where(*fresh).values({name: value}))
    for _ in range(_DEEPEST):
        moved = _followers(connection, table, table_of(parent), (via, name), value, stamp)
        if not moved:
            return
        _follow(connection, writer, record, moved, {name: value}, stamp)
        if parent is not record:
            return


def _looked_up(table: Table, via: str, parent: Table, column: str, own: str | None) -> ColumnElement[int]:
    other = parent.alias("parent")
    found: ScalarSelect[int] = select(other.c[column]).where(other.c.id == table.c[via]).scalar_subquery()
    return found if own is None else func.coalesce(table.c[own], found, type_=BigInteger)


def _followers(
    connection: Connection,
    table: Table,
    parent: Table,
    names: tuple[str, str],
    value: ColumnElement[int],
    stamp: Stamp,
) -> list[int]:
    via, name = names
    other = parent.alias("moved")
    written = select(other.c.id).where(other.c.batch == stamp.batch)
    where = (table.c[via].in_(written), table.c[name].is_distinct_from(value))
    return list(connection.scalars(select(table.c.id).where(*where)))


def _follow(
    connection: Connection,
    writer: Writer,
    record: type[Record],
    ids: Iterable[int],
    values: dict[str, ColumnElement[int]],
    stamp: Stamp,
) -> None:
    table, moved = table_of(record), list(ids)
    ours = select(table.c.id).where(among(table.c.id, moved), table.c.batch != stamp.batch)
    writer.archive(record, list(connection.scalars(ours)))
    stamped = {"batch": literal(stamp.batch), "recorded_at": literal(stamp.recorded_at)}
    connection.execute(update(table).where(among(table.c.id, moved)).values({**values, **stamped}))
