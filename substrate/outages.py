"""What is wrong with a database, told so that a person can act on it.

A driver's own words repeat the values of the statement, which may be protected, so none of them are passed on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import DBAPIError

from substrate.errors import DatabaseError


@dataclass(frozen=True, slots=True)
class _Outage:
    text: str
    hint: str


_AWAY = _Outage(
    "cannot be reached",
    "Check that the server runs, that PLUMBLINE_DATABASE_URL is right, and try `plumbline doctor`.",
)
_HELD = _Outage("is held by another process", "Wait until that process is done, and try again; nothing was half done.")
_FULL = _Outage(
    "has no room left", "Free some disk space; what was committed stays, and the next run goes on from there."
)
_SEALED = _Outage("cannot be written to", "Check who owns the file and its folder, and whether the disk is read-only.")
_BROKEN = _Outage("is damaged, or is no database", "Check the path, or restore the newest backup.")
_DISK = _Outage("cannot be read from or written to its disk", "Look at the disk and its mount; nothing was half done.")

# The low byte of a result code of SQLite: https://www.sqlite.org/rescode.html
_SQLITE = {5: _HELD, 6: _HELD, 8: _SEALED, 10: _DISK, 11: _BROKEN, 13: _FULL, 14: _AWAY, 26: _BROKEN}

# SQLSTATEs of PostgreSQL: https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL = {
    "25006": _SEALED,
    "40001": _HELD,
    "40P01": _HELD,
    "53100": _FULL,
    "53300": _AWAY,
    "55P03": _HELD,
    "57P01": _AWAY,
    "57P02": _AWAY,
    "57P03": _AWAY,
    "58030": _DISK,
}


def outage(error: DBAPIError, place: str) -> DatabaseError | None:
    """The sentence for an error that lies with the database; None where it lies with the statement.

    Args:
        error: what SQLAlchemy raised.
        place: the database's address, without its password.
    """
    found = _found(error)
    return None if found is None else DatabaseError(f"the database {place} {found.text}", hint=found.hint)


def _found(error: DBAPIError) -> _Outage | None:
    cause: Any = error.orig
    code = getattr(cause, "sqlite_errorcode", None)
    known = _SQLITE.get(code & 0xFF) if code is not None else _POSTGRESQL.get(getattr(cause, "sqlstate", None) or "")
    if known is None and (error.connection_invalidated or error.statement is None):
        return _AWAY
    return known
