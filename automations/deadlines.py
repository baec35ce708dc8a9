"""When the next clock of a rule's open alerts runs out: a wait, a recovery, a snooze, a reminder's time, patience."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, select

from automations.alerts import IS_OPEN, alert
from automations.lifecycle import State
from automations.rules import Rule


def next_deadline(connection: Connection, rule: Rule, timeline: str, since: int) -> int | None:
    """The first instant after `since` at which time alone moves one of the rule's open alerts; None: there is none."""
    table = alert.c
    waiting, recovering = (table.state == str(state) for state in (State.PENDING, State.RECOVERING))
    clocks: list[tuple[Any, Any]] = [
        (table.pending_since + rule.for_, waiting),
        (table.recovering_since + rule.keep_firing_for, recovering),
        (table.unknown_since + rule.nodata_after, table.nodata_since.is_(None)),
        (table.snoozed_until, table.snoozed_until.is_not(None)),
        (table.lapses_at, table.lapses_at.is_not(None)),
    ]
    asked = [_first(instant, where, since) for instant, where in clocks]
    mine = (table.timeline == timeline, table.rule_id == rule.id, IS_OPEN)
    row = connection.execute(select(*asked).where(*mine)).one()
    return min((instant for instant in row if instant is not None), default=None)


def _first(instant: ColumnElement[int], where: ColumnElement[bool], since: int) -> ColumnElement[int]:
    return func.min(case((and_(where, instant > since), instant)))
