"""What each make of database needs: to be told that we only read, how long we wait, and to give values unharmed."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import psycopg
from psycopg.types import datetime as psycopg_times
from sqlalchemy.engine import URL

from substrate.errors import SourceError

_STEPS = 10_000
"""Of SQLite's machine, between two looks at the time."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The longest waits, in seconds."""

    connect: int
    statement: int


class Temper:
    """What any database understands: nothing but SELECTs, which are all that is ever sent."""

    clock: ClassVar[str | None] = None
    """A SELECT of the time, in UTC where it says no zone; None: its clock is not known."""

    def arguments(self, url: URL, limits: Limits) -> dict[str, Any]:
        """What `create_engine` is told besides the address."""
        return {}

    def prepare(self, connection: Any, limits: Limits) -> None:
        """Told once of each new connection of the driver."""

    def begin(self, connection: Any, limits: Limits) -> None:
        """Told of the driver's connection before each statement."""


class Postgres(Temper):
    """PostgreSQL, and what speaks like it."""

    clock = "SELECT clock_timestamp()"

    def arguments(self, url: URL, limits: Limits) -> dict[str, Any]:
        # Prepared statements would be looked for in vain behind a pooler.
        told = {"connect_timeout": limits.connect, "prepare_threshold": None, "application_name": "plumbline"}
        return {"connect_args": {name: value for name, value in told.items() if name not in url.query}}

    def prepare(self, connection: Any, limits: Limits) -> None:
        for name, loader in _LENIENT.items():
            connection.adapters.register_loader(name, loader)
        connection.autocommit = True
        connection.execute("SET default_transaction_read_only = on")
        connection.execute(f"SET statement_timeout = {limits.statement * 1000}")
        connection.autocommit = False
        # Said again with each transaction, for a pooler that forgets a session's settings.
        connection.read_only = True


class MySql(Temper):
    """MySQL and MariaDB, through pymysql."""

    clock = "SELECT UTC_TIMESTAMP(6)"

    def arguments(self, url: URL, limits: Limits) -> dict[str, Any]:
        from pymysql.constants import FIELD_TYPE
        from pymysql.converters import conversions, convert_datetime

        def zoned(text: Any) -> Any:
            found = convert_datetime(text)
            return found.replace(tzinfo=UTC) if isinstance(found, datetime) else found

        reads = {FIELD_TYPE.TIMESTAMP: zoned, FIELD_TYPE.BIT: lambda value: int.from_bytes(value, "big")}
        silence = limits.statement + 5
        told = {"connect_timeout": limits.connect, "read_timeout": silence, "conv": {**conversions, **reads}}
        return {"connect_args": told}

    def prepare(self, connection: Any, limits: Limits) -> None:
        is_mariadb = "mariadb" in str(connection.get_server_info()).lower()
        limit = (
            f"max_statement_time = {limits.statement}"
            if is_mariadb
            else f"max_execution_time = {limits.statement * 1000}"
        )
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
            cursor.execute("SET SESSION time_zone = '+00:00'")
            cursor.execute(f"SET SESSION {limit}")
        connection.commit()


class Sqlite(Temper):
    """A SQLite file; it is opened read only and never created."""

    clock = "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')"

    def __init__(self) -> None:
        self._until = 0.0

    def arguments(self, url: URL, limits: Limits) -> dict[str, Any]:
        path = Path(url.database or "")
        return {"creator": lambda: _opened_file(path, limits)}

    def prepare(self, connection: Any, limits: Limits) -> None:
        connection.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
        connection.execute("PRAGMA query_only = ON")
        connection.set_progress_handler(lambda: time.monotonic() > self._until, _STEPS)

    def begin(self, connection: Any, limits: Limits) -> None:
        self._until = time.monotonic() + limits.statement


TEMPERS: dict[str, Callable[[], Temper]] = {
    "postgresql": Postgres,
    "mysql": MySql,
    "mariadb": MySql,
    "sqlite": Sqlite,
}
"""By the name of SQLAlchemy's backend; any other database gets plain SELECTs."""


def _opened_file(path: Path, limits: Limits) -> sqlite3.Connection:
    if not path.is_file():
        raise SourceError(f"there is no database file {path}", hint="Check the path in the address.")
    address = f"file:{quote(str(path.resolve()))}?mode=ro"
    return sqlite3.connect(address, uri=True, timeout=limits.connect, check_same_thread=False)


class _Moment(psycopg_times.TimestampLoader):
    def load(self, data: Any) -> Any:
        try:
            return super().load(data)
        except psycopg.DataError:
            return bytes(data).decode("ascii", "replace")


class _ZonedMoment(psycopg_times.TimestamptzLoader):
    def load(self, data: Any) -> Any:
        try:
            return super().load(data)
        except psycopg.DataError:
            return bytes(data).decode("ascii", "replace")


class _Day(psycopg_times.DateLoader):
    def load(self, data: Any) -> Any:
        try:
            return super().load(data)
        except psycopg.DataError:
            return bytes(data).decode("ascii", "replace")


# A date such as `infinity` or 44 BC would fail the whole page; as text it fails its own row, if any.
_LENIENT: dict[str, type[Any]] = {"timestamp": _Moment, "timestamptz": _ZonedMoment, "date": _Day}
