"""Where a pushed event stands, for the sender who asks: whether it waits, what came of it, and what was refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import Connection, Row, Select, select

from substrate.inbound import Inbound, inbound_event
from substrate.quarantine import quarantine

_REFUSED = re.compile(r"quarantined: (\d+)")


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of an event.

    Attributes:
        number: ours.
        key: the sender's own name for it, or the one that it was told.
        content_type: as it was kept.
        at: when it came, in microseconds since 1970 UTC.
        state: where it stands.
        done_at: when it ended; None: it waits.
        outcome: in words; None: it waits.
    """

    number: int
    key: str
    content_type: str
    at: int
    state: Inbound
    done_at: int | None
    outcome: str | None

    @property
    def refused(self) -> int:
        """How many of its rows went to quarantine."""
        found = _REFUSED.search(self.outcome or "")
        return int(found[1]) if found else 0


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row of it that lies in quarantine: its place in the body, counted from one, and why."""

    line: int
    reason: str
    detail: str


def place_of(number: int) -> str:
    """Where the rows of an event are said to come from."""
    return f"pushed event {number}"


def outcome_of(rows: int, refused: int) -> str:
    """What an event came to, in words."""
    return f"rows: {rows}, quarantined: {refused}"


def standing(connection: Connection, source: str, key: str) -> Standing | None:
    """How the event of a key stands; None: there is no such event (any more)."""
    table = inbound_event.c
    row = connection.execute(_chosen(source).where(table.event_key == key)).first()
    return None if row is None else _standing(row)


def newest(connection: Connection, source: str, limit: int, before: int | None = None) -> list[Standing]:
    """The newest events of a source, or of those before one of a number."""
    chosen = _chosen(source).order_by(inbound_event.c.id.desc()).limit(limit)
    if before is not None:
        chosen = chosen.where(inbound_event.c.id < before)
    return [_standing(row) for row in connection.execute(chosen)]


def refused_rows(connection: Connection, source: str, number: int, limit: int) -> list[RefusedRow]:
    """The rows of an event that were refused. A row that a later event brought again is told there."""
    table = quarantine.c
    chosen = select(table.line, table.reason, table.detail)
    here = (table.source == source, table.place == place_of(number))
    return [RefusedRow(*row) for row in connection.execute(chosen.where(*here).order_by(table.line).limit(limit))]


def _chosen(source: str) -> Select[tuple[int, str, str, int, str, int | None, str | None]]:
    table = inbound_event.c
    columns = (table.id, table.event_key, table.content_type, table.received_at, table.state, table.done_at)
    return select(*columns, table.outcome).where(table.source == source)


def _standing(row: Row[tuple[int, str, str, int, str, int | None, str | None]]) -> Standing:
    return Standing(row[0], row[1], row[2], row[3], Inbound(row[4]), row[5], row[6])
