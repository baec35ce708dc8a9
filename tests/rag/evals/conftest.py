"""What the tests of evals share."""

from __future__ import annotations

import pytest

from substrate.database import Database
from substrate.migrate import upgrade


@pytest.fixture
def house(database: Database) -> Database:
    """A database with Plumbline's own tables, once for each kind."""
    upgrade(database, [])
    return database
