"""Where each source stands: its cursor, stored in the transaction of the rows that it follows."""

from __future__ import annotations

import orjson
from sqlalchemy import BigInteger, Column, Connection, String, Table, Text, delete, select

from substrate.bulk import upsert
from substrate.schema import SYSTEM
from substrate.sources.source import Cursor

source_cursor = Table(
    "source_cursor",
    SYSTEM,
    Column("source", String(120), primary_key=True),
    Column("recipe", Text, nullable=False),
    Column("cursor", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)


def load_cursor(connection: Connection, source: str, recipe: str) -> Cursor | None:
    """Where the source was left; None if it was never read, or was read with another recipe.

    Args:
        recipe: the mappers' versions; a mapper that changed its mind has everything read again.
    """
    table = source_cursor
    row = connection.execute(select(table).where(table.c.source == source)).first()
    if row is None or row.recipe != recipe:
        return None
    cursor: Cursor = orjson.loads(row.cursor)
    return cursor


def store_cursor(connection: Connection, source: str, recipe: str, cursor: Cursor, now: int) -> None:
    """Say where the source stands now."""
    row = (source, recipe, orjson.dumps(cursor).decode(), now)
    upsert(connection, source_cursor, ("source", "recipe", "cursor", "at"), [row], ("source",))


def drop_cursor(connection: Connection, source: str) -> bool:
    """Forget where a source stands, so that it begins anew if it ever comes back; say if it stood anywhere."""
    return connection.execute(delete(source_cursor).where(source_cursor.c.source == source)).rowcount == 1


def cursor_ages(connection: Connection, now: int) -> dict[str, int]:
    """How long ago each source was last read, in microseconds."""
    rows = connection.execute(select(source_cursor.c.source, source_cursor.c.at))
    return {source: now - at for source, at in rows}
