"""What a reminder and a wait for a record say first: the date that is near, the record that did not come."""

from __future__ import annotations

from typing import Any

from automations.conditions import Compiled
from automations.findings import Finding, Look
from automations.lifecycle import Verdict
from substrate.columns import Sensitivity
from substrate.expressions.expression import Expression
from substrate.expressions.literals import say_duration, say_timestamp
from substrate.expressions.types import FieldPath


def leading_sentence(rule: Compiled, look: Look, finding: Finding, *, holds: bool) -> dict[str, Any] | None:
    """The sentence on what the condition itself cannot say; None: the condition says it all.

    Args:
        rule: the rule's version.
        look: through which eyes the evaluation saw.
        finding: what it saw.
        holds: the condition is true of the entity.
    """
    if finding.moment is None:
        return None
    if rule.rule.remind is not None and rule.field is not None:
        return _date(rule.field, finding.moment, look.at, rule.rule.remind.offset)
    if rule.expected is None or not holds:
        return None
    return _wait(rule.expected.kind, rule.expected.by, look, there=finding.verdict is Verdict.FALSE)


def _date(field: Expression, moment: int, at: int, offset: int) -> dict[str, Any]:
    label = field.fields[0].label if len(field.fields) == 1 else field.canonical
    away = say_duration(abs(moment - at))
    distance = f"in {away}" if moment > at else f"{away} ago"
    asked = f"the reminder comes {say_duration(abs(offset))} {'before' if offset < 0 else 'after'}"
    levels = [Sensitivity[operand.sensitivity] for operand in field.fields if operand.sensitivity]
    text = f"{label} {distance} ({say_timestamp(moment)}); {asked}"
    return {"text": text, "sensitivity": max(levels, default=Sensitivity.PUBLIC).name, "times": [moment]}


def _wait(kind: str, by: FieldPath, look: Look, *, there: bool) -> dict[str, Any]:
    """Whether the record is there is as protected as the link from it to what waits."""
    operand = look.facts.schema(kind).resolve(by)
    level = operand.sensitivity if operand and operand.sensitivity else Sensitivity.PHI.name
    words = kind.replace("_", " ")
    text = f"a {words} for it is on record" if there else f"no {words} for it is on record"
    return {"text": text, "sensitivity": level, "times": []}
