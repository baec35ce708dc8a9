"""The outbox: what shall be told to whom by which channel, written in the transaction of the decision that tells it.

One row a message, recipient and channel. Its delivery key is unique, so deciding the same thing twice tells it once;
the same key goes to the receiver, so that sending it twice arrives once. What is not sent says why. A row is taken away
only long after it was settled and its alert is over (see `retention`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    String,
    Table,
    Text,
    func,
    select,
    text,
)

from automations.rules import Severity
from substrate.bulk import append
from substrate.columns import Sensitivity
from substrate.database import BigKey
from substrate.schema import SYSTEM


class SendReason(StrEnum):
    """Why somebody is told, and why now."""

    FIRED = "fired"
    WORSE = "worse"
    NODATA = "nodata"
    RESOLVED = "resolved"
    SNOOZE_ENDED = "snooze_ended"
    SILENCE_ENDED = "silence_ended"
    REPEAT = "repeat"
    ESCALATED = "escalated"
    REMINDER = "reminder"
    LATE_REMINDER = "late_reminder"
    DATA_STALE = "data_stale"
    RULE_ERROR = "rule_error"
    FLOW_FAILED = "flow_failed"
    OVERDUE = "overdue"
    RETRACTED = "retracted"


class Delivery(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"
    SENDING = "sending"  # a worker has it; if the worker dies, another takes it over when the lease ends
    SENT = "sent"
    DEAD = "dead"  # it will not be tried again unless a person says so
    SUPPRESSED = "suppressed"  # it was not sent on purpose; the row says why


outbox = Table(
    "outbox",
    SYSTEM,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("delivery_key", String(32), nullable=False, unique=True),
    Column("timeline", String(40), nullable=False),
    Column("alert_id", BigInteger, index=True),
    Column("fingerprint", String(32), nullable=False),
    Column("episode", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("recipient", String(120), nullable=False),
    Column("recipient_name", String(200), nullable=False),
    Column("language", String(20)),
    Column("channel", String(40), nullable=False),
    Column("address", Text),
    Column("clearance", Integer),
    Column("fallbacks", Text, nullable=False),
    Column("fallback_of", BigInteger),
    Column("reason", String(20), nullable=False),
    Column("severity", String(10), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("template", String(80)),
    Column("context", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("suppressed_why", String(40)),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("lease_token", String(80)),
    Column("lease_until", BigInteger),
    Column("begun_at", BigInteger),
    Column("uncertain", Boolean, nullable=False),
    Column("provider_id", String(300)),
    Column("last_failure", String(20)),
    Column("last_response", Text),
    Column("maybe_duplicate", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("sent_at", BigInteger),
    Column("expires_at", BigInteger),
    Column("redriven", Integer, nullable=False),
)

# Spelt as text: a database uses a partial index only where it can read the condition.
IS_LIVE = text("state IN ('waiting', 'sending')")
_where: dict[str, Any] = {"sqlite_where": IS_LIVE, "postgresql_where": IS_LIVE}
Index("ix_outbox_due", outbox.c.timeline, outbox.c.rank, outbox.c.due_at, **_where)
Index("ix_outbox_state", outbox.c.state, outbox.c.channel)


@dataclass(frozen=True, slots=True)
class Route:
    """One way to reach a recipient.

    Attributes:
        channel: the channel's name.
        address: where in it; never a secret, at most `env:NAME`, which is looked up when the message leaves.
        clearance: what this address may see, if not what the channel may.
    """

    channel: str
    address: str | None = None
    clearance: Sensitivity | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to tell to one recipient by one channel.

    Attributes:
        alert_id: the alert that it speaks of; None: it speaks of Plumbline itself.
        sequence: its number within the episode of the alert, from 1.
        recipient: whom, by the key in the contacts.
        route: by which channel, to which address.
        context: what templates may use, each protected value with its sensitivity.
        fallbacks: where a critical message goes next if this route is dead.
        due_at: not before this instant; None: at once.
        expires_at: from when on it is no longer worth sending; None: always.
    """

    timeline: str
    alert_id: int | None
    fingerprint: str
    episode: int
    sequence: int
    recipient: str
    route: Route
    reason: SendReason | str
    severity: Severity
    context: Mapping[str, Any]
    recipient_name: str = ""
    language: str | None = None
    template: str | None = None
    fallbacks: tuple[Route, ...] = ()
    due_at: int | None = None
    expires_at: int | None = None

    @property
    def key(self) -> str:
        """The delivery key: the same message always has the same one."""
        said = (self.timeline, self.fingerprint, self.episode, self.sequence, self.recipient, self.route.channel)
        return delivery_key(*said)


def delivery_key(timeline: str, fingerprint: str, episode: int, sequence: int, recipient: str, channel: str) -> str:
    """What makes two messages the same: 32 hexadecimal digits."""
    joined = "\x1f".join((timeline, fingerprint, str(episode), str(sequence), recipient, channel))
    return blake2b(joined.encode(), digest_size=16).hexdigest()


_COLUMNS = (
    "delivery_key", "timeline", "alert_id", "fingerprint", "episode", "sequence", "recipient", "recipient_name",
    "language", "channel", "address", "clearance", "fallbacks", "fallback_of", "reason", "severity", "rank",
    "template", "context", "state", "attempts", "due_at", "changed_at", "uncertain", "maybe_duplicate", "created_at",
    "expires_at", "redriven",
)  # fmt: skip


def enqueue(connection: Connection, messages: Sequence[Message], now: int, *, fallback_of: int | None = None) -> int:
    """Put messages into the outbox; those that are there already are passed over.

    Args:
        connection: the write transaction of the decision.
        messages: what to tell; messages of one alert may share one context.
        now: the instant of the decision.
        fallback_of: the dead row that these messages stand in for.

    Returns:
        How many are new.
    """
    texts: dict[int, str] = {}
    rows = [_row(message, now, texts, fallback_of) for message in messages]
    return append(connection, outbox, _COLUMNS, rows, new_only=True)


@dataclass(frozen=True, slots=True)
class Entry:
    """A message as people see it in a list; what it says, and of whom, is left out.

    Attributes:
        last_failure: the class of the last attempt's failure.
        last_response: what the channel said then; holds no secret.
        redriven: how often a person sent it off again.
    """

    id: int
    timeline: str
    alert_id: int | None
    recipient: str
    channel: str
    reason: str
    severity: str
    state: Delivery
    suppressed_why: str | None
    attempts: int
    due_at: int
    last_failure: str | None
    last_response: str | None
    maybe_duplicate: bool
    created_at: int
    sent_at: int | None
    expires_at: int | None
    redriven: int


def list_outbox(connection: Connection, state: Delivery | None = None, limit: int = 100) -> list[Entry]:
    """The newest messages, or the newest in one state."""
    columns = [outbox.c[each.name] for each in fields(Entry)]
    statement = select(*columns).order_by(outbox.c.id.desc()).limit(limit)
    if state is not None:
        statement = statement.where(outbox.c.state == str(state))
    rows = [row._asdict() for row in connection.execute(statement)]
    return [Entry(**{**row, "state": Delivery(row["state"])}) for row in rows]


def count_outbox(connection: Connection) -> dict[Delivery, int]:
    """How many messages are in each state; every state is named."""
    rows = connection.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state))
    found = {row[0]: row[1] for row in rows}
    return {state: found.get(str(state), 0) for state in Delivery}


def routes_as_json(routes: Iterable[Route]) -> str:
    """Routes as a row keeps them."""
    return orjson.dumps([[one.channel, one.address, _level(one)] for one in routes]).decode()


def routes_from_json(stored: str) -> tuple[Route, ...]:
    """Routes as a row kept them."""
    found = orjson.loads(stored)
    return tuple(Route(name, address, None if level is None else Sensitivity(level)) for name, address, level in found)


def _row(message: Message, now: int, texts: dict[int, str], fallback_of: int | None) -> tuple[Any, ...]:
    route, shared = message.route, id(message.context)
    if shared not in texts:
        texts[shared] = orjson.dumps(message.context).decode()
    due = now if message.due_at is None else message.due_at
    return (
        message.key, message.timeline, message.alert_id, message.fingerprint, message.episode, message.sequence,
        message.recipient, message.recipient_name or message.recipient, message.language, route.channel,
        route.address, _level(route), routes_as_json(message.fallbacks), fallback_of, str(message.reason),
        str(message.severity), message.severity.rank, message.template, texts[shared], Delivery.WAITING.value, 0, due,
        now, False, False, now, message.expires_at, 0,
    )  # fmt: skip


def _level(route: Route) -> int | None:
    return None if route.clearance is None else int(route.clearance)
