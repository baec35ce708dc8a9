"""What people do with alerts: acknowledge, snooze, close. Each is guarded by row count and leaves its trace.

An action changes a flag beside the state, never what is true; only `resolve` ends an episode, and if the condition
still holds at the next look, the next episode begins.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select, update

from automations.alerts import IS_OPEN, alert, alert_event
from automations.lifecycle import Action, Cause, State
from substrate.clock import isoformat
from substrate.errors import ConflictError, NotFoundError


def acknowledge(connection: Connection, alert_id: int, by: str, at: int, comment: str = "") -> None:
    """Say that somebody has taken an alert on.

    Raises:
        NotFoundError: there is no such alert.
        ConflictError: it is not firing, or somebody has taken it on already.
    """
    firing = alert.c.state.in_([State.FIRING.value, State.RECOVERING.value])
    before = _find(connection, alert_id)
    done = connection.execute(
        update(alert).where(alert.c.id == alert_id, firing, alert.c.acked_at.is_(None)).values(acked_by=by, acked_at=at)
    )
    if done.rowcount != 1:
        taken = f"already taken on by {before.acked_by}" if before.acked_at else f"{before.state}"
        raise _refused(alert_id, taken, "Only a firing alert that nobody has taken on can be acknowledged.")
    _note(connection, before, Action.ACKNOWLEDGED, by, at, comment)


def snooze(connection: Connection, alert_id: int, by: str, at: int, until: int, comment: str = "") -> None:
    """Leave people in peace until a time, or until the alert is resolved or gets worse.

    Raises:
        NotFoundError: there is no such alert.
        ConflictError: it is over, or the time has passed.
    """
    before = _find(connection, alert_id)
    if until <= at:
        raise _refused(alert_id, f"asked to be quiet until {isoformat(until)}, which has passed", "Name a later time.")
    done = connection.execute(update(alert).where(alert.c.id == alert_id, IS_OPEN).values(snoozed_until=until))
    if done.rowcount != 1:
        raise _refused(alert_id, before.state, "Only an open alert can be snoozed.")
    _note(connection, before, Action.SNOOZED, by, at, comment, reason=isoformat(until))


def resolve(connection: Connection, alert_id: int, by: str, at: int, comment: str = "") -> None:
    """End an alert by hand; nobody is told, as somebody already knows.

    Raises:
        NotFoundError: there is no such alert.
        ConflictError: it is over already.
    """
    before = _find(connection, alert_id)
    if not _end(connection, alert_id, Cause.BY_HAND, at):
        raise _refused(alert_id, before.state, "It needs no closing.")
    _note(connection, before, Action.RESOLVED, by, at, comment, to=State.RESOLVED, reason=Cause.BY_HAND)


def close_rule(connection: Connection, rule_id: str, by: str, at: int) -> int:
    """End all open alerts of a rule that is put away, and say how many."""
    chosen = select(*_COLUMNS).where(alert.c.rule_id == rule_id, IS_OPEN).order_by(alert.c.id)
    ended = [row for row in connection.execute(chosen) if _end(connection, row.id, Cause.RULE_ARCHIVED, at)]
    for row in ended:
        _note(connection, row, Action.RESOLVED, by, at, "", to=State.RESOLVED, reason=Cause.RULE_ARCHIVED)
    return len(ended)


_COLUMNS = (alert.c.id, alert.c.state, alert.c.rule_version, alert.c.acked_by, alert.c.acked_at)


def _find(connection: Connection, alert_id: int) -> Any:
    found = connection.execute(select(*_COLUMNS).where(alert.c.id == alert_id)).one_or_none()
    if found is None:
        raise NotFoundError(f"there is no alert {alert_id}", hint="`plumbline alerts list` shows all.")
    return found


def _end(connection: Connection, alert_id: int, cause: Cause, at: int) -> bool:
    values = {"state": State.RESOLVED.value, "resolved_at": at, "resolve_reason": cause.value}
    return connection.execute(update(alert).where(alert.c.id == alert_id, IS_OPEN).values(values)).rowcount == 1


def _note(
    connection: Connection,
    before: Any,
    action: Action,
    by: str,
    at: int,
    comment: str,
    *,
    to: State | None = None,
    reason: str | None = None,
) -> None:
    connection.execute(
        insert(alert_event).values(
            alert_id=before.id,
            at=at,
            actor=by,
            action=action.value,
            from_state=before.state,
            to_state=to.value if to else before.state,
            rule_version=before.rule_version,
            reason=None if reason is None else str(reason),
            comment=comment or None,
        )
    )


def _refused(alert_id: int, state: str, hint: str) -> ConflictError:
    return ConflictError(f"alert {alert_id} is {state}", hint=hint)
