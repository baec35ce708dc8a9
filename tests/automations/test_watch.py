"""Stale data holds rules still and is told to its steward; a rule that keeps failing is told to its owner."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import update

from automations.rulebook import pause, rule_version
from substrate.clock import HOUR, MINUTE
from substrate.freshness import advance
from tests.automations.world import T0, Bay, World


def fresh(world: World, at: int) -> None:
    with world.database.write() as connection:
        advance(connection, ["records:watched_bay"], "erp", at)


def promised(world: World) -> World:
    world.engine = replace(world.engine, budgets={"records:watched_bay": HOUR})
    world.rule()
    world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    return world


def spoil(world: World) -> None:
    """Make the stored rule one that no longer fits the facts."""
    broken = '{"rule":"bay-full","title":"t","description":"d","entity":"bay","when":"gone > 1","severity":"high",'
    broken += '"owner":"bed-manager","cost_of_delay":"c","notify":[{"role":"charge-nurse"}]}'
    with world.database.write() as connection:
        connection.execute(update(rule_version).where(rule_version.c.rule_id == "bay-full").values(spec=broken))


def test_a_rule_neither_fires_nor_resolves_on_stale_data(world: World) -> None:
    promised(world)
    report = world.run(T0)
    assert list(report.stale) == ["bay-full"]
    assert report.evaluated == 0
    assert [row.rule_id for row in world.alerts()] == ["plumbline-data-stale"]


def test_stale_data_is_told_once_to_the_steward_and_taken_back_when_fresh(world: World) -> None:
    promised(world)
    world.run(T0)
    world.run(T0 + MINUTE)
    fresh(world, T0 + 2 * MINUTE)
    world.run(T0 + 2 * MINUTE)
    told = [(one.targets[0].role, str(one.reason)) for one in world.told]
    steward = [("data-steward", "data_stale"), ("data-steward", "resolved")]
    assert [one for one in told if one[0] == "data-steward"] == steward
    assert ("charge-nurse", "fired") in told


def test_an_alert_that_fires_stays_as_it_is_while_its_data_is_stale(world: World) -> None:
    promised(world)
    fresh(world, T0)
    world.run(T0)
    world.put(Bay, "b1", name="B1", beds=2, occupied=0)
    world.run(T0 + 2 * HOUR)
    assert [row.state for row in world.alerts() if row.rule_id == "bay-full"] == ["firing"]


def test_a_rule_s_own_promise_goes_before_the_vertical_s(world: World) -> None:
    promised(world)
    world.rule(staleness="3h")
    fresh(world, T0)
    assert world.run(T0 + 2 * HOUR).stale == {}


def test_the_evidence_names_the_data_its_age_and_the_rules_held_still(world: World) -> None:
    promised(world)
    fresh(world, T0)
    world.run(T0 + 2 * HOUR)
    values = {value["path"]: value["value"] for value in world.told[0].context["values"]}
    assert values == {"as_of": T0, "age": 2 * HOUR, "budget": HOUR, "rules": "bay-full"}


def test_a_rule_that_fails_three_times_is_told_to_its_owner_and_others_go_on(world: World) -> None:
    world.rule()
    world.rule(rule="bay-empty", when="occupied == 0")
    world.put(Bay, "b1", name="B1", beds=2, occupied=0)
    spoil(world)
    reports = [world.run(T0 + place * MINUTE) for place in range(4)]
    assert [list(report.errors) for report in reports] == [["bay-full"]] * 4
    assert reports[0].opened == {"high": 1}
    told = [(one.targets[0].role, str(one.reason)) for one in world.told if "failing" in one.context["rule"]]
    assert told == [("bed-manager", "rule_error")]


def test_a_rule_that_works_again_takes_its_alert_back(world: World) -> None:
    world.rule()
    spoil(world)
    for place in range(3):
        world.run(T0 + place * MINUTE)
    world.rule(title="Bay is too full")
    world.run(T0 + 5 * MINUTE)
    assert [(row.rule_id, row.state) for row in world.alerts()] == [("plumbline-rule-failing", "resolved")]


def test_a_failing_rule_that_is_paused_takes_its_alert_back(world: World) -> None:
    world.rule()
    spoil(world)
    for place in range(3):
        world.run(T0 + place * MINUTE)
    with world.database.write() as connection:
        pause(connection, "bay-full", "anna", T0)
    world.run(T0 + 5 * MINUTE)
    assert world.states() == ["resolved"]
