"""At which instants time alone may change what a rule says, and which of them lie ahead."""

from __future__ import annotations

import pytest

from automations.conditions import compile_rule
from automations.foresight import HORIZON, turnings, upcoming
from substrate.clock import DAY, HOUR, MINUTE
from substrate.facts import Facts
from tests.automations.world import RECORDS, T0, Dose, Line, Visit, World, rule_of

FACTS = Facts(RECORDS)


def instants(**said: object) -> list[str] | None:
    """What a rule about visits turns at, as it is written."""
    rule = rule_of(**{"entity": "visit", "when": None, **said})
    found = turnings(compile_rule(rule, FACTS), FACTS)
    return None if found is None else [instant.text for turning in found for instant in turning.instants]


@pytest.mark.parametrize(
    ("when", "turns"),
    [
        ("age(start) >= duration('30m')", '(start) + (duration("30m"))'),
        ("duration('30m') < age(start)", '(start) + (duration("30m"))'),
        ("now - start > duration('1h')", '(start) + (duration("1h"))'),
        ("start - now < duration('1h')", '(start) - (duration("1h"))'),
        ("start < now", "start"),
        ("start <= now - duration('2h')", '(start) + (duration("2h"))'),
        ("start <= now + duration('2h')", '(start) - (duration("2h"))'),
        ("hours_since(start) >= 3.0", '(start) + (duration("10800000000us"))'),
        ("status == 'a' || !(start < now)", "start"),
    ],
)
def test_each_way_to_compare_with_now_turns_where_both_sides_meet(when: str, turns: str) -> None:
    assert instants(when=when) == [turns]


def test_a_condition_without_a_clock_never_turns() -> None:
    assert instants(when="status == 'booked'") == []


@pytest.mark.parametrize("when", ["hour_of_day(now) == 8", "now - start + duration('1h') > duration('2h')"])
def test_what_cannot_be_foreseen_is_not_guessed(when: str) -> None:
    assert instants(when=when) is None


def test_what_makes_it_worse_turns_too() -> None:
    said = {"when": "status == 'late'", "severity_when": {"critical": "age(start) > duration('1d')"}}
    assert instants(**said) == ['(start) + (duration("1d"))']


def ahead(world: World, limit: int = 10, **said: object) -> list[int]:
    """The minutes after T0 at which a rule's entities turn."""
    rule = compile_rule(rule_of(**{"entity": "visit", **said}), FACTS)
    found = turnings(rule, FACTS)
    assert found is not None
    with world.database.read() as connection:
        listed = upcoming(connection, FACTS, rule.rule.entity, found, T0, limit)
    return [(instant - T0) // MINUTE for instant, _ in listed]


def test_the_instants_ahead_are_those_of_entities_that_may_come_to_it(world: World) -> None:
    listed = ((-31, "booked"), (-20, "booked"), (-10, "gone"), (5, "booked"), (5, "booked"))
    for place, (minute, status) in enumerate(listed):
        world.put(Visit, f"v{place}", start=T0 + minute * MINUTE, status=status)
    world.put(Visit, "far", start=T0 + HORIZON + DAY, status="booked")
    when = "status == 'booked' && age(start) >= duration('30m')"
    assert ahead(world, when=when) == [10, 35, 35]
    assert ahead(world, when=when, limit=1) == [10]


def test_a_missing_record_is_due_when_the_wait_is_over(world: World) -> None:
    world.put(Line, "l1", bay_id=None, ordered=T0 - MINUTE, state="active")
    world.put(Dose, "d1", line_id=None, given=T0, result=None)
    missing = {"expect": "dose", "by": "line_id", "from": "ordered", "within": "1h", "when": "state == 'active'"}
    assert ahead(world, entity="line", when=None, missing=missing) == [59]


def test_a_reminder_is_due_before_its_instant(world: World) -> None:
    world.put(Visit, "v1", start=T0 + 2 * HOUR, status="booked")
    assert ahead(world, when=None, remind={"field": "start", "before": "1h"}) == [60]
