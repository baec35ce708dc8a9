"""Messages that need not be kept: those that arrived, or were not worth sending, of alerts that are long over."""

from __future__ import annotations

from sqlalchemy import Connection, delete, exists, func, or_, select

from automations.alerts import IS_OPEN, alert
from automations.outbox import Delivery, outbox
from substrate.retention import Forget


def forget_messages(before: int) -> Forget:
    """Messages that were settled before an instant.

    What waits, is under way or is dead stays, and so does every message of an alert that is still open.
    """
    settled = outbox.c.state.in_((Delivery.SENT, Delivery.SUPPRESSED))
    still_open = exists().where(alert.c.id == outbox.c.alert_id, IS_OPEN)
    old = (settled, outbox.c.changed_at < before, or_(outbox.c.alert_id.is_(None), ~still_open))

    def forget(connection: Connection, limit: int) -> int:
        chosen = select(outbox.c.id).where(*old).order_by(outbox.c.id).limit(limit)
        return connection.execute(delete(outbox).where(outbox.c.id.in_(chosen))).rowcount

    return forget


def stuck_messages(connection: Connection, now: int) -> int:
    """How many messages a worker has taken and not let go of in time; the next delivery takes them over."""
    chosen = (outbox.c.state == Delivery.SENDING, outbox.c.lease_until < now)
    return connection.execute(select(func.count()).select_from(outbox).where(*chosen)).scalar_one()
