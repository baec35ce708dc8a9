"""When the clocks of a rule's open alerts run out: a wait, a recovery, a snooze, a reminder's time, patience."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from automations.alerts import IS_OPEN, alert
from automations.lifecycle import State
from automations.rules import Rule


def next_deadline(connection: Connection, rule: Rule, timeline: str, since: int) -> int | None:
    """The first instant after `since` at which time alone moves one of the rule's open alerts; None: there is none."""
    asked = [func.min(case((and_(where, instant > since), instant))) for instant, where in _clocks(rule)]
    row = connection.execute(select(*asked).where(*_open(rule, timeline))).one()
    return min((instant for instant in row if instant is not None), default=None)


def run_out(connection: Connection, rule: Rule, timeline: str, since: int, at: int) -> set[int]:
    """The entities of open alerts of which a clock ran out after `since`, and at `at` at the latest."""
    asked = [and_(where, instant > since, instant <= at) for instant, where in _clocks(rule)]
    return set(connection.scalars(select(alert.c.entity_id).where(*_open(rule, timeline), or_(*asked))))


def _clocks(rule: Rule) -> list[tuple[ColumnElement[int], ColumnElement[bool]]]:
    """Each clock's end, and of which alerts it is one."""
    table = alert.c
    waiting, recovering = (table.state == str(state) for state in (State.PENDING, State.RECOVERING))
    return [
        (table.pending_since + rule.for_, waiting),
        (table.recovering_since + rule.keep_firing_for, recovering),
        (table.unknown_since + rule.nodata_after, table.nodata_since.is_(None)),
        (table.snoozed_until, table.snoozed_until.is_not(None)),
        (table.lapses_at, table.lapses_at.is_not(None)),
    ]


def _open(rule: Rule, timeline: str) -> tuple[Any, ...]:
    return alert.c.timeline == timeline, alert.c.rule_id == rule.id, IS_OPEN
