"""What may be forgotten after a time: pushed events that are dealt with, and what features were long ago.

Records, quarantine, alerts and the audit are never forgotten here: they are the only memory of what was.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, Table, delete, exists, select

from substrate.catalog import Vertical
from substrate.database import Database
from substrate.features.tables import feature_history
from substrate.inbound import Inbound, inbound_event

_AT_ONCE = 5_000

Forget = Callable[[Connection, int], int]
"""Deletes at most so many rows in the caller's transaction, and says how many it deleted."""


def bit_by_bit(database: Database, forget: Forget) -> int:
    """Forget in short transactions, so that no other writer waits for long, and say how many rows went."""
    total = 0
    while True:
        with database.write() as connection:
            gone = forget(connection, _AT_ONCE)
        total += gone
        if gone < _AT_ONCE:
            return total


def forget_events(before: int) -> Forget:
    """Pushed events that were taken in before an instant; what waits or failed stays."""
    table = inbound_event
    old = (table.c.state == Inbound.DONE, table.c.done_at < before)

    def forget(connection: Connection, limit: int) -> int:
        chosen = select(table.c.id).where(*old).order_by(table.c.id).limit(limit)
        return connection.execute(delete(table).where(table.c.id.in_(chosen))).rowcount

    return forget


def forget_features(database: Database, vertical: Vertical, before: int) -> int:
    """What the features of a vertical were before an instant; each entity's last values of that time stay.

    Reads back in time as of the instant or later are answered as before.
    """
    return sum(bit_by_bit(database, forget_history(feature_history(view), before)) for view in vertical.views)


def forget_history(history: Table, before: int) -> Forget:
    """Rows of one view's history that were replaced by an instant."""
    later = history.alias()
    replaced = exists().where(later.c.id == history.c.id, later.c.as_of <= before, later.c.number > history.c.number)

    def forget(connection: Connection, limit: int) -> int:
        chosen = select(history.c.number).where(history.c.as_of < before, replaced).limit(limit)
        return connection.execute(delete(history).where(history.c.number.in_(chosen))).rowcount

    return forget
