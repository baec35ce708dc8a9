"""Where a source stands is kept with the recipe by which it was read."""

from __future__ import annotations

from substrate.cursors import cursor_ages, load_cursor, store_cursor
from substrate.database import Database

CURSOR = {"page": 3, "seen": ["ä", None, 1.5], "nested": {"at": 1 << 60}}


def test_a_cursor_comes_back_as_it_was(clinic: Database) -> None:
    with clinic.write() as connection:
        assert load_cursor(connection, "erp", "Visit:1") is None
        store_cursor(connection, "erp", "Visit:1", {"page": 2}, 10)
        store_cursor(connection, "erp", "Visit:1", CURSOR, 20)
        assert load_cursor(connection, "erp", "Visit:1") == CURSOR
        assert load_cursor(connection, "other", "Visit:1") is None


def test_a_mapper_that_changed_its_mind_has_everything_read_again(clinic: Database) -> None:
    with clinic.write() as connection:
        store_cursor(connection, "erp", "Visit:1", CURSOR, 10)
        assert load_cursor(connection, "erp", "Visit:2") is None


def test_each_source_has_its_age(clinic: Database) -> None:
    with clinic.write() as connection:
        store_cursor(connection, "erp", "r", {}, 10)
        store_cursor(connection, "lab", "r", {}, 25)
        assert cursor_ages(connection, 30) == {"erp": 20, "lab": 5}
