"""What is wrong with somebody else's database, in words that a person can act on.

A driver's own words may repeat values of rows, or the address with its password; none of them are passed on.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from substrate.errors import SourceError
from substrate.sources.web import UnreachableError

_SLOW = "did not answer a statement in time"
_DENIED = "refuses to show this to its user"
_UNKNOWN = "knows no such table or column"
_LOCKED = "is locked by another program"
_AWAY = "cannot be reached"

_HINTS = {
    _SLOW: "Put an index on the `changed` and `key` columns, or raise statement_seconds.",
    _DENIED: "Grant its user SELECT on what is read, and nothing else.",
    _UNKNOWN: "Compare table, query, key, changed and columns with the database.",
    _LOCKED: "The next read goes on.",
    _AWAY: "Check that the server runs, and the host and port in the address; the next read goes on.",
    "refuses the user or the password": "Correct the address; `env:NAME` takes it from the environment.",
    "does not exist on its server": "Correct the database's name in the address.",
    "is no database file": "Check the path in the address.",
    "has too many connections": "The next read goes on; Plumbline needs one connection.",
}

# SQLSTATEs of PostgreSQL.
_POSTGRESQL = {
    "57014": _SLOW, "42501": _DENIED, "42P01": _UNKNOWN, "42703": _UNKNOWN, "3F000": _UNKNOWN, "55P03": _LOCKED,
    "28P01": "refuses the user or the password", "28000": "refuses the user or the password",
    "3D000": "does not exist on its server", "53300": "has too many connections",
    "57P01": _AWAY, "57P02": _AWAY, "57P03": _AWAY,
}  # fmt: skip

# Error numbers of MySQL and MariaDB.
_MYSQL = {
    1969: _SLOW, 3024: _SLOW, 1205: _LOCKED, 1142: _DENIED, 1143: _DENIED, 1044: _DENIED, 1146: _UNKNOWN,
    1054: _UNKNOWN, 1045: "refuses the user or the password", 1698: "refuses the user or the password",
    1049: "does not exist on its server", 1040: "has too many connections", 2003: _AWAY, 2006: _AWAY, 2013: _AWAY,
}  # fmt: skip

# What the drivers say where they give no number: while they connect, and SQLite.
_WORDS = (
    (r"password authentication failed|no password supplied|access denied", "refuses the user or the password"),
    (r'database ".*" does not exist', "does not exist on its server"),
    (r"too many clients", "has too many connections"),
    (r"no such (table|column)", _UNKNOWN),
    (r"file is not a database|malformed", "is no database file"),
    (r"database is locked|busy", _LOCKED),
    (r"interrupted", _SLOW),
    (r"unable to open|refused|could not|timeout|timed out|closed|lost connection|translate host|resolve", _AWAY),
)
_WILL_PASS = frozenset({_AWAY, _LOCKED, "has too many connections"})


def explained(error: SQLAlchemyError, source: str, place: str) -> SourceError:
    """The error that tells what is wrong with the database at `place` (an address without its password)."""
    found = _found(error)
    if found is None:
        kind = type(getattr(error, "orig", None) or error).__name__
        code = _code(error)
        said = f"answers with {kind}{f' ({code})' if code else ''}"
        hint = "Try the query with the database's own program; its words may hold values, so they are not shown here."
        return SourceError(f"source {source}: the database {place} {said}", hint=hint)
    told = UnreachableError if found in _WILL_PASS else SourceError
    return told(f"source {source}: the database {place} {found}", hint=_HINTS[found])


def is_unknown_name(error: SQLAlchemyError) -> bool:
    """Whether the database knows no table or column of a name that it was asked for."""
    return _found(error) == _UNKNOWN


def _found(error: SQLAlchemyError) -> str | None:
    code = _code(error)
    known = _POSTGRESQL.get(code) if isinstance(code, str) else _MYSQL.get(code or 0)
    if known is not None:
        return known
    words = str(getattr(error, "orig", None) or "")
    for pattern, said in _WORDS:
        if re.search(pattern, words, re.IGNORECASE):
            return said
    return _AWAY if isinstance(error, DBAPIError) and error.connection_invalidated else None


def _code(error: SQLAlchemyError) -> str | int | None:
    cause: Any = getattr(error, "orig", None)
    first = next(iter(getattr(cause, "args", ())), None)
    if isinstance(first, int):
        return first
    state = getattr(cause, "sqlstate", None)
    return state if isinstance(state, str) else None
