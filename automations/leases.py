"""A message in a worker's hands: taken for a minute, begun, and given a fate, each step won or lost by row count.

A worker that dies leaves its lease to run out, and another takes the message. What had begun by then may have arrived:
such a message is `uncertain`, and where the channel cannot tell a repetition, it is marked as a possible duplicate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Update, and_, bindparam, case, or_, select, update

from automations.channels.channel import Refused, Retry
from automations.outbox import IS_LIVE, Delivery, Route, outbox, routes_from_json
from substrate.clock import MINUTE, SECOND
from substrate.columns import Sensitivity

LEASE_SECONDS = 60

_SKEW = 5 * MINUTE
"""How far two clocks may be apart before a time in the future is taken for a clock that was set back."""

_RESPONSE = 500

_DIRECT = (
    "id", "delivery_key", "timeline", "alert_id", "fingerprint", "episode", "sequence", "recipient", "recipient_name",
    "language", "reason", "severity", "template", "attempts", "last_failure", "uncertain", "maybe_duplicate",
    "created_at", "expires_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leased:
    """A message that one worker holds.

    Attributes:
        delivery_key: the idempotency key that the receiver sees.
        attempts: how often it was begun before.
        last_failure: the class of its last failure.
        uncertain: an earlier attempt may have arrived.
        maybe_duplicate: an earlier attempt was told to be one, since the receiver cannot tell.
        token: the worker's; without it nobody may decide the message's fate.
        leased_at: since when, in microseconds since 1970 UTC.
    """

    id: int
    delivery_key: str
    timeline: str
    alert_id: int | None
    fingerprint: str
    episode: int
    sequence: int
    recipient: str
    recipient_name: str
    language: str | None
    reason: str
    severity: str
    template: str | None
    attempts: int
    last_failure: str | None
    uncertain: bool
    maybe_duplicate: bool
    created_at: int
    expires_at: int | None
    route: Route
    fallbacks: tuple[Route, ...]
    context: dict[str, Any]
    token: str
    leased_at: int

    @property
    def channel(self) -> str:
        """The channel's name."""
        return self.route.channel


def lease(
    connection: Connection,
    now: int,
    limit: int,
    token: str,
    *,
    timeline: str,
    began: int | None = None,
    seconds: int = LEASE_SECONDS,
) -> list[Leased]:
    """Take due messages, the most severe first; nobody else gets them until the lease runs out.

    Args:
        connection: a write transaction.
        now: the instant, in microseconds since 1970 UTC.
        limit: how many at most.
        token: the worker's own, different in every call.
        timeline: whose messages.
        began: when the run began; what fails in it waits for the next run, so that every run comes to an end.
        seconds: how long they are held.
    """
    due = outbox.c.due_at <= now
    if began is not None:
        due = and_(due, or_(outbox.c.last_failure.is_(None), outbox.c.changed_at <= began))
    due = or_(due, _set_back(now))
    chosen = (
        select(outbox)
        .where(outbox.c.timeline == timeline, IS_LIVE, due)
        .order_by(outbox.c.rank, outbox.c.due_at, outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = connection.execute(chosen).all()
    if rows:
        connection.execute(_taken(now, now + seconds * SECOND, token), [{"the_id": row.id} for row in rows])
    return [_leased(row, token, now) for row in rows]


def is_due(connection: Connection, now: int, *, timeline: str) -> bool:
    """Whether there is anything to lease; asks without keeping any writer waiting."""
    due = or_(outbox.c.due_at <= now, _set_back(now))
    chosen = select(outbox.c.id).where(outbox.c.timeline == timeline, IS_LIVE, due).limit(1)
    return connection.execute(chosen).first() is not None


def begin(
    connection: Connection, held: Leased, now: int, *, maybe_duplicate: bool, seconds: int = LEASE_SECONDS
) -> bool:
    """Say that sending begins now, which holds the message anew; False: somebody else has it."""
    until = now + seconds * SECOND
    values = {"begun_at": now, "due_at": until, "lease_until": until, "changed_at": now}
    values["maybe_duplicate"] = held.maybe_duplicate or maybe_duplicate
    return _won(connection, held, {**values, "attempts": held.attempts + 1})


def mark_sent(connection: Connection, held: Leased, now: int, provider_id: str | None) -> bool:
    """The receiver has it; False: the lease ran out meanwhile and the message's fate is another worker's."""
    values = {
        "provider_id": provider_id and provider_id[:300],
        "sent_at": now,
        "last_failure": None,
        "last_response": None,
    }
    return _settle(connection, held, now, Delivery.SENT, values)


def mark_retry(connection: Connection, held: Leased, now: int, due_at: int, said: Retry) -> bool:
    """It did not go, or nobody knows whether it did, and is to be tried again at `due_at`."""
    uncertain = held.uncertain or said.uncertain
    response = {"last_failure": str(said.failure), "last_response": said.why[:_RESPONSE]}
    values = {"due_at": due_at, "uncertain": uncertain, **response}
    return _settle(connection, held, now, Delivery.WAITING, values)


def mark_dead(connection: Connection, held: Leased, now: int, said: Refused) -> bool:
    """It is given up."""
    values = {"last_failure": str(said.failure), "last_response": said.why[:_RESPONSE]}
    return _settle(connection, held, now, Delivery.DEAD, values)


def suppress(connection: Connection, held: Leased, now: int, why: str) -> bool:
    """It is no longer worth telling."""
    return _settle(connection, held, now, Delivery.SUPPRESSED, {"suppressed_why": why})


def postpone(connection: Connection, held: Leased, now: int, due_at: int, said: Refused) -> bool:
    """It cannot be tried before `due_at` for a reason that is not its own; that is not an attempt."""
    response = {"last_failure": str(said.failure), "last_response": said.why[:_RESPONSE]}
    values = {"due_at": due_at, "attempts": held.attempts, **response}
    return _settle(connection, held, now, Delivery.WAITING, values)


def release(connection: Connection, token: str, now: int) -> int:
    """Give back what was taken under a token and not begun; says how much that was."""
    mine = (outbox.c.lease_token == token, outbox.c.state == str(Delivery.SENDING), outbox.c.begun_at.is_(None))
    values = {
        "state": str(Delivery.WAITING),
        "due_at": now,
        "changed_at": now,
        "lease_until": None,
        "lease_token": None,
    }
    return connection.execute(update(outbox).where(*mine).values(values)).rowcount


def _set_back(now: int) -> ColumnElement[bool]:
    """Whether a message was written while the clock was far ahead; it would be due who knows when."""
    return outbox.c.changed_at > now + _SKEW


def _taken(now: int, until: int, token: str) -> Update:
    begun = outbox.c.begun_at.is_not(None)
    return (
        update(outbox)
        .where(outbox.c.id == bindparam("the_id"))
        .values(
            state=str(Delivery.SENDING),
            lease_token=token,
            lease_until=until,
            due_at=until,
            changed_at=now,
            uncertain=case((begun, True), else_=outbox.c.uncertain),
            begun_at=None,
        )
    )


def _settle(connection: Connection, held: Leased, now: int, state: Delivery, values: dict[str, Any]) -> bool:
    free = {"lease_until": None, "lease_token": None, "begun_at": None, "changed_at": now}
    return _won(connection, held, {**free, "state": str(state), **values})


def _won(connection: Connection, held: Leased, values: Mapping[str, Any]) -> bool:
    """Write to the message if it is still in the worker's hands."""
    given = {"the_id": held.id, "the_token": held.token, **{f"new_{name}": value for name, value in values.items()}}
    return connection.execute(_write_to_mine(tuple(sorted(values))), given).rowcount == 1


@cache
def _write_to_mine(names: tuple[str, ...]) -> Update:
    """The statement, made once: making it takes longer than running it."""
    mine = (outbox.c.id == bindparam("the_id"), outbox.c.lease_token == bindparam("the_token"))
    sending = outbox.c.state == str(Delivery.SENDING)
    return update(outbox).where(*mine, sending).values({name: bindparam(f"new_{name}") for name in names})


def _leased(row: Any, token: str, now: int) -> Leased:
    direct = {name: getattr(row, name) for name in _DIRECT}
    direct["uncertain"] = row.uncertain or row.begun_at is not None
    return Leased(
        **direct,
        route=Route(row.channel, row.address, None if row.clearance is None else Sensitivity(row.clearance)),
        fallbacks=routes_from_json(row.fallbacks),
        context=orjson.loads(row.context),
        token=token,
        leased_at=now,
    )
