"""What the agenda calls due: each thing at its time, nothing in between, everything after the clock was set back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from automations.actions import snooze
from automations.agenda import Agenda, Plan
from automations.engine import RuleReport, evaluate
from automations.live import evaluate_entities
from substrate.batches import next_stamp
from substrate.clock import DAY, HOUR, MINUTE, SECOND
from substrate.database import Database
from substrate.freshness import advance
from tests.automations.world import T0, Bay, Visit, World, minutes

SWEEP = 5 * MINUTE
LATE = {"entity": "visit", "when": "status == 'booked' && age(start) >= duration('30m')"}


class Desk:
    """Somebody who does what the agenda says, second by second, and notes when."""

    def __init__(self, world: World, sweep: int = DAY) -> None:
        self.world = world
        self.agenda = Agenda(world.engine, sweep)
        self.wholes: list[int] = []
        self.looks: list[int] = []
        self.glances: list[tuple[int, int]] = []

    def tick(self, at: int) -> Plan:
        with self.world.database.read() as connection:
            plan = self.agenda.plan(connection, at)
        if plan.whole or plan.rules:
            (self.wholes if plan.whole else self.looks).append(at)
            report = evaluate(self.world.engine, at, only=plan.rules, in_between=not plan.whole)
            self.agenda.note(plan, costing(report, 0.0), at)
        for kind, ids in plan.entities.items():
            self.glances.append((at, len(ids)))
            self.agenda.note_some(evaluate_entities(self.world.engine, self.agenda.reflexes[kind], ids, at).runs)
        return plan

    def walk(self, first: int, last: int, step: int = MINUTE) -> None:
        """One tick a step."""
        for at in range(first, last + 1, step):
            self.tick(at)


def costing(report: RuleReport, seconds: float) -> RuleReport:
    """The same, as if each rule had taken so long."""
    return replace(report, runs=tuple(replace(run, seconds=seconds) for run in report.runs))


def written(database: Database) -> None:
    """Say that records were written."""
    with database.write() as connection:
        next_stamp(connection, T0)


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


def test_the_first_look_is_at_everything_and_the_next_at_nothing(desk: Desk) -> None:
    desk.world.rule()
    assert desk.tick(T0) == Plan(whole=True)
    assert desk.tick(T0 + MINUTE) == Plan(whole=False)


def test_all_rules_are_looked_at_at_regular_intervals(world: World) -> None:
    world.rule()
    desk = Desk(world, SWEEP)
    desk.walk(T0, T0 + 12 * MINUTE)
    assert desk.wholes == [T0, T0 + SWEEP, T0 + 2 * SWEEP]
    assert desk.looks == []


def test_an_entity_that_turns_is_looked_at_when_it_does(desk: Desk) -> None:
    desk.world.rule(**LATE)
    desk.world.put(Visit, "v1", start=minutes(-20.5), status="booked")
    desk.walk(T0, minutes(15))
    assert desk.glances == [(minutes(10), 1)]
    assert desk.world.sends() == ["fired"]


def test_a_turn_that_a_strict_comparison_makes_a_moment_later_is_not_missed(desk: Desk) -> None:
    desk.world.rule(**{**LATE, "when": "age(start) > duration('30m')"})
    desk.world.put(Visit, "v1", start=minutes(-20), status="booked")
    desk.walk(T0, minutes(12))
    assert desk.glances == [(minutes(10), 1), (minutes(11), 1)]
    assert desk.world.sends() == ["fired"]


def test_what_is_written_later_is_foreseen_then(desk: Desk) -> None:
    desk.world.rule(**LATE)
    desk.walk(T0, minutes(5))
    desk.world.put(Visit, "v1", start=minutes(-22.5), status="booked")
    written(desk.world.database)
    desk.walk(minutes(6), minutes(12))
    assert desk.glances == [(minutes(8), 1)]


def test_a_wait_that_is_over_fires_at_its_time(desk: Desk) -> None:
    desk.world.rule(**{"for": "7m"})
    desk.world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    desk.walk(T0, minutes(10))
    assert desk.glances == [(minutes(7), 1)]
    assert desk.world.states() == ["firing"]


def test_a_recovery_that_is_over_resolves_at_its_time(desk: Desk) -> None:
    desk.world.rule(keep_firing_for="10m")
    desk.world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    desk.tick(T0)
    desk.world.put(Bay, "b1", name="B1", beds=2, occupied=1)
    desk.world.run(T0 + MINUTE)
    desk.walk(minutes(2), minutes(15))
    assert desk.glances == [(minutes(11), 1)]
    assert desk.world.states() == ["resolved"]


def test_a_snooze_that_a_person_set_ends_at_its_time(desk: Desk) -> None:
    desk.world.rule()
    desk.world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    desk.walk(T0, minutes(2))
    with desk.world.database.write() as connection:
        snooze(connection, desk.world.alerts()[0].id, "anna", minutes(2), minutes(9))
    desk.walk(minutes(3), minutes(12))
    assert desk.glances == [(minutes(9), 1)]
    assert desk.world.sends() == ["fired", "snooze_ended"]


def test_data_that_is_unknown_for_too_long_is_told_at_its_time(desk: Desk) -> None:
    desk.world.rule(nodata_after="10m", nodata="alert")
    desk.world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    desk.tick(T0)
    desk.world.put(Bay, "b1", name="B1", beds=2, occupied=None)
    desk.world.run(T0 + MINUTE)
    desk.walk(minutes(2), minutes(13))
    assert desk.world.sends() == ["fired", "nodata"]
    assert desk.glances == [(minutes(11), 1)]


def test_data_that_becomes_too_old_is_told_and_its_rules_look_when_it_is_back(world: World) -> None:
    world.engine = replace(world.engine, budgets={"records:watched_bay": HOUR})
    desk = Desk(world)
    world.rule()
    mark(world.database, T0 - 55 * MINUTE)
    desk.walk(T0, minutes(8))
    assert desk.looks == [minutes(6)]
    assert [row.rule_id for row in world.alerts()] == ["plumbline-data-stale"]
    mark(world.database, minutes(9))
    desk.walk(minutes(9), minutes(12))
    assert desk.looks == [minutes(6), minutes(9)]
    assert world.states() == ["resolved"]


def test_nothing_is_called_old_before_anything_was_read(world: World) -> None:
    world.engine = replace(world.engine, budgets={"records:watched_bay": HOUR})
    desk = Desk(world)
    world.rule()
    desk.walk(T0, minutes(2))
    assert (desk.wholes, world.alerts()) == ([], [])
    mark(world.database, minutes(2))
    desk.walk(minutes(3), minutes(4))
    assert desk.wholes == [minutes(3)]


def mark(database: Database, at: int) -> None:
    """Say how far the bays are known."""
    with database.write() as connection:
        advance(connection, ["records:watched_bay"], "erp", at)


@pytest.mark.parametrize(
    ("said", "apart"),
    [({"max_gap": "6m"}, 3), ({"entity": "visit", "when": "hour_of_day(now) == 8"}, 1)],
    ids=["max_gap", "unforeseen"],
)
def test_what_needs_a_rhythm_has_it(desk: Desk, said: dict[str, Any], apart: int) -> None:
    desk.world.rule(**said)
    desk.walk(T0, minutes(6))
    assert desk.looks == [minutes(count) for count in range(apart, 7, apart)]


def test_a_new_rule_is_looked_at_at_once(desk: Desk) -> None:
    desk.tick(T0)
    desk.world.rule()
    assert desk.tick(T0 + SECOND).rules == {"bay-full"}


def test_a_clock_that_is_set_back_begins_anew_and_a_trembling_one_does_not(desk: Desk) -> None:
    desk.world.rule()
    desk.tick(T0)
    assert not desk.tick(T0 - SECOND // 2).whole
    assert desk.tick(T0 - HOUR).whole


def test_a_look_in_between_leaves_the_rhythm_of_the_rule_alone(world: World) -> None:
    world.rule(**{"for": "20m"})
    world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    for place in range(40):
        evaluate(world.engine, T0 + place * SECOND, in_between=place > 0)
    world.run(T0 + 25 * MINUTE)
    assert world.states() == ["firing"]


def test_what_a_slow_rule_costs_is_paid_back_in_rest(world: World) -> None:
    world.rule(max_gap="2s")
    agenda = Agenda(world.engine, DAY)
    with world.database.read() as connection:
        plan = agenda.plan(connection, T0)
        report = evaluate(world.engine, T0)
        agenda.note(plan, costing(report, 2.0), T0)
        due = [second for second in range(1, 30) if agenda.plan(connection, T0 + second * SECOND).rules]
    assert due[0] == 20
