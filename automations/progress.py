"""How far each rule has come on each timeline: when it last looked, how often it usually does, how often it failed.

The row is also the rule's turnstile: an evaluation takes it first and holds it until it commits, so two evaluators of
one rule go one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, Update, bindparam, select, update

from automations.alerts import rule_progress
from automations.rules import Rule
from substrate.bulk import append
from substrate.clock import HOUR

_MISSED = 3
# What is assumed before a rule's rhythm is known: a daily run and some patience, 26 hours, are no gap.
_FIRST_INTERVAL = 26 * HOUR // _MISSED


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a rule stands on a timeline.

    Attributes:
        evaluated_at: when it last looked; None: never.
        usual_interval: the usual time between two looks, in microseconds; None: not known yet.
        reminded_until: up to when due reminders have been dealt with; None: never.
        revision: rises whenever anybody decides on the rule's alerts; whoever looked before must look again.
        failures: how many evaluations in a row have failed.
    """

    evaluated_at: int | None
    usual_interval: int | None
    reminded_until: int | None
    revision: int
    failures: int


def take_turn(connection: Connection, rule_id: str, timeline: str) -> Progress:
    """Wait for the rule's turn on a timeline, hold it until the transaction ends, and say how far the rule is."""
    mine = {"rule": rule_id, "on": timeline}
    row: Any = connection.execute(_HELD, mine).one_or_none()
    if row is None:
        first = (rule_id, timeline, 0, 0)
        append(connection, rule_progress, ("rule_id", "timeline", "revision", "failures"), [first], new_only=True)
        row = connection.execute(_HELD, mine).one()
    return Progress(*row)


def progress_of(connection: Connection, rule_id: str, timeline: str) -> Progress:
    """How far a rule is on a timeline, without waiting for its turn."""
    row: Any = connection.execute(_CHOSEN, {"rule": rule_id, "on": timeline}).one_or_none()
    return Progress(None, None, None, 0, 0) if row is None else Progress(*row)


def largest_gap(rule: Rule, progress: Progress) -> int:
    """How far two evaluations may lie apart before the time between them no longer counts, in microseconds.

    The rule's own `max_gap`; else three times its usual interval, which begins at 26 hours and follows the rule's
    real rhythm.
    """
    if rule.max_gap is not None:
        return rule.max_gap
    return _MISSED * (progress.usual_interval or _FIRST_INTERVAL)


def went_well(connection: Connection, rule_id: str, timeline: str, at: int, *, in_between: bool = False) -> None:
    """Note an evaluation that succeeded; the watermark never moves back, whatever the clock does.

    One that was made in between, as something came due, leaves the rule's rhythm alone: else the next regular one
    would look late.
    """
    before = progress_of(connection, rule_id, timeline)
    until = at if before.reminded_until is None else max(at, before.reminded_until)
    values: dict[str, Any] = {"reminded_until": until, "failures": 0, "last_error": None}
    if not in_between:
        values["evaluated_at"] = at if before.evaluated_at is None else max(at, before.evaluated_at)
        values["usual_interval"] = _rhythm(before, at)
    connection.execute(_row(rule_id, timeline).values(values))


def decided(connection: Connection, rule_id: str, timeline: str, before: Progress) -> None:
    """Note that the rule's alerts were decided upon."""
    connection.execute(_DECIDED, {"rule": rule_id, "on": timeline, "new": before.revision + 1})


def went_wrong(connection: Connection, rule_id: str, timeline: str, error: str) -> int:
    """Note an evaluation that failed, and say how many have now failed in a row."""
    before = take_turn(connection, rule_id, timeline)
    connection.execute(_row(rule_id, timeline).values(failures=before.failures + 1, last_error=error))
    return before.failures + 1


def _rhythm(before: Progress, at: int) -> int:
    usual = before.usual_interval or _FIRST_INTERVAL
    gap = 0 if before.evaluated_at is None else at - before.evaluated_at
    if gap <= 0:
        return usual
    # Quick to learn a slower rhythm, slow to learn a faster one: a run by hand in between must not make the next
    # regular one look late.
    return min(gap, 2 * usual) if gap > usual else (7 * usual + gap) // 8


def _row(rule_id: str, timeline: str) -> Update:
    return update(rule_progress).where(rule_progress.c.rule_id == rule_id, rule_progress.c.timeline == timeline)


_MINE = (rule_progress.c.rule_id == bindparam("rule"), rule_progress.c.timeline == bindparam("on"))
_CHOSEN = select(*(rule_progress.c[field.name] for field in fields(Progress))).where(*_MINE)
_HELD = _CHOSEN.with_for_update()
_DECIDED = update(rule_progress).where(*_MINE).values(revision=bindparam("new"))
