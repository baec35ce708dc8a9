"""What staff read: the point of every shipped rule in words without any code."""

from __future__ import annotations

import re

import pytest

from automations.conditions import compile_rule
from automations.evidence import Witness
from automations.findings import Finding, Look
from automations.lifecycle import Verdict
from automations.rule_files import read_rules
from automations.rules import Rule
from substrate.clock import parse_instant
from substrate.expressions.types import Type
from substrate.facts import Facts
from tests.verticals.school.feed import NOW
from verticals.school import vertical

FACTS = Facts(vertical.records, vertical.views)
RULES = {rule.id: rule for rule in read_rules(vertical.rules)}
EXAMPLES = [(rule, example.name) for rule in RULES.values() for example in rule.examples if example.expect is True]


def told(rule: Rule, name: str) -> list[str]:
    """What an alert about an example says of why it fires."""
    example = next(one for one in rule.examples if one.name == name)
    compiled = compile_rule(rule, FACTS)
    now = parse_instant(example.now) if example.now else NOW
    schema = FACTS.schema(rule.entity)
    given = {
        tuple(path.split(".")): parse_instant(value)
        if (operand := schema.resolve(tuple(path.split(".")))) and operand.type is Type.TIMESTAMP
        else value
        for path, value in example.given.items()
    }
    values = tuple(given.get(path) for path in compiled.paths)
    finding = Finding(1, None, Verdict.TRUE, rule.severity, None, values)
    account = Witness(compiled, Look(FACTS, now, None, "live"), {}).account(finding, None)
    return [part["text"] for part in account["because"]]


@pytest.mark.parametrize(("rule", "name"), EXAMPLES, ids=lambda part: part.id if isinstance(part, Rule) else part)
def test_the_point_of_a_rule_is_said_without_code_or_enumerations(rule: Rule, name: str) -> None:
    said = told(rule, name)
    assert said
    assert not [text for text in said if re.search(r"coalesce\(|duration\(|…|_|==|others", text)]


@pytest.mark.parametrize(
    ("rule", "point"),
    [
        ("absence-unexplained", "Last mark: absent"),
        ("absence-two-days", "Days in a row without leave"),
        ("attendance-below-90", "Attendance in the term"),
        ("behaviour-letter", "Incidents in a year"),
    ],
)
def test_the_point_is_there(rule: str, point: str) -> None:
    name = next(example.name for example in RULES[rule].examples if example.expect is True)
    assert any(text.lower().startswith(point.lower()) for text in told(RULES[rule], name))
