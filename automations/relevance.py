"""Is it still worth telling? Asked again as a message is about to leave: people and facts did not wait for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, bindparam, select

from automations.alerts import alert
from automations.leases import Leased
from automations.lifecycle import Cause, State
from automations.outbox import Delivery, SendReason, outbox
from substrate.idset import among


class Needless(StrEnum):
    """Why a message was not sent on purpose; stored on its row."""

    RESOLVED_MEANWHILE = "resolved_meanwhile"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    NEVER_TOLD = "never_told"  # a resolution, to somebody who never heard of the fire


@dataclass(frozen=True, slots=True)
class Standing:
    """How the alert stands that a message speaks of; instants in microseconds since 1970 UTC."""

    state: str
    resolve_reason: str | None
    acked_at: int | None
    snoozed_until: int | None


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another message of the same alert to the same recipient.

    Attributes:
        heard: it arrived, is on its way, or may have arrived.
    """

    channel: str
    reason: str
    heard: bool


_STANDING = (
    select(alert.c.state, alert.c.resolve_reason, alert.c.acked_at, alert.c.snoozed_until)
    .where(alert.c.id == bindparam("the_id"))
    .with_for_update(read=True)
)


def still_worth_telling(connection: Connection, held: Leased) -> str | None:
    """Why a message need not be sent any more; None: it must.

    On PostgreSQL the alert stays as it is until the caller's transaction ends: what changes it after this look also
    sees that the message has begun.
    """
    if held.alert_id is None:
        return None
    if held.reason == SendReason.RESOLVED:
        return Needless.NEVER_TOLD if never_told(held.channel, _siblings(connection, held)) else None
    row = connection.execute(_STANDING, {"the_id": held.alert_id}).one_or_none()
    return None if row is None else needless(Standing(*row), held.created_at, held.leased_at)


def held_still(connection: Connection, ids: Iterable[int]) -> set[int]:
    """Those of these alerts that nobody is changing; they stay as they are until the caller's transaction ends.

    Whoever holds several and waited for one more could wait for somebody who waits for them.
    """
    chosen = select(alert.c.id).where(among(alert.c.id, ids)).with_for_update(read=True, skip_locked=True)
    return set(connection.scalars(chosen))


def needless(standing: Standing, created_at: int, now: int) -> Needless | None:
    """Why news of a fire need not be sent any more; None: it must.

    Args:
        standing: how the alert stands now.
        created_at: when the message was decided; who acknowledged before that has not seen it.
        now: the instant.
    """
    # A reminder's alert ends when its time is over; the message has an expiry of its own for that.
    if standing.state == State.RESOLVED and standing.resolve_reason != Cause.REMINDED:
        return Needless.RESOLVED_MEANWHILE
    if standing.acked_at is not None and standing.acked_at >= created_at:
        return Needless.ACKNOWLEDGED
    if standing.snoozed_until is not None and standing.snoozed_until > now:
        return Needless.SNOOZED
    return None


def never_told(channel: str, siblings: Iterable[Sibling]) -> bool:
    """Whether a resolution would be the first that its reader hears of the alert.

    It is told on each channel that told of the fire. If the fire took another way than planned, there is no resolution
    of its own on that way, so this one is told in its stead.
    """
    listed = list(siblings)
    heard = {one.channel for one in listed if one.heard and one.reason != SendReason.RESOLVED}
    covered = {one.channel for one in listed if one.reason == SendReason.RESOLVED}
    return channel not in heard and not heard - covered


def _siblings(connection: Connection, held: Leased) -> list[Sibling]:
    table = outbox.c
    columns = (table.channel, table.reason, table.state, table.begun_at, table.uncertain)
    mine = (table.alert_id == held.alert_id, table.recipient == held.recipient)
    return [
        Sibling(row.channel, row.reason, row.state == Delivery.SENT or row.begun_at is not None or row.uncertain)
        for row in connection.execute(select(*columns).where(*mine))
    ]
