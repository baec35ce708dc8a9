"""One leader among many: a row that says who leads, until when, and a number that only grows.

Whoever leads says the number with what it does; a leader that slept through its lease holds an old one.

The clock that counts is the database's own where it is a server, since all who ask it then see the same time. SQLite
has none but the machine's, which all its users share. A leader's own clock is never asked: what it does rests on the
row's number alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, ColumnElement, Connection, String, Table, or_, select, text, update

from substrate.bulk import append
from substrate.schema import SYSTEM

leadership = Table(
    "leadership",
    SYSTEM,
    Column("name", String(40), primary_key=True),
    Column("holder", String(200)),
    Column("token", BigInteger, nullable=False),
    Column("held_until", BigInteger, nullable=False),
)

# SQLite's julianday is exact to the millisecond.
_NOW = {
    "postgresql": text("SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint"),
    "sqlite": text("SELECT CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000"),
}


@dataclass(frozen=True, slots=True)
class Lease:
    """Somebody's right to lead.

    Attributes:
        name: what is led, `clock`.
        holder: who holds it; two that run at once must never share a name.
        token: grows with every change of hands, and tells this right from every other.
        until: when it ends unless it is renewed, in microseconds since 1970 UTC.
    """

    name: str
    holder: str
    token: int
    until: int


class LeaseLost(Exception):
    """Somebody else leads now; what was about to be done must not be."""


def database_now(connection: Connection) -> int:
    """What time it is for the database, in microseconds since 1970 UTC."""
    return int(connection.execute(_NOW[connection.dialect.name]).scalar_one())


def acquire(connection: Connection, name: str, holder: str, now: int, length: int) -> Lease | None:
    """Take a lease that nobody holds (any more); None: somebody holds it.

    One that ends further ahead than `length` was given before the clock was set back, and is free too: else a leader
    that died then would be waited for as long as the clock was moved.

    Args:
        connection: a write transaction.
        name: what is to be led, 40 characters at most.
        holder: who would lead.
        now: the instant by the clock that counts.
        length: how long the lease is, in microseconds; the same for everybody who asks for this name.
    """
    append(connection, leadership, ("name", "holder", "token", "held_until"), [(name, None, 0, 0)], new_only=True)
    free = or_(leadership.c.held_until <= now, leadership.c.held_until > now + length)
    values = {"holder": holder, "token": leadership.c.token + 1, "held_until": now + length}
    taken = connection.execute(update(leadership).where(leadership.c.name == name, free).values(values))
    if taken.rowcount != 1:
        return None
    token = connection.execute(select(leadership.c.token).where(leadership.c.name == name)).scalar_one()
    return Lease(name, holder, token, now + length)


def renew(connection: Connection, lease: Lease, now: int, length: int) -> Lease | None:
    """Hold a lease for longer, even one that ran out while nobody wanted it; None: somebody else took it."""
    values = {"held_until": now + length}
    if connection.execute(update(leadership).where(*_is(lease)).values(values)).rowcount != 1:
        return None
    return Lease(lease.name, lease.holder, lease.token, now + length)


def release(connection: Connection, lease: Lease) -> bool:
    """Give a lease back, so that the next need not wait for its end; False: it was somebody else's already."""
    values = {"holder": None, "held_until": 0}
    return connection.execute(update(leadership).where(*_is(lease)).values(values)).rowcount == 1


def holds(connection: Connection, lease: Lease, now: int) -> bool:
    """Whether the lease is its holder's, and has not run out."""
    found = connection.execute(select(leadership.c.held_until).where(*_is(lease))).scalar()
    return found is not None and found > now


def insist(connection: Connection, lease: Lease) -> None:
    """Go on only as long as nobody else has led since; to be asked in the transaction of what is done.

    A lease that ran out and that nobody took is no hindrance: there is still one leader.

    Raises:
        LeaseLost: somebody else took it.
    """
    if connection.execute(select(leadership.c.token).where(*_is(lease))).scalar() is None:
        raise LeaseLost(f"{lease.holder} no longer leads {lease.name!r} (its number was {lease.token})")


def _is(lease: Lease) -> tuple[ColumnElement[bool], ...]:
    return leadership.c.name == lease.name, leadership.c.token == lease.token, leadership.c.holder == lease.holder
