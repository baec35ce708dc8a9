"""A database with the house's tables, features and indexes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from substrate.batches import counter
from substrate.database import Database
from substrate.features.indexes import indexes_for
from substrate.features.tables import feature_state, tables_of
from substrate.records import history_of, table_of
from substrate.schema import reconcile
from tests.substrate.features.house import RECORDS, VIEWS

TIMELINES = ("live", "full", "one")


@pytest.fixture
def house(database: Database) -> Database:
    """An empty database with everything that the house declares."""
    for view in VIEWS:
        indexes_for(view)
    tables = [table for record in RECORDS for table in (table_of(record), history_of(record))]
    tables += [table for view in VIEWS for timeline in TIMELINES for table in tables_of(view, timeline)]
    with database.write() as connection:
        reconcile(connection, [feature_state, counter, *tables])
    return database


@pytest.fixture
def connection(house: Database) -> Iterator[Connection]:
    """A write transaction on the house that is rolled back."""
    with house.engine.connect() as opened, opened.begin() as transaction:
        yield opened
        transaction.rollback()
