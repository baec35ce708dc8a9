"""Looking after the database's own files and statistics, while everything else goes on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from substrate.database import Database
from substrate.errors import DatabaseError

_INCREMENTAL = 2
_PAGES = 20_000
"""Given back to the file system at once: 80 MB, a moment's work."""


def look_after(database: Database) -> dict[str, int]:
    """Renew the planner's statistics, and give room back that nothing uses; says what was done, in numbers.

    SQLite gives room back only in files made with `auto_vacuum`; in others it is used again. PostgreSQL's own daemon
    gives it back.

    Raises:
        DatabaseError: others keep it too busy.
    """
    if not database.is_sqlite:
        with database.write() as connection:
            connection.exec_driver_sql("ANALYZE")
        return {}
    # Outside any transaction, which is where SQLite lets its files be looked after.
    try:
        with closing(database.engine.raw_connection()) as raw:
            return _look_after_sqlite(raw.cursor())
    except sqlite3.OperationalError as error:
        hint = "Others write all the time; it is tried again, and may be left for the next day."
        raise DatabaseError(f"the database cannot be looked after now: {error}", hint=hint) from error


def _look_after_sqlite(cursor: Any) -> dict[str, int]:
    if _asked(cursor, "auto_vacuum") == _INCREMENTAL:
        cursor.execute(f"PRAGMA incremental_vacuum({_PAGES})").fetchall()
    for deed in ("optimize", "wal_checkpoint(PASSIVE)"):
        cursor.execute(f"PRAGMA {deed}").fetchall()
    pages, unused, size = (_asked(cursor, name) for name in ("page_count", "freelist_count", "page_size"))
    return {"bytes": pages * size, "unused_bytes": unused * size}


def _asked(cursor: Any, name: str) -> int:
    return int(cursor.execute(f"PRAGMA {name}").fetchone()[0])
