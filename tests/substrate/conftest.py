"""A migrated database for tests of the ground."""

from __future__ import annotations

import pytest

from substrate.database import Database
from substrate.migrate import upgrade
from tests.substrate.clinic import CLINIC


@pytest.fixture
def clinic(database: Database) -> Database:
    """An empty, migrated database with the clinic's tables."""
    upgrade(database, [CLINIC])
    return database
