"""The small world, once for each database."""

from __future__ import annotations

import pytest

from substrate.database import Database
from tests.automations.world import World


@pytest.fixture
def world(database: Database) -> World:
    """An empty world."""
    return World(database)
