"""A set of ids as one parameter, and still looked up by index."""

from __future__ import annotations

from sqlalchemy import Connection, select, text
from sqlalchemy.dialects import sqlite

from substrate.database import Database
from substrate.idset import among
from substrate.records import table_of
from tests.substrate.clinic import Doctor


def _add(connection: Connection, *ids: int) -> None:
    row = "INSERT INTO clinic_doctor (id, source, source_key, recorded_at, content_hash, batch)"
    for key in ids:
        connection.execute(text(f"{row} VALUES (:id, 's', 'k', 0, 0, 0)"), {"id": key})


def test_the_rows_of_the_ids_are_found(clinic: Database) -> None:
    table = table_of(Doctor)
    with clinic.write() as connection:
        _add(connection, 1, 2, 1 << 62)
        found = connection.execute(select(table.c.id).where(among(table.c.id, [2, 1 << 62, 7]))).scalars().all()
    assert sorted(found) == [2, 1 << 62]


def test_no_ids_find_nothing(clinic: Database) -> None:
    table = table_of(Doctor)
    with clinic.read() as connection:
        assert connection.execute(select(table.c.id).where(among(table.c.id, []))).all() == []


def test_the_condition_stands_bare_so_that_sqlite_can_use_an_index() -> None:
    table = table_of(Doctor)
    statement = select(table.c.id).where(among(table.c.id, [1]), table.c.site.is_(None))
    assert "= 1" not in str(statement.compile(dialect=sqlite.dialect()))


def test_fifty_thousand_ids_are_one_parameter(clinic: Database) -> None:
    table = table_of(Doctor)
    statement = select(table.c.id).where(among(table.c.id, range(50_000)))
    with clinic.write() as connection:
        _add(connection, 49_999, 50_000)
        assert list(connection.scalars(statement)) == [49_999]
    assert len(statement.compile(clinic.engine).params) == 1
