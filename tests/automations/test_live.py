"""The live path decides what the regular evaluation decides, one event at a time."""

from __future__ import annotations

from typing import Any

import pytest

from automations.live import evaluate_entities
from automations.reflexes import prepare
from automations.rulebook import rules
from substrate.clock import HOUR, MINUTE
from substrate.records import record_id
from tests.automations.world import T0, Bay, Dose, Line, Visit, World


def react(world: World, kind: str, *keys: str, at: int = T0) -> Any:
    with world.database.read() as connection:
        reflexes = prepare(world.engine, rules(connection))
    return evaluate_entities(world.engine, reflexes[kind], [record_id("erp", kind, key) for key in keys], at)


def test_an_event_fires_at_once_and_only_once(world: World) -> None:
    world.rule()
    world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    assert react(world, "bay", "b1").opened == {"high": 1}
    assert react(world, "bay", "b1", at=T0 + MINUTE).opened == {}
    assert world.run(T0 + 2 * MINUTE).enqueued == 0
    assert world.sends() == ["fired"]


def test_an_event_resolves_what_the_regular_evaluation_fired(world: World) -> None:
    world.rule(clear="occupied < beds")
    world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    world.run(T0)
    world.put(Bay, "b1", name="B1", beds=2, occupied=1)
    assert react(world, "bay", "b1", at=T0 + MINUTE).resolved == 1


def test_only_the_entities_of_the_event_are_touched(world: World) -> None:
    world.rule()
    world.put_many(Bay, {key: {"name": key, "beds": 2, "occupied": 3} for key in ("b1", "b2")})
    react(world, "bay", "b1")
    assert [row.entity_id for row in world.alerts()] == [record_id("erp", "bay", "b1")]


def test_rules_with_nothing_to_do_write_nothing(world: World) -> None:
    world.rule()
    world.put(Bay, "b1", name="B1", beds=2, occupied=1)
    assert react(world, "bay", "b1").runs == ()


def test_a_reminder_that_is_due_is_told_at_the_event(world: World) -> None:
    remind = {"field": "start", "before": "1h"}
    world.rule(rule="soon", entity="visit", when=None, remind=remind)
    world.put(Visit, "v1", start=T0 + HOUR, status="booked")
    react(world, "visit", "v1")
    world.run(T0 + MINUTE)
    assert world.sends() == ["fired"]


@pytest.mark.parametrize(("there", "opened"), [(False, {"high": 1}), (True, {})])
def test_a_missing_record_is_looked_for(world: World, there: bool, opened: dict[str, int]) -> None:
    missing = {"expect": "dose", "by": "line_id", "from": "ordered", "within": "1h"}
    world.rule(entity="line", when=None, missing=missing)
    number = world.put(Line, "l1", ordered=T0 - HOUR, state="active")
    if there:
        world.put(Dose, "d1", line_id=number, given=T0, result="given")
    assert react(world, "line", "l1").opened == opened


def test_stale_data_holds_an_event_still(world: World) -> None:
    world.rule(staleness="1h")
    world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    assert list(react(world, "bay", "b1").stale) == ["bay-full"]


def test_severity_is_worked_out_for_the_event(world: World) -> None:
    world.rule(severity_when={"critical": "occupied > beds + 2", "low": "occupied > 0"})
    world.put(Bay, "b1", name="B1", beds=2, occupied=9)
    assert react(world, "bay", "b1").opened == {"critical": 1}


def test_a_rule_that_does_not_fit_is_left_to_the_regular_evaluation(world: World) -> None:
    world.rule()
    world.rule(rule="broken", when="nope > 1")
    world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    assert react(world, "bay", "b1").opened == {"high": 1}
    assert list(world.run(T0).errors) == ["broken"]
