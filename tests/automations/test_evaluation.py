"""One rule on real databases: what opens, fires, resolves, and what is told of it."""

from __future__ import annotations

from automations.alerts import LIVE
from tests.automations.world import T0, Bay, World, minutes


def test_a_true_condition_fires_once_however_often_it_is_seen(world: World) -> None:
    world.rule()
    world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    first, second = world.run(minutes(0)), world.run(minutes(5))
    assert (first.enqueued, second.enqueued) == (1, 0)
    assert world.states() == ["firing"]
    assert [(row.count, row.last_seen) for row in world.alerts()] == [(2, minutes(5))]
    assert world.actions() == ["opened", "fired"]


def test_running_twice_with_nothing_changed_opens_and_enqueues_nothing(world: World) -> None:
    world.rule()
    world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    world.run(T0)
    again = world.run(T0)
    assert (again.opened, again.resolved, again.pending, again.enqueued) == ({}, 0, 0, 0)


def test_a_false_condition_resolves_and_says_so_to_those_who_heard_of_it(world: World) -> None:
    world.rule()
    world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    world.run(minutes(0))
    world.put(Bay, "b1", name="B1", beds=2, occupied=1)
    world.run(minutes(5))
    assert world.sends() == ["fired", "resolved"]
    assert [(one.sequence, one.episode) for one in world.told] == [(1, 1), (2, 1)]


def test_the_same_problem_again_is_the_next_episode(world: World) -> None:
    world.rule()
    for place, occupied in enumerate((3, 1, 3)):
        world.put(Bay, "b1", name="B1", beds=2, occupied=occupied)
        world.run(minutes(place))
    assert [row.episode for row in world.alerts()] == [1, 2]
    assert len({row.fingerprint for row in world.alerts()}) == 1


def test_a_blip_shorter_than_for_leaves_a_row_and_tells_nobody(world: World) -> None:
    world.rule(**{"for": "10m"})
    world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    world.run(minutes(0))
    world.put(Bay, "b1", name="B1", beds=2, occupied=1)
    world.run(minutes(5))
    assert [(row.state, row.resolve_reason) for row in world.alerts()] == [("resolved", "blip")]
    assert world.told == []


def test_an_unknown_operand_neither_fires_nor_resolves(world: World) -> None:
    world.rule()
    world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    world.put(Bay, "b2", name="B2", beds=None, occupied=3)
    world.run(minutes(0))
    world.put(Bay, "b1", name="B1", beds=None, occupied=3)
    report = world.run(minutes(5))
    assert world.states() == ["firing"]
    assert report.unknown == 1


def test_an_entity_that_is_gone_is_resolved_at_the_second_look(world: World) -> None:
    world.rule()
    world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    world.run(minutes(0))
    world.drop(Bay, "b1")
    world.run(minutes(5))
    assert world.states() == ["firing"]
    world.run(minutes(10))
    assert [(row.state, row.resolve_reason) for row in world.alerts()] == [("resolved", "entity_missing")]


def test_clear_has_its_own_threshold(world: World) -> None:
    world.rule(clear="occupied < beds")
    seen = []
    for place, occupied in enumerate((3, 2, 1)):
        world.put(Bay, "b1", name="B1", beds=2, occupied=occupied)
        world.run(minutes(place))
        seen.append(world.states()[0])
    assert seen == ["firing", "firing", "resolved"]


def test_a_rule_in_shadow_records_and_tells_nobody(world: World) -> None:
    world.rule(lifecycle="shadow")
    world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    report = world.run(T0)
    assert (world.states(), report.enqueued, world.told) == (["firing"], 0, [])


def test_a_draft_is_not_evaluated(world: World) -> None:
    world.rule(lifecycle="draft")
    world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    assert world.run(T0).runs == ()


def test_timelines_never_touch_one_another(world: World) -> None:
    world.rule()
    world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    world.run(minutes(0), "replay-1")
    world.put(Bay, "b1", name="B1", beds=2, occupied=1)
    world.run(minutes(5))
    assert [(row.timeline, row.state) for row in world.alerts()] == [("replay-1", "firing")]
    world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    world.run(minutes(6))
    assert {row.timeline for row in world.alerts()} == {"replay-1", LIVE}


def test_a_condition_for_severity_makes_it_worse_and_tells_again(world: World) -> None:
    world.rule(severity_when={"critical": "occupied > beds + 2"})
    for place, occupied in enumerate((3, 5, 5)):
        world.put(Bay, "b1", name="B1", beds=2, occupied=occupied)
        world.run(minutes(place))
    assert world.sends() == ["fired", "worse"]
    assert world.alerts()[0].severity == "critical"


def test_a_thousand_entities_are_opened_together(world: World) -> None:
    world.rule()
    world.put_many(Bay, {f"b{n}": {"name": f"B{n}", "beds": 2, "occupied": 3 + n % 2} for n in range(1000)})
    report = world.run(T0)
    assert report.opened == {"high": 1000}
    assert len({row.id for row in world.alerts()}) == 1000
