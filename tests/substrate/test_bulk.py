"""Many rows in one statement: what goes in comes out, on both ways into both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import BigInteger, Boolean, Column, Float, LargeBinary, MetaData, Table, Text, func, select
from sqlalchemy.exc import IntegrityError

from substrate.bulk import append, upsert
from substrate.database import Database

NAMES = ("id", "said", "raw", "yes", "share", "order")
thing = Table(
    "thing",
    MetaData(),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("said", Text),
    Column("raw", LargeBinary),
    Column("yes", Boolean),
    Column("share", Float),
    Column("order", BigInteger),  # a word of SQL
)
WEIRD = [
    "", " ", "\t", "\n", "\r\n", "\\", "\\N", "\\.", "\\t", "'", '"', "''; DROP TABLE thing; --", "%s", "%(id)s", "?",
    ":id", "{}", "NULL", "null", "ä", "\u2028", "\U0001f691", "e\u0301", "\x01\x7f\x85", "a" * 100_000, None,
]  # fmt: skip
OTHERS = [
    (None, None, None, None),
    (b"", False, 0.0, 0),
    (b"\x00\xff\\N\t\n", True, -1.5e308, (1 << 63) - 1),
    (b"\\x00", None, 5e-324, -(1 << 63)),
]


@pytest.fixture
def table(database: Database) -> Database:
    """A database with an empty table of all types."""
    with database.write() as connection:
        thing.create(connection)
    return database


def rows(count: int) -> list[tuple[Any, ...]]:
    """So many rows of odd values."""
    return [(number, WEIRD[number % len(WEIRD)], *OTHERS[number % len(OTHERS)]) for number in range(count)]


def stored(database: Database) -> list[tuple[Any, ...]]:
    with database.read() as connection:
        found = connection.execute(select(*(thing.c[name] for name in NAMES)).order_by(thing.c.id))
        return [tuple(row) for row in found]


@pytest.mark.parametrize("count", [0, 1, 63, 64, 5_000])
def test_what_goes_in_comes_out(table: Database, count: int) -> None:
    with table.write() as connection:
        assert append(connection, thing, NAMES, rows(count)) == count
    assert stored(table) == rows(count)


@pytest.mark.parametrize("count", [1, 63, 64, 5_000])
def test_what_is_there_is_overwritten_where_named(table: Database, count: int) -> None:
    with table.write() as connection:
        append(connection, thing, NAMES, rows(count))
        upsert(connection, thing, ("id", "order"), [(number, number) for number in range(count + 1)])
    expected = [(*row[:-1], row[0]) for row in rows(count)]
    assert stored(table) == [*expected, (count, None, None, None, None, count)]


@pytest.mark.parametrize("count", [2, 64])
def test_only_new_rows_are_added_and_counted(table: Database, count: int) -> None:
    with table.write() as connection:
        append(connection, thing, ("id", "said"), [(0, "first")])
        new = [(number, "second") for number in range(count)]
        assert append(connection, thing, ("id", "said"), new, new_only=True) == count - 1
        upsert(connection, thing, ("id",), [(number,) for number in range(count)])
        assert connection.execute(select(thing.c.said).where(thing.c.id == 0)).scalar() == "first"


@pytest.mark.parametrize("count", [2, 64])
def test_a_row_that_is_there_twice_adds_nothing(table: Database, count: int) -> None:
    with table.write() as connection:
        append(connection, thing, ("id",), [(0,)])
    with pytest.raises(IntegrityError), table.write() as connection:
        append(connection, thing, ("id",), [(number,) for number in reversed(range(count))])
    with table.read() as connection:
        assert connection.execute(select(func.count()).select_from(thing)).scalar() == 1


def test_several_batches_fit_into_one_transaction(table: Database) -> None:
    with table.write() as connection:
        for start in (0, 100, 200):
            append(connection, thing, ("id",), [(start + number,) for number in range(100)])
    assert len(stored(table)) == 300
