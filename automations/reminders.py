"""Reminders: which occurrences are due, which of them are new, and when one is over.

An occurrence is a rule, an entity, the instant it counts from and the offset: a moved date is another occurrence, so it
arms again by itself, and one that was told is never told twice. What is due is looked for in the whole window
(now - max_lateness, now] and compared with what exists, so neither a scheduler that slept nor a record that came late
loses a reminder; the watermark only tells the first look from the later ones, and counts what came too late.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from automations.conditions import Compiled
from automations.findings import Finding, Look
from automations.lifecycle import Verdict
from automations.rules import Remind
from substrate.clock import MINUTE
from substrate.expressions.checker import check_condition

LATE = 15 * MINUTE
"""A reminder that is told later than this after it was due is labelled as late."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One reminder of one entity.

    Attributes:
        finding: the entity, and the instant that the reminder counts from.
        due: when it is to be told.
        lapses_at: when it is over.
        late: how long after `due` it is told, in microseconds; 0 unless that is worth saying.
    """

    finding: Finding
    due: int
    lapses_at: int
    late: int

    @property
    def labels(self) -> dict[str, int]:
        """What tells it from the entity's other occurrences: the instant, and how far from it."""
        instant = self.finding.moment or 0
        return {"occurrence": instant, "offset": self.due - instant}


def occurrences(remind: Remind, found: Iterable[Finding], at: int, *, first: bool) -> list[Occurrence]:
    """The occurrences that are due.

    Args:
        remind: the trigger.
        found: the entities with an instant in the window.
        at: the instant of the evaluation.
        first: the rule never looked before on this timeline; then a reminder of what is already past is left out.
    """
    made = [_occurrence(remind, finding, finding.moment, at) for finding in found if finding.moment is not None]
    return [one for one in made if not (first and one.lapses_at <= at)]


def lateness(due: int, at: int) -> int:
    """How long after it was due a reminder is told, in microseconds; 0 unless that is worth saying."""
    return at - due if at - due > LATE else 0


def verdict_of_occurrence(finding: Finding | None, occurrence: object, lapses_at: int | None, at: int) -> Verdict:
    """How an open reminder stands.

    Args:
        finding: what was seen of its entity; None: there is no such entity.
        occurrence: the instant that it counts from, as labelled when it was opened.
        lapses_at: when it is over.
        at: the instant of the evaluation.
    """
    if lapses_at is not None and at >= lapses_at:
        return Verdict.OVER
    if finding is None:
        return Verdict.MISSING
    if finding.moment is None:
        return Verdict.UNKNOWN
    return finding.verdict if finding.moment == occurrence else Verdict.FALSE


def lapsed(connection: Connection, rule: Compiled, look: Look, since: int | None) -> int:
    """How many reminders became due after `since` and can no longer be told, as nobody looked for too long."""
    remind, field = rule.rule.remind, rule.field
    if remind is None or field is None or since is None or since >= look.at - remind.max_lateness:
        return 0
    newest, oldest = remind.offset + remind.max_lateness, look.at - since + remind.offset
    text = (
        f'({field.canonical}) <= now - duration("{newest}us") && ({field.canonical}) > now - duration("{oldest}us")'
        f" && ({rule.holds.canonical})"
    )
    where = check_condition(text, look.facts.schema(rule.rule.entity))
    statement = look.facts.select(rule.rule.entity, {}, look.at, look.known, where=where)
    return int(connection.scalar(select(func.count()).select_from(statement.subquery())) or 0)


def _occurrence(remind: Remind, finding: Finding, instant: int, at: int) -> Occurrence:
    due = instant + remind.offset
    over = instant if remind.before is not None else due + remind.max_lateness
    return Occurrence(finding, due, over, lateness(due, at))
