"""A record that should be there: told when it is not, taken back when it comes."""

from __future__ import annotations

from typing import Any

from substrate.clock import HOUR, MINUTE
from substrate.records import record_id
from tests.automations.world import T0, Dose, Line, World

MISSING: dict[str, Any] = {
    "rule": "dose-missing",
    "entity": "line",
    "when": None,
    "missing": {"expect": "dose", "by": "line_id", "from": "ordered", "within": "1h", "when": 'state == "active"'},
}
LINE = record_id("erp", "line", "l1")


def ordered(world: World, state: str = "active") -> None:
    world.put(Line, "l1", ordered=T0, state=state)


def test_nothing_is_missing_before_its_time(world: World) -> None:
    world.rule(**MISSING)
    ordered(world)
    assert world.run(T0 + HOUR - 1).opened == {}
    assert world.run(T0 + HOUR).opened == {"high": 1}


def test_a_record_that_is_there_keeps_it_quiet(world: World) -> None:
    world.rule(**MISSING)
    ordered(world)
    world.put(Dose, "d1", line_id=LINE, given=T0, result="given")
    assert world.run(T0 + 2 * HOUR).opened == {}


def test_a_record_that_comes_late_takes_it_back(world: World) -> None:
    world.rule(**MISSING)
    ordered(world)
    world.run(T0 + HOUR)
    world.put(Dose, "d1", line_id=LINE, given=T0 + HOUR, result="given")
    world.run(T0 + 2 * HOUR)
    assert world.sends() == ["fired", "resolved"]


def test_an_order_that_is_stopped_takes_it_back(world: World) -> None:
    world.rule(**MISSING)
    ordered(world)
    world.run(T0 + HOUR)
    ordered(world, state="stopped")
    world.run(T0 + 2 * HOUR)
    assert world.states() == ["resolved"]


def test_a_record_that_does_not_meet_the_condition_does_not_count(world: World) -> None:
    world.rule(**{**MISSING, "missing": {**MISSING["missing"], "where": 'result == "given"'}})
    ordered(world)
    world.put(Dose, "d1", line_id=LINE, given=T0, result="refused")
    assert world.run(T0 + HOUR).opened == {"high": 1}


def test_a_record_from_before_the_wait_does_not_count(world: World) -> None:
    world.rule(**{**MISSING, "missing": {**MISSING["missing"], "at": "given"}})
    ordered(world)
    world.put(Dose, "d1", line_id=LINE, given=T0 - MINUTE, result="given")
    assert world.run(T0 + HOUR).opened == {"high": 1}


def test_the_evidence_says_what_was_waited_for(world: World) -> None:
    world.rule(**MISSING)
    ordered(world)
    world.run(T0 + HOUR)
    assert world.told[0].context["missing"] == {"kind": "dose", "since": T0, "due": T0 + HOUR}
