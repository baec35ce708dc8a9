"""One at a time: a name that a transaction holds until it ends, so that whoever else wants it waits."""

from __future__ import annotations

from sqlalchemy import Connection, func, select


def take_turn(connection: Connection, name: str) -> None:
    """Wait until nobody else holds the name, and hold it until the transaction ends.

    A row that is not there yet cannot be locked; a name can. On SQLite a write transaction is the only turn there is.

    Args:
        connection: a write transaction.
        name: what is to be done by one at a time; taking it twice in one transaction does no harm.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"plumbline {name}", 0))))
