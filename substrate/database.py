"""One database, SQLite or PostgreSQL, opened one way: short write transactions, many readers.

SQLite runs in WAL mode and takes its write lock when a write transaction begins (`BEGIN IMMEDIATE`), so that two
writers queue instead of failing half-way with SQLITE_BUSY. PostgreSQL uses its default, read committed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from time import monotonic, sleep
from typing import Any
from urllib.parse import unquote

from sqlalchemy import BigInteger, Connection, Engine, Integer, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from substrate.errors import ConfigurationError
from substrate.outages import outage

# A plain INTEGER key is SQLite's own row id, so a look-up needs no second tree; PostgreSQL needs eight bytes.
BigKey = BigInteger().with_variant(Integer, "sqlite")

_WRITE = "plumbline_write"
_DURABLE = "plumbline_durable"
_BUSY_MILLISECONDS = 30_000
_WAL_PAUSE_SECONDS = 0.005
_CACHE_KIBIBYTES = 65_536
_CHECKPOINT_PAGES = 16_000
"""64 MB: bulk writes change the same pages of an index again and again, and each goes to the file once."""


class Database:
    """An engine with two doors: `read` and `write`, each one transaction."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = engine.execution_options(**{_WRITE: True})
        self._durable = engine.execution_options(**{_WRITE: True, _DURABLE: True})
        self._turn = RLock()

    @property
    def is_sqlite(self) -> bool:
        """Whether the embedded database is in use."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database (on SQLite) and never blocks a writer."""
        with _explained(self.engine), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Connection]:
        """A transaction that commits when the block ends and rolls back when it raises.

        Args:
            durable: what is committed outlives a power cut as well as a kill. On PostgreSQL it always does; on SQLite
                it costs a wait for the disk, and what can be done again goes without.
        """
        writer = self._durable if durable else self._writer
        with self._one_at_a_time(), _explained(self.engine), writer.begin() as connection:
            yield connection

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        """Threads of this process stand in line for SQLite's one writer: SQLite itself makes them sleep and try."""
        taken = self.is_sqlite and self._turn.acquire(timeout=_BUSY_MILLISECONDS / 1000)
        try:
            yield
        finally:
            if taken:
                self._turn.release()

    def close(self) -> None:
        """Give all connections back to the operating system."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """Open a database by its SQLAlchemy address; a SQLite file's folder is made if it is missing.

    Raises:
        ConfigurationError: the address names no database that Plumbline runs on.
    """
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError):
        # The cause may repeat the address, and with it a password.
        raise ConfigurationError("PLUMBLINE_DATABASE_URL is not a database address", hint=_URL_HINT) from None
    if backend == "sqlite":
        return Database(_open_sqlite(parsed.set(database=unquote(parsed.database or ""))))
    if backend == "postgresql":
        pinned = parsed.set(drivername="postgresql+psycopg")
        return Database(create_engine(pinned, pool_pre_ping=True, hide_parameters=True))
    raise ConfigurationError(
        f"PLUMBLINE_DATABASE_URL names {backend!r}, which cannot hold Plumbline's own data", hint=_URL_HINT
    )


def masked_url(url: str | URL) -> str:
    """A database address without its password; fit for people's eyes and for logs."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return "(not a database address)"
    secret = {name: "***" for name in parsed.query if "password" in name}
    return parsed.update_query_dict(secret).render_as_string(hide_password=True)


_URL_HINT = "Use postgresql+psycopg://user:password@host/database, or leave it unset for the embedded SQLite."


def _open_sqlite(url: URL) -> Engine:
    if url.database and url.database != ":memory:":
        _make_folder(Path(url.database).parent)
    # Without the values of its statements: an error's text may be logged, and values may be protected.
    engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        hint = "Name a folder that you may write to."
        raise ConfigurationError(f"the folder {folder} cannot be made: {error.strerror}", hint=hint) from error


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transaction handling would begin late and deferred; ours is explicit.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
    _turn_to_wal(cursor)
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute(f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}")
    cursor.execute("PRAGMA temp_store = MEMORY")
    cursor.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    cursor.close()


def _turn_to_wal(cursor: Any) -> None:
    """Two processes that open a new file at once: SQLite refuses the second at once, without its busy timeout."""
    patience = monotonic() + _BUSY_MILLISECONDS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > patience:
                raise
            sleep(_WAL_PAUSE_SECONDS)


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    writing = options.get(_WRITE, False)
    if writing:
        connection.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if options.get(_DURABLE, False) else 'NORMAL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def _explained(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        told = outage(error, masked_url(engine.url))
        if told is None:
            raise
        raise told from error
