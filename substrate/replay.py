"""Out of quarantine: the same pipeline again after a fix, or a person's word that a row is not wanted; both audited."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, update

from substrate.audit import AuditEvent, record_event
from substrate.catalog import Vertical
from substrate.errors import ConflictError
from substrate.ingest import Intake
from substrate.mapping import Reader
from substrate.quality import RowRefused
from substrate.quarantine import Held, QuarantineState, close, held_row, quarantine
from substrate.sources.source import Row
from substrate.sweep import Limits, Sweep


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one held row.

    Attributes:
        id: its number in quarantine.
        released: it is a record now.
        reason: why it is still held.
        detail: the same in words.
    """

    id: int
    released: bool
    reason: str = ""
    detail: str = ""


def replay(
    connection: Connection,
    vertical: Vertical,
    numbers: Iterable[int],
    now: int,
    by: str,
    *,
    zone: str | None = None,
    payload: dict[str, Any] | None = None,
) -> list[Replayed]:
    """Send held rows through the pipeline again.

    Args:
        connection: a write transaction.
        vertical: whose rows they are.
        numbers: their numbers in quarantine.
        now: the instant of the replay.
        by: who asked for it.
        zone: IANA zone of times without one.
        payload: a corrected row, in place of the one that is held.

    Raises:
        NotFoundError: there is no such row.
        ConflictError: the row is not held any more, or is another vertical's.
    """
    return [
        _replay_one(connection, vertical, held_row(connection, each, hold=True), now, by, zone, payload)
        for each in numbers
    ]


def discard(connection: Connection, number: int, now: int, by: str, why: str) -> None:
    """Say that a held row is not wanted.

    Raises:
        NotFoundError: there is no such row.
        ConflictError: the row is not held any more.
    """
    held = held_row(connection, number)
    if not close(connection, number, QuarantineState.DISCARDED):
        raise ConflictError(f"row {number} is {held.state}, not held", hint="Nothing was changed.")
    record_event(connection, AuditEvent(now, by, "discard", "quarantine", str(number), {"why": why}))


def _replay_one(
    connection: Connection,
    vertical: Vertical,
    held: Held,
    now: int,
    by: str,
    zone: str | None,
    payload: dict[str, Any] | None,
) -> Replayed:
    if held.state != QuarantineState.HELD:
        raise ConflictError(f"row {held.id} is {held.state}, not held", hint="Nothing was changed.")
    if held.vertical != vertical.name:
        raise ConflictError(f"row {held.id} belongs to {held.vertical}, not to {vertical.name}")
    intake = Intake(vertical, Reader(held.source, zone), Sweep(vertical, held.source, Limits(), tracking=False))
    row = held.row() if payload is None else _corrected(held, payload)
    try:
        intake.draft(row, now)
    except RowRefused as refused:
        return Replayed(held.id, False, refused.reason.value, refused.detail)
    intake.take(connection, [row], now)
    if intake.report.quarantined:
        (reason,) = intake.report.reasons
        return Replayed(held.id, False, reason, "it passes the checks, but cannot be stored")
    _release(connection, held.id, now, by, corrected=payload is not None)
    return Replayed(held.id, True)


def _corrected(held: Held, payload: dict[str, Any]) -> Row:
    return Row(held.resource, held.place, held.line, orjson.dumps(payload), payload)


def _release(connection: Connection, number: int, now: int, by: str, *, corrected: bool) -> None:
    # The pipeline may have closed it already as superseded; a person's deed says more.
    state = {"state": QuarantineState.RELEASED.value}
    connection.execute(update(quarantine).where(quarantine.c.id == number).values(state))
    record_event(connection, AuditEvent(now, by, "release", "quarantine", str(number), {"corrected": corrected}))
