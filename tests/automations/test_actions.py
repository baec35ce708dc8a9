"""What people do with alerts: each once, each with its trace, none where the state does not allow it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from automations.actions import acknowledge, resolve, snooze
from substrate.clock import HOUR, MINUTE
from substrate.errors import ConflictError, NotFoundError
from tests.automations.world import T0, Bay, World


@pytest.fixture
def firing(world: World) -> int:
    """An alert that fires."""
    world.rule(severity_when={"critical": "occupied > beds + 2"})
    world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    world.run(T0)
    return int(world.alerts()[0].id)


def test_an_acknowledgement_stands_beside_the_state(world: World, firing: int) -> None:
    with world.database.write() as connection:
        acknowledge(connection, firing, "bo", T0 + 1, "on my way")
    world.run(T0 + MINUTE)
    (row,) = world.alerts()
    assert (row.state, row.acked_by, row.acked_at) == ("firing", "bo", T0 + 1)
    assert "acknowledged" in world.actions()


def test_only_one_person_takes_an_alert_on(world: World, firing: int) -> None:
    with world.database.write() as connection:
        acknowledge(connection, firing, "bo", T0)
        with pytest.raises(ConflictError, match="already taken on by bo"):
            acknowledge(connection, firing, "cy", T0)


def test_a_snooze_is_broken_by_worse(world: World, firing: int) -> None:
    with world.database.write() as connection:
        snooze(connection, firing, "bo", T0, T0 + 8 * HOUR)
    world.put(Bay, "b1", name="B1", beds=2, occupied=6)
    world.run(T0 + MINUTE)
    assert world.alerts()[0].snoozed_until is None
    assert world.sends() == ["fired", "worse"]


def test_a_snooze_into_the_past_is_refused(world: World, firing: int) -> None:
    with world.database.write() as connection, pytest.raises(ConflictError, match="which has passed"):
        snooze(connection, firing, "bo", T0, T0)


def test_an_alert_closed_by_hand_is_over_and_nobody_is_told(world: World, firing: int) -> None:
    with world.database.write() as connection:
        resolve(connection, firing, "bo", T0 + 1, "known")
    assert [(row.state, row.resolve_reason) for row in world.alerts()] == [("resolved", "by_hand")]
    assert world.sends() == ["fired"]


@pytest.mark.parametrize("action", [acknowledge, resolve])
def test_an_alert_that_is_over_takes_no_action(world: World, firing: int, action: Callable[..., object]) -> None:
    with world.database.write() as connection:
        resolve(connection, firing, "bo", T0)
        with pytest.raises(ConflictError, match="is resolved"):
            action(connection, firing, "cy", T0)


def test_an_unknown_alert_is_not_found(world: World) -> None:
    with world.database.write() as connection, pytest.raises(NotFoundError, match="no alert 7"):
        acknowledge(connection, 7, "bo", T0)
