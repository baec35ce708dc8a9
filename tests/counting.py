"""Counts the work that a database is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from substrate.database import Database


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that are run while the block lasts."""
    told: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        told.append(statement)

    event.listen(database.engine, "before_cursor_execute", hear)
    try:
        yield told
    finally:
        event.remove(database.engine, "before_cursor_execute", hear)
