"""A database with the series' tables and indexes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from substrate.database import Database
from tests.substrate.series.house import create


@pytest.fixture
def house(database: Database) -> Database:
    """An empty database with everything that the series need."""
    create(database)
    return database


@pytest.fixture
def connection(house: Database) -> Iterator[Connection]:
    """A write transaction on the house that is rolled back."""
    with house.engine.connect() as opened, opened.begin() as transaction:
        yield opened
        transaction.rollback()
