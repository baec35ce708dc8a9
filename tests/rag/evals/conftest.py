"""What the tests of evals share."""

from __future__ import annotations

import pytest

from substrate.database import Database


@pytest.fixture
def house(ledger: Database) -> Database:
    """A database with Plumbline's own tables, once for each kind."""
    return ledger
