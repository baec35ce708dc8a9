"""The tables that series live in: a row for each group and bucket in which something happened.

They are derived from the declaration, created by `schema.reconcile`, and can be rebuilt from the records.
"""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from typing import Any

from sqlalchemy import BigInteger, Column, Double, Index, MetaData, Table, Text
from sqlalchemy.types import TypeEngine

from substrate.features.indexes import event_indexes
from substrate.features.tables import LIVE, essence
from substrate.freshness import series_name
from substrate.series.checked import checked, grid_of, group_kind, keep_of
from substrate.series.declare import Series

HOUSE = 0
"""The key of the only group of a series about the whole house."""


@cache
def series_table(series: Series, timeline: str = LIVE) -> Table:
    """The table of a series: `group_id`, the `bucket`'s start, the `value`, how many `events`, and `as_of` when.

    A bucket without events has no row.
    """
    return Table(
        f"series_{series.name}" if timeline == LIVE else f"series_{series.name}__{timeline}",
        MetaData(),
        *key_columns(series),
        Column("value", Double),
        Column("events", BigInteger, nullable=False),
        Column("as_of", BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )


def key_columns(series: Series) -> list[Column[Any]]:
    """The primary key of a point: its group, and the start of its bucket."""
    return [
        Column("group_id", group_type(series), primary_key=True, autoincrement=False),
        Column("bucket", BigInteger, primary_key=True, autoincrement=False),
    ]


def group_type(series: Series) -> TypeEngine[Any]:
    """How a group's key is stored: an id, or a text."""
    return Text() if series.by and group_kind(series) is None else BigInteger()


def indexes_for(series: Series) -> list[Index]:
    """The indexes on the records that refreshing a series rests on. Asking again adds nothing."""
    return event_indexes(checked(series))


def state_name(series: Series) -> str:
    """The name under which the state of a series is kept, beside those of the views."""
    return series_name(series.name)


@cache
def digest_of(series: Series) -> str:
    """A digest of everything that the stored points depend on."""
    parts = [essence(checked(series)), grid_of(series), keep_of(series)]
    return blake2b(repr(parts).encode(), digest_size=16).hexdigest()
