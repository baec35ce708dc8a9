"""The shipped rules: each fits the facts, keeps its own examples, and says all that staff must know."""

from __future__ import annotations

import pytest

from automations.rule_check import check_rule
from automations.rule_files import read_rules
from automations.rules import Lifecycle, Rule
from substrate.facts import Facts
from verticals.school import vertical

RULES = read_rules(vertical.rules)
FACTS = Facts(vertical.records, vertical.views)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_fits_the_facts_and_keeps_its_examples(rule: Rule) -> None:
    assert check_rule(rule, FACTS) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_shows_when_it_fires_when_not_and_when_nobody_knows(rule: Rule) -> None:
    assert {example.expect for example in rule.examples} == {True, False, "unknown"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_looks_at_recent_events_only_or_at_a_present_state(rule: Rule) -> None:
    text = f"{rule.when or ''} {rule.missing.when if rule.missing else ''}"
    counted = ("registers_missing_24h", "missing_24h", "items_7d", "risk_signs", "absence_surprise", "term.end")
    assert rule.remind is not None or ") < duration(" in text or any(name in text for name in counted)


def test_every_file_is_named_after_its_rule() -> None:
    names = {entry.name.removesuffix(".yaml") for entry in vertical.rules.iterdir()}
    assert names == {rule.id for rule in RULES}


def test_all_are_active() -> None:
    assert {rule.lifecycle for rule in RULES} == {Lifecycle.ACTIVE}


def test_no_rule_tells_those_who_have_left() -> None:
    about = {rule.id for rule in RULES if rule.entity in ("student", "registration", "submission")}
    told = {rule.id for rule in RULES if "left_at)" in f"{rule.when or ''}{rule.remind.when if rule.remind else ''}"}
    assert about <= told
