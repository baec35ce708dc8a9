"""Is a rule right before anything rests on it: its texts against the facts, its examples against its own trigger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from automations.conditions import Compiled, RuleFault, compile_rule
from automations.rules import Example, Rule
from substrate.clock import parse_duration, parse_instant
from substrate.errors import ConfigurationError, NotFoundError
from substrate.expressions.closures import arrange, to_closure
from substrate.expressions.errors import did_you_mean
from substrate.expressions.types import FieldPath, Schema, Type, Value
from substrate.facts import Facts


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a rule.

    Attributes:
        rule: the rule's id.
        key: the key of its file, `examples.0.given.beds`.
        message: what is wrong, with the place in the text where there is one.
        hint: the next step.
        grave: the rule cannot go as it is; otherwise it can, and somebody should know.
    """

    rule: str
    key: str
    message: str
    hint: str = ""
    grave: bool = True

    def __str__(self) -> str:
        return f"{self.rule}: {self.key}: {self.message}" + (f"\n{self.hint}" if self.hint else "")


class _Wrong(Exception):
    def __init__(self, key: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.key = key
        self.message = message
        self.hint = hint


def check_rule(spec: Rule, facts: Facts) -> list[Problem]:
    """Everything that is wrong with a rule; empty: nothing is.

    Args:
        spec: the rule.
        facts: what the rules of its vertical may speak of.
    """
    try:
        compiled = compile_rule(spec, facts)
    except RuleFault as fault:
        return [Problem(spec.id, fault.key, fault.fault, fault.hint)]
    except NotFoundError as error:
        return [Problem(spec.id, "entity", error.message, error.hint)]
    problems = []
    for place, example in enumerate(spec.examples):
        try:
            _try(compiled, example, facts.schema(spec.entity))
        except _Wrong as wrong:
            key = ".".join(part for part in (f"examples.{place}", wrong.key) if part)
            problems.append(Problem(spec.id, key, f"{example.name!r}: {wrong.message}", wrong.hint))
    return problems


def given_values(example: Example, schema: Schema) -> dict[FieldPath, Value | None]:
    """What an example gives, by path and as the fields hold it; nothing, where it gives what is not there."""
    try:
        return dict(_given(name, value, schema) for name, value in example.given.items())
    except _Wrong:
        return {}


def _try(rule: Compiled, example: Example, schema: Schema) -> None:
    values = dict(_given(name, value, schema) for name, value in example.given.items())
    if example.now is None and rule.found.uses_now:
        raise _Wrong("now", "is missing, and the rule reads `now`", 'Add now: "2026-03-02T10:00:00Z".')
    now = _instant("now", example.now) if example.now else 0
    got = to_closure(rule.found)(arrange(rule.found, values), now)
    if rule.expected is not None and example.found:
        got = False if got is not None else None
    expected = None if example.expect == "unknown" else example.expect
    if got is not expected:
        hint = "Correct the condition, or the example."
        raise _Wrong("", f"expected {_say(expected)}, but the rule says {_say(got)}", hint)


def _given(name: str, value: Any, schema: Schema) -> tuple[FieldPath, Value | None]:
    path = tuple(name.split("."))
    operand = schema.resolve(path)
    if operand is None:
        raise _Wrong(f"given.{name}", "there is no such field", did_you_mean(name, schema.names()))
    return path, _typed(f"given.{name}", value, operand.type)


def _typed(key: str, value: Any, kind: Type) -> Any:
    if value is None:
        return None
    if kind is Type.TIMESTAMP:
        return _instant(key, value)
    if kind is Type.DURATION:
        return _duration(key, value)
    if kind is Type.DOUBLE and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    wanted = {Type.INT: int, Type.DOUBLE: float, Type.STRING: str, Type.BOOL: bool}[kind]
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        raise _Wrong(key, f"{value!r} is not of type {kind}", "Write a value as the field holds it.")
    return value


def _instant(key: str, value: Any) -> int:
    try:
        return parse_instant(str(value))
    except ConfigurationError as error:
        raise _Wrong(key, error.message, error.hint) from None


def _duration(key: str, value: Any) -> int:
    try:
        return parse_duration(str(value))
    except ConfigurationError as error:
        raise _Wrong(key, error.message, error.hint) from None


def _say(answer: Value | bool | None) -> str:
    return "unknown" if answer is None else str(answer).lower()
