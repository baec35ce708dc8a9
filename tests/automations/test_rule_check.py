"""Rules against the facts: unknown fields, wrong types, and examples that do not hold."""

from __future__ import annotations

from typing import Any

import pytest

from automations.rule_check import check_rule
from substrate.facts import Facts
from tests.automations.world import RECORDS, rule_of

FACTS = Facts(RECORDS)


def problems(**said: Any) -> list[str]:
    return [f"{problem.key}: {problem.message} {problem.hint}" for problem in check_rule(rule_of(**said), FACTS)]


def example(expect: Any, **given: Any) -> dict[str, Any]:
    return {"examples": [{"name": "e", "given": given, "expect": expect}]}


def test_a_sound_rule_has_no_problems() -> None:
    assert problems(**example(True, occupied=3, beds=2)) == []
    assert problems(**example(False, occupied=1, beds=2)) == []
    assert problems(**example("unknown", occupied=1)) == []


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"when": "ocupied > beds"}, ["when: ", "at 1:1", "did you mean 'occupied'?"]),
        ({"when": "occupied + beds"}, ["when: "]),
        ({"when": "occupied >"}, ["when: ", "at 1:11"]),
        ({"clear": "beds == 'x'"}, ["clear: "]),
        ({"severity_when": {"critical": "nope"}}, ["severity_when.critical: "]),
        ({"values": ["occupied", "nope"]}, ["values.1: "]),
        ({"entity": "bayou"}, ["entity: there are no records of kind 'bayou'"]),
        ({"when": None, "remind": {"field": "name", "before": "1d"}}, ["remind.field: 'name' is a string"]),
        (example(True, occupied=1, beds=2), ["examples.0: 'e': expected true, but the rule says false"]),
        (example(True, ocupied=1), ["examples.0.given.ocupied: ", "did you mean 'occupied'?"]),
        (example(True, occupied="three"), ["examples.0.given.occupied: ", "is not of type int"]),
        ({"when": "age(recorded_at) > duration('1h')", **example(True)}, ["examples.0.now: "]),
    ],
)
def test_a_problem_names_its_key_its_place_and_the_next_step(said: dict[str, Any], told: list[str]) -> None:
    (problem,) = problems(**said)
    assert all(part in problem for part in told), problem


def test_a_missing_rule_s_example_says_whether_the_record_was_found() -> None:
    missing = {"expect": "dose", "by": "line_id", "from": "ordered", "within": "1h"}
    examples = [
        {"name": str(found), "now": "2019-06-01T02:00Z", "given": {"ordered": "2019-06-01"}, "found": found,
         "expect": not found}
        for found in (True, False)
    ]  # fmt: skip
    assert problems(entity="line", when=None, missing=missing, examples=examples) == []


def test_a_missing_rule_s_record_is_checked_too() -> None:
    missing = {"expect": "dose", "by": "line", "from": "ordered", "within": "1h"}
    (problem,) = problems(entity="line", when=None, missing=missing)
    assert problem.startswith("missing.by: ")
