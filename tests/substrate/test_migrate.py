"""A database reaches today's shape from nothing and from every earlier head, and keeps its rows on the way."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Integer, MetaData, String, Table, inspect, text

import automations
import rag
import substrate
from substrate.database import Database
from substrate.errors import DatabaseError
from substrate.migrate import head, is_current, revision, upgrade
from substrate.schema import SYSTEM, reconcile
from tests.substrate.clinic import CLINIC

STEPS = ["0001", "0002", "0003", "0004", "0005", "0006", "0007"]


def test_from_empty_to_head(database: Database) -> None:
    assert upgrade(database, [CLINIC])[0] == f"migrated from empty to {head()}"
    assert is_current(database)


def test_a_second_time_changes_nothing(database: Database) -> None:
    upgrade(database, [CLINIC])
    assert upgrade(database, [CLINIC]) == []


@pytest.mark.parametrize("step", STEPS)
def test_from_every_earlier_head(database: Database, step: str) -> None:
    upgrade(database, [], to=step)
    with database.write() as connection:
        connection.execute(text("INSERT INTO ingest_counter VALUES (1, 7, 8)"))
    upgrade(database, [CLINIC])
    with database.read() as connection:
        assert revision(connection) == head()
        assert connection.execute(text("SELECT batch FROM ingest_counter")).scalar() == 7


def test_an_index_from_before_languages_were_declared_is_in_english(database: Database) -> None:
    upgrade(database, [], to="0007")
    made = "INSERT INTO rag_generation (copilot, token, recipe, embedder, dimensions, state, why, made_at)"
    with database.write() as connection:
        connection.execute(text(f"{made} VALUES ('guide', 't', 'r', 'e', 8, 'ready', 'first', 1)"))
    upgrade(database, [CLINIC])
    with database.read() as connection:
        assert connection.execute(text("SELECT language FROM rag_generation")).scalar() == "english"


def test_the_migrations_end_in_the_declared_tables(database: Database) -> None:
    for room in (substrate, rag, automations):
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if ".migrations." not in module.name:
                import_module(module.name)
    upgrade(database, [])
    with database.read() as connection:
        found = compare_metadata(MigrationContext.configure(connection), SYSTEM)
    assert found == []


def test_a_newer_database_is_refused(database: Database) -> None:
    upgrade(database, [])
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match="migration 9999"):
        upgrade(database, [])


def test_reconciling_adds_what_a_new_declaration_has(database: Database) -> None:
    first = Table("thing", MetaData(), Column("id", Integer, primary_key=True))
    second = Table("thing", MetaData(), Column("id", Integer, primary_key=True), Column("name", String, index=True))
    with database.write() as connection:
        assert reconcile(connection, [first]) == ["created table thing"]
        assert reconcile(connection, [second]) == ["added column thing.name", "added index ix_thing_name"]
        assert reconcile(connection, [first, second]) == []


def test_reconciling_never_drops(database: Database) -> None:
    wide = Table("thing", MetaData(), Column("id", Integer, primary_key=True), Column("name", String))
    narrow = Table("thing", MetaData(), Column("id", Integer, primary_key=True))
    with database.write() as connection:
        reconcile(connection, [wide])
        reconcile(connection, [narrow])
        assert [column["name"] for column in inspect(connection).get_columns("thing")] == ["id", "name"]
