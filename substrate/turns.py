"""One at a time: a name that a transaction, or a longer work, holds until it ends; whoever else wants it waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from hashlib import blake2b
from pathlib import Path

from sqlalchemy import Connection, func, select

from substrate.database import Database


def take_turn(connection: Connection, name: str) -> None:
    """Wait until nobody else holds the name, and hold it until the transaction ends.

    A row that is not there yet cannot be locked; a name can. On SQLite a write transaction is the only turn there is.

    Args:
        connection: a write transaction.
        name: what is to be done by one at a time; taking it twice in one transaction does no harm.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"plumbline {name}", 0))))


@contextmanager
def hold_turn(database: Database, name: str) -> Iterator[None]:
    """Wait until nobody else holds the name, and hold it over many transactions; it is free at once if we die.

    PostgreSQL keeps it for a connection of its own (a pooler between must pool by session); with SQLite, whose users
    share a machine, it is a lock on a file beside the database.
    """
    if database.is_sqlite:
        with _locked(Path(f"{database.engine.url.database}.turns"), name):
            yield
        return
    key = func.hashtextextended(f"plumbline {name}", 1)
    autocommit = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with autocommit.connect() as connection:
        connection.execute(select(func.pg_advisory_lock(key)))
        try:
            yield
        finally:
            connection.execute(select(func.pg_advisory_unlock(key)))


@contextmanager
def _locked(folder: Path, name: str) -> Iterator[None]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / blake2b(name.encode(), digest_size=8).hexdigest()).open("a") as file:
        # Closing the file gives the lock back, and so does dying.
        flock(file, LOCK_EX)
        yield
