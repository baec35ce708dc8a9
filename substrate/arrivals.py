"""Pushed events at the door: kept raw under the sender's own key, so that one that comes twice is one event."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import Connection, select

from substrate.bulk import append
from substrate.inbound import Inbound, inbound_event

KEY_LENGTH = 200
"""Characters of a sender's own key."""

_BY_BODY = "body:"


class Kept(StrEnum):
    """What became of an event at the door."""

    NEW = "new"
    REPEAT = "repeat"  # we have it already; the sender is told what it was told the first time
    CONFLICT = "conflict"  # its key was given to another body


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event on its way in.

    Attributes:
        key: the sender's own name for it; None: it has none, and is known by its body.
        correlation: the word that goes with it.
        at: when it came, in microseconds since 1970 UTC.
    """

    source: str
    key: str | None
    content_type: str
    body: bytes
    correlation: str
    at: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the sender is told."""

    key: str
    correlation: str
    kept: Kept


def store(connection: Connection, arrivals: Sequence[Arrival]) -> list[Receipt]:
    """Keep events in the order in which they came, and say of each what became of it.

    An event without a key of its own is a repeat of the newest one of its source if their bodies are the same.
    Otherwise it is kept again: between the two something else may have come, and what says nothing new changes nothing.

    Args:
        connection: a write transaction; the sender may be answered when it has committed.
        arrivals: the events.
    """
    named = _named(connection, arrivals)
    first: dict[tuple[str, str], Arrival] = {}
    for key, arrival in zip(named, arrivals, strict=True):
        first.setdefault((arrival.source, key), arrival)
    known = _known(connection, first)
    fresh = {key: arrival for key, arrival in first.items() if key not in known}
    rows = [_row(key, arrival) for (_, key), arrival in fresh.items()]
    if append(connection, inbound_event, _COLUMNS, rows, new_only=True) < len(rows):
        # Another process kept one of them since we looked, with a body that may be another.
        known |= _known(connection, fresh)
    return [
        _receipt(arrival, key, first[arrival.source, key], known.get((arrival.source, key)))
        for key, arrival in zip(named, arrivals, strict=True)
    ]


_COLUMNS = (
    "source", "event_key", "content_type", "body", "correlation", "received_at", "state", "attempts",
)  # fmt: skip


def _row(key: str, arrival: Arrival) -> tuple[object, ...]:
    about = (arrival.content_type[:200], arrival.body, arrival.correlation, arrival.at)
    return (arrival.source, key, *about, Inbound.WAITING.value, 0)


def _named(connection: Connection, arrivals: Sequence[Arrival]) -> list[str]:
    """The key of each event."""
    newest: dict[str, str] = {}
    names = []
    for place, arrival in enumerate(arrivals):
        key = arrival.key
        if key is None:
            before = newest.get(arrival.source) or _newest(connection, arrival.source)
            same = _BY_BODY + sha256(arrival.body).hexdigest()
            key = before if before.startswith(same) else f"{same}:{arrival.correlation[:32]}:{place}"
        newest[arrival.source] = key
        names.append(key)
    return names


def _newest(connection: Connection, source: str) -> str:
    table = inbound_event.c
    last = select(table.event_key).where(table.source == source).order_by(table.id.desc()).limit(1)
    return connection.scalar(last) or ""


def _known(connection: Connection, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, bytes]]:
    """The correlation and the body of the events that are there, by source and key."""
    keys: dict[str, list[str]] = {}
    for source, key in wanted:
        keys.setdefault(source, []).append(key)
    table = inbound_event.c
    found = {}
    for source, listed in keys.items():
        chosen = select(table.event_key, table.correlation, table.body)
        for row in connection.execute(chosen.where(table.source == source, table.event_key.in_(listed))):
            found[source, row.event_key] = row.correlation, bytes(row.body)
    return found


def _receipt(arrival: Arrival, key: str, first: Arrival, known: tuple[str, bytes] | None) -> Receipt:
    correlation, body = known or (first.correlation, first.body)
    if body != arrival.body:
        return Receipt(key, correlation, Kept.CONFLICT)
    is_new = arrival is first and known is None
    return Receipt(key, correlation, Kept.NEW if is_new else Kept.REPEAT)
