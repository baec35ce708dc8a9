"""Sending given-up messages off again, one or many, with a trace of who did."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, select, update

from automations.channels.channel import Failure
from automations.outbox import Delivery, outbox
from substrate.audit import AuditEvent, record_event
from substrate.idset import among


def redrive(
    connection: Connection,
    now: int,
    by: str,
    ids: Collection[int] | None = None,
    *,
    channel: str | None = None,
    failure: Failure | None = None,
) -> int:
    """Make dead messages due again, as if they were new; an expiry no longer holds, as a person wants them sent.

    Args:
        connection: a write transaction.
        now: the instant, in microseconds since 1970 UTC.
        by: who wants it.
        ids: only these; None: all.
        channel: only those of this channel.
        failure: only those that failed for this reason.

    Returns:
        How many; those that are not dead (any more) are left alone.
    """
    where: list[ColumnElement[bool]] = [outbox.c.state == str(Delivery.DEAD)]
    if ids is not None:
        where.append(among(outbox.c.id, ids))
    if channel is not None:
        where.append(outbox.c.channel == channel)
    if failure is not None:
        where.append(outbox.c.last_failure == str(failure))
    dead = connection.execute(select(outbox.c.id, outbox.c.last_failure).where(*where).with_for_update()).all()
    values = {"state": str(Delivery.WAITING), "attempts": 0, "due_at": now, "changed_at": now, "expires_at": None}
    chosen = among(outbox.c.id, [row.id for row in dead])
    connection.execute(update(outbox).where(chosen).values(**values, redriven=outbox.c.redriven + 1))
    for row in dead:
        record_event(connection, AuditEvent(now, by, "redrive", "outbox", str(row.id), {"failure": row.last_failure}))
    return len(dead)
