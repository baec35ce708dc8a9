"""The small world and the post office, once for each database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import delete

from substrate.database import Database, open_database
from substrate.schema import SYSTEM
from tests.automations.post import Office
from tests.automations.world import World


@pytest.fixture
def world(database: Database) -> World:
    """An empty world."""
    return World(database)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def post_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database that the tests of one module share, since each further one costs PostgreSQL a second."""
    opened = open_database(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))
    SYSTEM.create_all(opened.engine)
    yield opened
    SYSTEM.drop_all(opened.engine)
    opened.close()


@pytest.fixture
def office(post_database: Database) -> Office:
    """A post office without a message."""
    with post_database.write() as connection:
        for table in SYSTEM.sorted_tables:
            connection.execute(delete(table))
    return Office(post_database)
