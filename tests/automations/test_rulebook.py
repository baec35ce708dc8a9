"""The rules in the database: versions that never change, moves that are checked, and a trail of both."""

from __future__ import annotations

import pytest

from automations.rule_files import read_rule, specification
from automations.rulebook import (
    activate,
    archive,
    export_rule,
    import_rules,
    pause,
    rule,
    rules,
    version,
)
from automations.rules import Lifecycle, Rule
from substrate.audit import events_of
from substrate.errors import ConflictError, NotFoundError
from tests.automations.world import T0, Bay, World, rule_of


def bring(world: World, *specs: Rule, vertical: str = "test") -> tuple[tuple[str, ...], ...]:
    with world.database.write() as connection:
        done = import_rules(connection, vertical, specs, "anna", T0)
    return done.added, done.changed, done.unchanged


def test_an_equal_rule_makes_no_new_version(world: World) -> None:
    assert bring(world, rule_of()) == (("bay-full",), (), ())
    assert bring(world, rule_of()) == ((), (), ("bay-full",))
    with world.database.read() as connection:
        assert rule(connection, "bay-full").version == 1


def test_where_a_rule_wants_to_begin_is_no_part_of_its_version(world: World) -> None:
    bring(world, rule_of(lifecycle="shadow"))
    assert bring(world, rule_of(lifecycle="active")) == ((), (), ("bay-full",))


def test_a_changed_rule_gets_the_next_version_and_the_old_one_stays(world: World) -> None:
    bring(world, rule_of())
    assert bring(world, rule_of(title="Bay is too full")) == ((), ("bay-full",), ())
    with world.database.read() as connection:
        assert rule(connection, "bay-full").rule.title == "Bay is too full"
        assert version(connection, "bay-full", 1).title == "Bay is full"


def test_an_alert_keeps_its_fingerprint_over_versions(world: World) -> None:
    world.rule()
    world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    world.run(T0)
    world.rule(title="Bay is too full")
    world.run(T0 + 1)
    assert [(row.state, row.count) for row in world.alerts()] == [("firing", 2)]


def test_another_vertical_cannot_take_the_id(world: World) -> None:
    bring(world, rule_of())
    with pytest.raises(ConflictError, match="has the id of a rule of test"):
        bring(world, rule_of(), vertical="other")


def test_a_rule_moves_only_where_it_may(world: World) -> None:
    bring(world, rule_of(lifecycle="draft"))
    with world.database.write() as connection:
        activate(connection, "bay-full", "anna", T0, shadow=True)
        activate(connection, "bay-full", "anna", T0)
        pause(connection, "bay-full", "anna", T0)
        with pytest.raises(ConflictError, match="rule 'bay-full' is paused"):
            pause(connection, "bay-full", "anna", T0)
        assert rule(connection, "bay-full").lifecycle is Lifecycle.PAUSED


def test_an_archived_rule_ends_its_alerts_and_never_comes_back(world: World) -> None:
    world.rule()
    world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    world.run(T0)
    with world.database.write() as connection:
        assert archive(connection, "bay-full", "anna", T0) == 1
        with pytest.raises(ConflictError):
            activate(connection, "bay-full", "anna", T0)
    assert [row.resolve_reason for row in world.alerts()] == ["rule_archived"]
    with pytest.raises(ConflictError, match="is archived"):
        bring(world, rule_of(title="Again"))


def test_every_change_is_in_the_audit(world: World) -> None:
    bring(world, rule_of(lifecycle="draft"))
    bring(world, rule_of(title="Bay is too full"))
    with world.database.write() as connection:
        activate(connection, "bay-full", "anna", T0)
        events = events_of(connection, "rule", "bay-full")
    assert [(event.actor, event.action) for event in events] == [
        ("anna", "import"),
        ("anna", "change"),
        ("anna", "active"),
    ]


def test_an_exported_rule_is_the_rule(world: World) -> None:
    bring(world, rule_of())
    with world.database.read() as connection:
        text = export_rule(connection, "bay-full")
    assert specification(read_rule(text, "again.yaml")) == specification(rule_of())


def test_rules_are_listed_by_vertical(world: World) -> None:
    bring(world, rule_of())
    bring(world, rule_of(rule="other-rule"), vertical="other")
    with world.database.read() as connection:
        assert [stored.rule.id for stored in rules(connection)] == ["bay-full", "other-rule"]
        assert [stored.rule.id for stored in rules(connection, "other")] == ["other-rule"]


def test_an_unknown_rule_is_not_found(world: World) -> None:
    with world.database.read() as connection, pytest.raises(NotFoundError, match="no rule 'nope'"):
        rule(connection, "nope")
