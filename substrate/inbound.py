"""What is pushed to us: kept raw, under the sender's own key, before the sender is told that we have it.

A row waits until its records, alerts and messages are committed in one transaction with its end. The same event pushed
twice is one row, whatever it came with the second time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    delete,
    func,
    or_,
    select,
    text,
    update,
)

from substrate.database import BigKey
from substrate.errors import NotFoundError
from substrate.idset import among, among_given
from substrate.schema import SYSTEM


class Inbound(StrEnum):
    """Where a pushed event stands."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"  # it cannot be taken in; `outcome` says why, and it can be tried again


inbound_event = Table(
    "inbound_event",
    SYSTEM,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("source", String(120), nullable=False),
    Column("event_key", String(200), nullable=False),
    Column("content_type", String(200), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("correlation", String(64), nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("done_at", BigInteger),
    Column("outcome", Text),
    UniqueConstraint("source", "event_key", name="uq_inbound_event_source_event_key"),
)

# Spelt as text: a database uses a partial index only where it can read the condition.
IS_WAITING = text("state = 'waiting'")
Index(
    "ix_inbound_event_open",
    inbound_event.c.source,
    inbound_event.c.id,
    sqlite_where=IS_WAITING,
    postgresql_where=IS_WAITING,
)
Index("ix_inbound_event_done", inbound_event.c.state, inbound_event.c.done_at)

_OUTCOME = 2_000


@dataclass(frozen=True, slots=True)
class Event:
    """An event that waits to be taken in."""

    id: int
    source: str
    content_type: str
    body: bytes
    correlation: str
    received_at: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many events wait, and since when the oldest does."""

    waiting: int = 0
    oldest_at: int | None = None

    def age(self, now: int) -> int:
        """How long the oldest has been waiting, in microseconds."""
        return 0 if self.oldest_at is None else max(0, now - self.oldest_at)


def take(connection: Connection, source: str, limit: int, max_bytes: int) -> list[Event]:
    """The oldest events of a source that wait, in the order in which they came; at least one, if any waits.

    Args:
        connection: a write transaction that holds the source's turn.
        source: whose.
        limit: the most events.
        max_bytes: the most bytes, but for the first.
    """
    chosen: list[int] = []
    room = max_bytes
    for number, size in connection.execute(_SIZES, {"source": source, "count": limit}).all():
        room -= size
        if chosen and room < 0:
            break
        chosen.append(number)
    rows = connection.execute(_EVENTS, {"ids": chosen}).all() if chosen else ()
    return [Event(*row) for row in rows]


def anything_waiting(connection: Connection, sources: Iterable[str]) -> list[str]:
    """Those of the sources for which an event waits."""
    return [name for name in sources if connection.execute(_FIRST, {"source": name}).first() is not None]


def backlog(connection: Connection, sources: Collection[str] | None = None) -> Backlog:
    """What waits, of some sources or of all."""
    table = inbound_event.c
    counted = select(func.count(), func.min(table.received_at)).where(IS_WAITING)
    if sources is not None:
        counted = counted.where(table.source.in_(sources))
    return Backlog(*connection.execute(counted).one())


def finish(connection: Connection, outcomes: Mapping[int, str], at: int) -> int:
    """End events well, and say how many of them had been waiting.

    Args:
        connection: the transaction of what they brought.
        outcomes: what each came to, by id.
        at: now.
    """
    return _end(connection, Inbound.DONE, outcomes, at)


def fail(connection: Connection, outcomes: Mapping[int, str], at: int) -> int:
    """End events that cannot be taken in, with the reason, never with a value of theirs."""
    return _end(connection, Inbound.FAILED, outcomes, at)


def try_again(connection: Connection, ids: Iterable[int] | None = None) -> int:
    """Let failed events wait once more, all or some; they come before what arrived after them. How many there were."""
    table = inbound_event.c
    chosen = update(inbound_event).where(table.state == Inbound.FAILED)
    if ids is not None:
        chosen = chosen.where(among(table.id, ids))
    return connection.execute(chosen.values(state=Inbound.WAITING.value, done_at=None)).rowcount


@dataclass(frozen=True, slots=True)
class Failed:
    """An event that could not be taken in."""

    id: int
    source: str
    event_key: str
    correlation: str
    received_at: int
    attempts: int
    done_at: int
    outcome: str


def failed(connection: Connection, limit: int = 100) -> list[Failed]:
    """The newest events that failed."""
    columns = [inbound_event.c[name] for name in Failed.__dataclass_fields__]
    chosen = select(*columns).where(inbound_event.c.state == Inbound.FAILED)
    return [Failed(*row) for row in connection.execute(chosen.order_by(inbound_event.c.id.desc()).limit(limit))]


def failed_count(connection: Connection) -> int:
    """How many events failed, and wait for a person."""
    chosen = select(func.count()).where(inbound_event.c.state == Inbound.FAILED)
    return connection.execute(chosen).scalar_one()


def body_of(connection: Connection, number: int) -> bytes:
    """An event's body as it came.

    Raises:
        NotFoundError: there is no such event (any more).
    """
    found = connection.scalar(select(inbound_event.c.body).where(inbound_event.c.id == number))
    if found is None:
        raise NotFoundError(f"there is no pushed event {number}", hint="`plumbline inbound list` shows what failed.")
    return bytes(found)


def purge(connection: Connection, done_before: int, failed_before: int) -> int:
    """Forget events that ended before these instants; from then on a repeat of one is a new event. How many."""
    table = inbound_event.c
    old = or_(
        (table.state == Inbound.DONE) & (table.done_at < done_before),
        (table.state == Inbound.FAILED) & (table.done_at < failed_before),
    )
    return connection.execute(delete(inbound_event).where(old)).rowcount


def _end(connection: Connection, state: Inbound, outcomes: Mapping[int, str], at: int) -> int:
    ended = 0
    by_outcome: dict[str, list[int]] = {}
    for number, outcome in outcomes.items():
        by_outcome.setdefault(outcome[:_OUTCOME], []).append(number)
    for outcome, ids in by_outcome.items():
        values = {"to_state": state.value, "said": outcome, "at": at, "ids": ids}
        ended += connection.execute(_ENDED, values).rowcount
    return ended


# Made once: the live loop runs them for every batch.
_WAITING = (inbound_event.c.source == bindparam("source"), IS_WAITING)
_FIRST = select(inbound_event.c.id).where(*_WAITING).limit(1)
_SIZES = (
    select(inbound_event.c.id, func.length(inbound_event.c.body))
    .where(*_WAITING)
    .order_by(inbound_event.c.id)
    .limit(bindparam("count", type_=Integer()))
)
_EVENTS = (
    select(*(inbound_event.c[name] for name in Event.__dataclass_fields__))
    .where(among_given(inbound_event.c.id))
    .order_by(inbound_event.c.id)
)
_ENDED = (
    update(inbound_event)
    .where(among_given(inbound_event.c.id), IS_WAITING)
    .values(
        state=bindparam("to_state"),
        outcome=bindparam("said"),
        done_at=bindparam("at"),
        attempts=inbound_event.c.attempts + 1,
    )
)
