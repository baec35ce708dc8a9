"""Reminders: due once, late once after downtime, armed again by a moved date, and withdrawn when their reason goes."""

from __future__ import annotations

import orjson
import pytest

from automations.findings import Finding
from automations.lifecycle import Verdict
from automations.outbox import SendReason
from automations.reminders import occurrences, verdict_of_occurrence
from automations.rules import Remind, Severity
from substrate.clock import DAY, HOUR, MINUTE
from tests.automations.world import T0, Visit, World

REMIND = {
    "rule": "visit-tomorrow",
    "entity": "visit",
    "when": None,
    "remind": {"field": "start", "before": "24h", "when": 'status == "booked"'},
}
START = T0 + 10 * DAY
DUE = START - DAY


def found(moment: int | None) -> Finding:
    return Finding(1, None, Verdict.TRUE, Severity.INFO, moment, ())


def booked(world: World, start: int = START, status: str = "booked", key: str = "v1") -> None:
    world.put(Visit, key, start=start, status=status)


def test_a_reminder_is_told_once_when_it_is_due(world: World) -> None:
    world.rule(**REMIND)
    booked(world)
    for at in (DUE - MINUTE, DUE, DUE + MINUTE, DUE + HOUR):
        world.run(at)
    assert [one.reason for one in world.told] == [SendReason.REMINDER]
    assert world.told[0].created_at == DUE


def test_it_ends_in_silence_when_its_time_is_over(world: World) -> None:
    world.rule(**REMIND)
    booked(world)
    world.run(DUE)
    world.run(START)
    assert [(row.state, row.resolve_reason) for row in world.alerts()] == [("resolved", "reminded")]
    assert world.sends() == ["fired"]


def test_a_cancelled_visit_is_not_reminded_of(world: World) -> None:
    world.rule(**REMIND)
    booked(world, status="cancelled")
    world.run(DUE)
    assert world.alerts() == []


def test_a_visit_cancelled_after_its_reminder_is_taken_back(world: World) -> None:
    world.rule(**REMIND)
    booked(world)
    world.run(DUE)
    booked(world, status="cancelled")
    world.run(DUE + MINUTE)
    assert [row.resolve_reason for row in world.alerts()] == ["withdrawn"]
    assert world.sends() == ["fired", "resolved"]


def test_a_moved_visit_is_reminded_of_anew_and_the_old_reminder_is_taken_back(world: World) -> None:
    world.rule(**REMIND)
    booked(world)
    world.run(DUE)
    booked(world, start=START + DAY)
    world.run(DUE + HOUR)
    world.run(DUE + DAY)
    assert world.sends() == ["fired", "resolved", "fired"]
    assert len({row.fingerprint for row in world.alerts()}) == 2


def test_two_days_of_downtime_are_caught_up_once_and_labelled_late(world: World) -> None:
    world.rule(**REMIND)
    for hour in range(48):
        booked(world, start=START + hour * HOUR, key=f"v{hour}")
    world.run(DUE - MINUTE)
    back = DUE + 48 * HOUR - MINUTE
    assert (world.run(back).enqueued, world.run(back + MINUTE).enqueued) == (48, 0)
    late = [one.context["reminder"]["late"] for one in world.told]
    assert (min(late), max(late)) == (HOUR - MINUTE, 48 * HOUR - MINUTE)
    assert {one.reason for one in world.told} == {SendReason.LATE_REMINDER}


def test_what_came_due_too_long_ago_is_counted_and_not_told(world: World) -> None:
    world.rule(**REMIND)
    booked(world)
    world.run(DUE - MINUTE)
    report = world.run(DUE + 3 * DAY)
    assert (report.lapsed, report.enqueued) == (1, 0)
    assert world.run(DUE + 3 * DAY + MINUTE).lapsed == 0


def test_a_visit_that_we_learn_of_late_is_still_reminded_of(world: World) -> None:
    world.rule(**REMIND)
    world.run(DUE + HOUR)
    booked(world)
    world.run(DUE + 2 * HOUR)
    assert [one.context["reminder"]["late"] for one in world.told] == [2 * HOUR]


def test_the_first_look_leaves_out_what_is_already_past(world: World) -> None:
    world.rule(**REMIND)
    booked(world, start=T0 - HOUR, key="past")
    booked(world, start=T0 + HOUR, key="to-come")
    assert world.run(T0).enqueued == 1


def test_a_clock_that_jumps_back_tells_nothing_twice(world: World) -> None:
    world.rule(**REMIND)
    booked(world)
    for at in (DUE, DUE - HOUR, DUE + MINUTE, DUE - DAY, DUE + 2 * MINUTE):
        world.run(at)
    assert world.sends() == ["fired"]


def test_a_clock_that_jumps_ahead_tells_nothing_twice(world: World) -> None:
    world.rule(**REMIND)
    booked(world)
    world.run(DUE - MINUTE)
    world.run(DUE + 20 * HOUR)
    world.run(DUE)
    assert world.sends() == ["fired"]


def test_a_reminder_after_an_instant_ends_when_it_is_no_longer_worth_telling(world: World) -> None:
    remind = {"field": "start", "after": "3d", "max_lateness": "12h"}
    world.rule(**{**REMIND, "remind": remind})
    booked(world, start=T0)
    world.run(T0 + 3 * DAY)
    world.run(T0 + 3 * DAY + 12 * HOUR)
    assert [row.resolve_reason for row in world.alerts()] == ["reminded"]


def test_the_occurrence_is_a_label_of_the_alert(world: World) -> None:
    world.rule(**REMIND)
    booked(world)
    world.run(DUE)
    assert orjson.loads(world.alerts()[0].labels) == {"occurrence": START, "offset": -DAY}


def test_an_occurrence_is_late_only_when_that_is_worth_saying() -> None:
    remind = Remind(field="start", before="1d")
    told = [occurrences(remind, [found(START)], DUE + wait, first=False)[0].late for wait in (0, 15 * MINUTE, HOUR)]
    assert told == [0, 0, HOUR]


@pytest.mark.parametrize(
    ("finding", "at", "verdict"),
    [
        (found(START), DUE, Verdict.TRUE),
        (found(START + 1), DUE, Verdict.FALSE),
        (found(None), DUE, Verdict.UNKNOWN),
        (None, DUE, Verdict.MISSING),
        (found(START), START, Verdict.OVER),
    ],
)
def test_an_open_reminder_stands_by_its_own_instant(finding: Finding | None, at: int, verdict: Verdict) -> None:
    assert verdict_of_occurrence(finding, START, START, at) is verdict
