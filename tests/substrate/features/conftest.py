"""A database with the house's tables, features and indexes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from substrate.database import Database
from tests.substrate.features.house import create


@pytest.fixture
def house(database: Database) -> Database:
    """An empty database with everything that the house declares."""
    create(database)
    return database


@pytest.fixture
def connection(house: Database) -> Iterator[Connection]:
    """A write transaction on the house that is rolled back."""
    with house.engine.connect() as opened, opened.begin() as transaction:
        yield opened
        transaction.rollback()
