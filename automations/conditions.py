"""A rule made ready: its texts checked against the facts, and turned into the questions that evaluation asks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from automations.rules import Missing, Remind, Rule, Severity
from substrate.errors import DeclarationError
from substrate.expressions.checker import check, check_condition
from substrate.expressions.errors import ExpressionError
from substrate.expressions.explain import Explainer, explainer
from substrate.expressions.expression import Expression
from substrate.expressions.types import FieldPath, Schema, Type
from substrate.facts import Facts


@dataclass(frozen=True, slots=True)
class Expected:
    """The record that a `missing` rule waits for.

    Attributes:
        kind: the kind of record.
        by: its column that holds the entity's id.
        where: what it must satisfy; None: any will do.
        at: its instant, which must not lie before `start`; None: any time will do.
        start: the entity's instant from which the wait counts.
    """

    kind: str
    by: FieldPath
    where: Expression | None
    at: FieldPath | None
    start: Expression


@dataclass(frozen=True)
class Compiled:
    """One version of a rule, checked against its vertical's facts.

    Attributes:
        rule: what it says.
        version: its number.
        vertical: whose it is.
        found: TRUE for the entities for which an alert may begin.
        holds: TRUE as long as an open alert's reason lasts.
        clears: TRUE when an open alert's reason is gone; None: when `holds` is FALSE.
        severities: conditions that make it worse or better, worst first.
        values: further operands that are shown with the alert.
        field: the instant that a reminder counts from.
        expected: what a `missing` rule waits for.
        needs: the watermarks that it all rests on.
    """

    rule: Rule
    version: int
    vertical: str
    found: Expression
    holds: Expression
    clears: Expression | None
    severities: tuple[tuple[Severity, Expression], ...]
    values: tuple[Expression, ...]
    field: Expression | None
    expected: Expected | None
    needs: frozenset[str]

    @cached_property
    def paths(self) -> tuple[FieldPath, ...]:
        """Every operand that the rule reads of its entity, each once."""
        return _paths(self.expressions)

    @cached_property
    def explain(self) -> Explainer:
        """Explains how `holds` came to its result."""
        return explainer(self.holds)

    @cached_property
    def explain_grades(self) -> dict[Severity, Explainer]:
        """Explains why it is as bad as it is, by severity."""
        return {severity: explainer(condition) for severity, condition in self.severities}

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """Every expression over the entity."""
        parts = (self.found, self.holds, self.clears, self.moment, *self.values)
        return (*(part for part in parts if part is not None), *(expression for _, expression in self.severities))

    @property
    def moment(self) -> Expression | None:
        """The instant that a reminder, or the wait for a record, counts from."""
        return self.expected.start if self.expected else self.field


class RuleFault(DeclarationError):
    """A text of a rule does not fit the facts.

    Args:
        rule: the rule's id.
        key: the key of the rule file, `remind.when`.
        fault: what is wrong with its text.
    """

    def __init__(self, rule: str, key: str, fault: str, *, hint: str = "") -> None:
        super().__init__(f"rule {rule}: {key}: {fault}", hint=hint)
        self.rule = rule
        self.key = key
        self.fault = fault


def compile_rule(rule: Rule, facts: Facts, *, vertical: str = "", version: int = 0) -> Compiled:
    """Check a rule against the facts of its vertical.

    Raises:
        RuleFault: a text names what does not exist, or has the wrong type.
        NotFoundError: there is no such kind of entity.
    """
    schema = facts.schema(rule.entity)
    found, holds, field, expected = _trigger(rule, facts, schema)
    clears = _condition(rule, "clear", rule.clear, schema) if rule.clear else None
    severities = [
        (severity, _condition(rule, f"severity_when.{severity}", rule.severity_when[severity], schema))
        for severity in sorted(rule.severity_when, key=lambda named: named.rank)
    ]
    values = tuple(_check(rule, f"values.{place}", text, schema) for place, text in enumerate(rule.values))
    compiled = Compiled(
        rule, version, vertical, found, holds, clears, tuple(severities), values, field, expected, frozenset()
    )
    return _with_needs(compiled, facts)


def _trigger(
    rule: Rule, facts: Facts, schema: Schema
) -> tuple[Expression, Expression, Expression | None, Expected | None]:
    if rule.remind is not None:
        return (*_reminder(rule, rule.remind, schema), None)
    if rule.missing is not None:
        found, holds, expected = _missing(rule, rule.missing, facts, schema)
        return found, holds, None, expected
    condition = _condition(rule, "when", rule.when or "", schema)
    return condition, condition, None, None


def _reminder(rule: Rule, remind: Remind, schema: Schema) -> tuple[Expression, Expression, Expression]:
    field = _instant(rule, "remind.field", remind.field, schema)
    holds = _condition(rule, "remind.when", remind.when or "true", schema)
    # Due in (now - max_lateness, now], written so that the field stands alone on one side.
    newest, oldest = _span(remind.offset), _span(remind.offset + remind.max_lateness)
    due = f"({field.canonical})"
    text = f"{due} <= now - {newest} && {due} > now - {oldest} && ({holds.canonical})"
    return _condition(rule, "remind", text, schema), holds, field


def _missing(rule: Rule, missing: Missing, facts: Facts, schema: Schema) -> tuple[Expression, Expression, Expected]:
    start = _instant(rule, "missing.from", missing.from_, schema)
    when = _condition(rule, "missing.when", missing.when or "true", schema)
    text = f"({start.canonical}) <= now - {_span(missing.within)} && ({when.canonical})"
    due = _condition(rule, "missing", text, schema)
    other = facts.schema(missing.expect)
    for key, name in (("missing.by", missing.by), ("missing.at", missing.at)):
        if name is not None:
            _check(rule, key, name, other)
    where = _condition(rule, "missing.where", missing.where, other) if missing.where else None
    at = (missing.at,) if missing.at else None
    return due, due, Expected(missing.expect, (missing.by,), where, at, start)


def _with_needs(compiled: Compiled, facts: Facts) -> Compiled:
    needs = facts.dependencies(compiled.rule.entity, compiled.paths)
    expected = compiled.expected
    if expected is not None:
        more = expected.where.operands if expected.where else ()
        needs |= facts.dependencies(expected.kind, more)
    return replace(compiled, needs=needs)


def _condition(rule: Rule, key: str, text: str, schema: Schema) -> Expression:
    try:
        return check_condition(text, schema)
    except ExpressionError as error:
        raise RuleFault(rule.id, key, error.message, hint=error.hint) from error


def _check(rule: Rule, key: str, text: str, schema: Schema) -> Expression:
    try:
        return check(text, schema)
    except ExpressionError as error:
        raise RuleFault(rule.id, key, error.message, hint=error.hint) from error


def _instant(rule: Rule, key: str, text: str, schema: Schema) -> Expression:
    found = _check(rule, key, text, schema)
    if found.type is not Type.TIMESTAMP:
        hint = "Name a field that holds a date or time."
        raise RuleFault(rule.id, key, f"{text!r} is a {found.type}, not an instant", hint=hint)
    return found


def _span(micros: int) -> str:
    return f'duration("{micros}us")'


def _paths(expressions: tuple[Expression, ...]) -> tuple[FieldPath, ...]:
    return tuple(dict.fromkeys(path for expression in expressions for path in expression.operands))
