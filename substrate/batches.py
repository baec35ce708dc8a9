"""The number of every write to the records: increasing, without gaps, and in the order of commit.

Taking the next number locks the counter's row until the transaction ends, so a reader that has seen batch n has seen
every batch before it; incremental refreshes rest on that. The counter also keeps our clock from stepping back.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Connection, Integer, Table, bindparam, case, select, update

from substrate.bulk import append
from substrate.schema import SYSTEM

counter = Table(
    "ingest_counter",
    SYSTEM,
    Column("id", Integer, primary_key=True),
    Column("batch", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every row written in one transaction carries: its batch and the instant at which we learned it."""

    batch: int
    recorded_at: int


def next_stamp(connection: Connection, now: int) -> Stamp:
    """Take the next batch number in a write transaction.

    `recorded_at` is `now`, or the previous batch's where the machine's clock stepped back: what we learned later is
    never filed as known earlier.
    """
    taken = connection.execute(_NEXT, {"now": now}).first()
    if taken is None:
        # Of two processes that write first at once, the second waits here for the first.
        append(connection, counter, ("id", "batch", "recorded_at"), [(1, 0, 0)], new_only=True)
        return next_stamp(connection, now)
    return Stamp(*taken)


def current_batch(connection: Connection) -> int:
    """The number of the newest batch; 0 before the first."""
    return connection.execute(select(counter.c.batch)).scalar() or 0


_NOW = bindparam("now", type_=BigInteger())
_NEXT = (
    update(counter)
    .where(counter.c.id == 1)
    .values(
        batch=counter.c.batch + 1,
        recorded_at=case((counter.c.recorded_at < _NOW, _NOW), else_=counter.c.recorded_at),
    )
    .returning(counter.c.batch, counter.c.recorded_at)
)
