"""What was true at T, as known at K: one statement for every read that looks back.

A live table holds each record's newest version; a superseded version is appended to the history table with the time
until which it was believed. So a read as known at K is the live rows learnt by then, and the versions since replaced.
A read as true at T sees no record that begins later, and sees a value that became known later as it was before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    Table,
    and_,
    case,
    literal,
    select,
    union_all,
)
from sqlalchemy.sql.elements import KeyedColumnElement

from substrate.columns import meaning_of
from substrate.records import Record, history_of, table_of

Moment = int | ColumnElement[int]
Filter = Callable[[FromClause], Iterable[ColumnElement[bool]]]


def snapshot(
    record: type[Record],
    at: Moment,
    known: Moment | None = None,
    *,
    columns: Iterable[str] | None = None,
    where: Filter = lambda _table: (),
    name: str | None = None,
) -> Subquery:
    """The records of a kind, as they were.

    Args:
        record: the kind.
        at: the instant that the answer is true for, or a column of instants (of a table the caller joins laterally).
        known: the instant up to which we had learned; None: all that is known today.
        columns: the columns wanted; None: all.
        where: makes further conditions on the stored columns of the table it is given (live, then history).
        name: the subquery's name.
    """
    live = table_of(record)
    wanted = list(columns) if columns is not None else [declared.name for declared in live.columns]
    current = _version(record, live, at, wanted).where(*where(live))
    if known is None:
        return current.subquery(name)
    history = history_of(record)
    believed = and_(history.c.recorded_at <= known, history.c.superseded_at > known)
    past = _version(record, history, at, wanted).where(believed, *where(history))
    return union_all(current.where(live.c.recorded_at <= known), past).subquery(name)


def visible(record: type[Record], table: FromClause, at: Moment) -> ColumnElement[bool]:
    """Whether a version's record exists at `at`: not gone, and begun."""
    present = table.c.gone_at.is_(None)
    return and_(present, table.c[record.occurs] <= at) if record.occurs else present


def masked(record: type[Record], table: FromClause, name: str, at: Moment) -> KeyedColumnElement[Any]:
    """A column as it was at `at`: its value once known, what it was before until then.

    `table` holds versions of the record: its live or history table, an alias or a subquery of one.
    """
    declared = table.c[name]
    meaning = meaning_of(table_of(record).c[name])
    if meaning.known_at is None:
        return declared
    before = literal(meaning.before, declared.type)
    return case((table.c[meaning.known_at] <= at, declared), else_=before).label(name)


def _version(record: type[Record], table: Table, at: Moment, columns: list[str]) -> Select[Any]:
    return select(*(masked(record, table, name, at) for name in columns)).where(visible(record, table, at))
