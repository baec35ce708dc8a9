"""One connection to somebody else's database: read only where the database can be told so, and never for long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection, Engine, Select, create_engine, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from substrate.clock import to_micros
from substrate.errors import ConfigurationError, SourceError
from substrate.sources.sql.options import SqlOptions
from substrate.sources.sql.tempers import TEMPERS, Limits, Temper
from substrate.sources.sql.trouble import explained

Rows = list[tuple[Any, ...]]

_DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
"""The driver of an address that names none."""


class SqlServer:
    """The database of a source. Only SELECTs are ever sent to it. Close it when done.

    Raises:
        ConfigurationError: the address names a database whose driver is not installed.
    """

    def __init__(self, source: str, options: SqlOptions) -> None:
        self.source = source
        self.place = options.place
        url = make_url(options.url.get_secret_value())
        url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        self._limits = Limits(options.connect_seconds, options.statement_seconds)
        self._engine, self._temper = _opened(source, url, self._limits)

    @property
    def engine(self) -> Engine:
        """For those who look at the schema; everybody else asks `rows`."""
        return self._engine

    def close(self) -> None:
        """Give the connection back."""
        self._engine.dispose()

    def rows(self, statement: Select[Any]) -> Rows:
        """All rows that a statement gives.

        Raises:
            UnreachableError: the database cannot be reached, or is busy.
            SourceError: it refuses the statement.
        """
        with self._asking() as connection:
            return [tuple(row) for row in connection.execute(statement)]

    def columns(self, statement: Select[Any]) -> list[str]:
        """The names of the columns that a statement gives."""
        with self._asking() as connection:
            return list(connection.execute(statement.limit(0)).keys())

    def now(self, otherwise: int) -> int:
        """What time it is by the database's own clock, in micros; `otherwise` where it has none that we know."""
        if self._temper.clock is None:
            return otherwise
        with self._asking() as connection:
            told: Any = connection.exec_driver_sql(self._temper.clock).scalar_one()
        moment = datetime.fromisoformat(told) if isinstance(told, str) else told
        return to_micros(moment if moment.tzinfo else moment.replace(tzinfo=UTC))

    def knows(self, table: str) -> None:
        """Make sure that there is a table or view of a name.

        Raises:
            SourceError: there is none; its hint tells those of similar names.
        """
        schema, _, name = table.rpartition(".")
        with self.explaining():
            schema_seen = inspect(self._engine)
            names = schema_seen.get_table_names(schema or None) + schema_seen.get_view_names(schema or None)
        if name in names:
            return
        near = get_close_matches(name, names, n=3, cutoff=0.5) or sorted(names)[:5]
        hint = f"It has: {', '.join(near) or 'no table that its user may see'}."
        raise SourceError(f"source {self.source}: the database {self.place} has no table {table!r}", hint=hint)

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Turn what a driver raises into words that name no value and no password."""
        try:
            yield
        except SQLAlchemyError as error:
            raise explained(error, self.source, self.place) from None

    @contextmanager
    def _asking(self) -> Iterator[Connection]:
        with self.explaining(), self._engine.connect() as connection:
            self._temper.begin(connection.connection.driver_connection, self._limits)
            yield connection


def _opened(source: str, url: URL, limits: Limits) -> tuple[Engine, Temper]:
    try:
        temper = TEMPERS.get(url.get_backend_name(), Temper)()
        arguments = temper.arguments(url, limits)
        # The values of statements are rows' keys; an error that repeats them might be logged.
        engine = create_engine(
            url, hide_parameters=True, poolclass=QueuePool, pool_size=1, max_overflow=0, pool_pre_ping=True, **arguments
        )
    except (NoSuchModuleError, ImportError):
        raise _no_driver(source, url) from None
    event.listen(engine, "connect", lambda connection, _record: temper.prepare(connection, limits))
    return engine, temper


def _no_driver(source: str, url: URL) -> ConfigurationError:
    name = url.drivername
    if name in ("mysql+pymysql", "mariadb+pymysql"):
        hint = "Install the extra: pip install 'plumbline[mysql]'."
    else:
        hint = "Install its SQLAlchemy driver beside Plumbline, or correct the address."
    return ConfigurationError(f"source {source}: the driver for {name} is not installed", hint=hint)
