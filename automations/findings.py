"""What one evaluation sees: the entities for which a rule's condition is true, and how those with open alerts stand.

Two statements a rule, whatever the number of entities; the database does the looking.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, select

from automations.conditions import Compiled, Expected
from automations.lifecycle import Verdict, verdict_of
from automations.rules import Severity
from substrate.expressions.expression import Expression
from substrate.expressions.types import FieldPath, Value
from substrate.facts import Facts
from substrate.history import snapshot
from substrate.idset import among

# Every row begins with id, source_key and site; then the moment, severities and operands.
_SHARED = 3


@dataclass(frozen=True, slots=True)
class Look:
    """Through which eyes: whose facts, true when, known when, on which timeline.

    Attributes:
        facts: the operands of the rule's vertical.
        at: the instant of the evaluation.
        known: the instant up to which we had learned; None: all that is known today.
        timeline: "live", or the replay that this evaluation belongs to.
    """

    facts: Facts
    at: int
    known: int | None
    timeline: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen of one entity.

    Attributes:
        verdict: what the rule says of it.
        severity: how bad it is.
        moment: the instant that a reminder, or the wait for a record, counts from.
        values: the values of the rule's operands, in the order of `Compiled.paths`.
    """

    entity_id: int
    site: str | None
    verdict: Verdict
    severity: Severity
    moment: int | None
    values: tuple[Value | None, ...]


def true_entities(connection: Connection, rule: Compiled, look: Look) -> list[Finding]:
    """The entities for which an alert may begin."""
    columns = _columns(rule)
    statement = look.facts.select(rule.rule.entity, columns, look.at, look.known, where=rule.found)
    found = [_finding(rule, row, Verdict.TRUE) for row in connection.execute(statement)]
    present = with_expected(connection, rule, look, found)
    return [finding for finding in found if finding.entity_id not in present]


def standing(connection: Connection, rule: Compiled, look: Look, ids: Iterable[int]) -> dict[int, Finding]:
    """How the rule stands for some entities; those that do not exist (any more) are left out."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    columns = {**_columns(rule), "holds": rule.holds}
    if rule.clears is not None:
        columns["clears"] = rule.clears
    statement = look.facts.select(rule.rule.entity, columns, look.at, look.known, ids=wanted)
    found = [_finding(rule, row, _verdict(rule, row)) for row in connection.execute(statement)]
    present = with_expected(connection, rule, look, found)
    return {
        finding.entity_id: replace(finding, verdict=Verdict.FALSE) if finding.entity_id in present else finding
        for finding in found
    }


def _columns(rule: Compiled) -> dict[str, Expression | FieldPath]:
    columns: dict[str, Expression | FieldPath] = {"site": ("site",)}
    if rule.moment is not None:
        columns["moment"] = rule.moment
    columns |= {f"severity_{severity}": expression for severity, expression in rule.severities}
    return columns | {f"p{place}": path for place, path in enumerate(rule.paths)}


def _finding(rule: Compiled, row: Row[Any], verdict: Verdict) -> Finding:
    severity = rule.rule.severity
    for named, _ in reversed(rule.severities):
        severity = named if getattr(row, f"severity_{named}") else severity
    moment = getattr(row, "moment", None)
    start = _SHARED + (rule.moment is not None) + len(rule.severities)
    values = tuple(row[start : start + len(rule.paths)])
    return Finding(row.id, row.site, verdict, severity, moment, values)


def _verdict(rule: Compiled, row: Row[Any]) -> Verdict:
    holds = _truth(row.holds)
    return verdict_of(holds, holds is False if rule.clears is None else _truth(row.clears))


def _truth(value: Any) -> bool | None:
    return None if value is None else bool(value)


def with_expected(connection: Connection, rule: Compiled, look: Look, found: Sequence[Finding]) -> set[int]:
    """The entities whose expected record is there; none, where the rule expects none."""
    if rule.expected is None or not found:
        return set()
    starts = {finding.entity_id: finding.moment for finding in found}
    rows = _expected_rows(connection, rule.expected, look, list(starts))
    if rule.expected.at is None:
        return {row[1] for row in rows}
    return {by for _, by, at in rows if at is not None and (start := starts[by]) is not None and at >= start}


def _expected_rows(connection: Connection, expected: Expected, look: Look, ids: list[int]) -> list[Any]:
    record = look.facts.paths.record(expected.kind)
    by = expected.by[0]
    names = ["id", by, *((expected.at[0],) if expected.at else ())]
    seen = snapshot(
        record, look.at, look.known, columns=names, where=lambda table: [among(table.c[by], ids)], name="expected"
    )
    rows: list[Any] = list(connection.execute(select(*(seen.c[name] for name in names))))
    if expected.where is None or not rows:
        return rows
    numbers = [row[0] for row in rows]
    statement = look.facts.select(expected.kind, {}, look.at, look.known, ids=numbers, where=expected.where)
    meeting = {row.id for row in connection.execute(statement)}
    return [row for row in rows if row[0] in meeting]
