"""What counts as overdue, what does not, and the one alert that it makes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, update

from automations.alerts import rule_progress
from automations.arrears import Arrears, Chore
from automations.outbox import outbox
from automations.overdue import overdue_events, overdue_messages, overdue_rules
from automations.rulebook import pause
from automations.watch import Watch, note_overdue
from substrate.clock import HOUR, MINUTE, SECOND
from substrate.inbound import Inbound, inbound_event
from tests.automations.post import NOW, Office, message
from tests.automations.world import T0, World


@pytest.fixture
def post(office: Office) -> Office:
    """A post office with one message that is due since now."""
    office.put(message(1, alert_id=None))
    return office


def behind(office: Office, at: int) -> list[tuple[Chore, int, int]]:
    with office.database.read() as connection:
        found = [*overdue_messages(connection, at), *overdue_events(connection, at)]
    return [(one.chore, one.count, one.oldest) for one in found]


def change(office: Office, **values: Any) -> None:
    with office.database.write() as connection:
        connection.execute(update(outbox).values(**values))


def test_a_message_is_overdue_when_it_has_been_due_for_two_minutes(post: Office) -> None:
    assert behind(post, NOW + 2 * MINUTE) == []
    assert behind(post, NOW + 2 * MINUTE + 1) == [(Chore.MESSAGES, 1, NOW)]


def test_a_message_in_the_hands_of_a_worker_that_is_gone_is_overdue(post: Office) -> None:
    change(post, state="sending", due_at=NOW + MINUTE, lease_until=NOW + MINUTE)
    assert behind(post, NOW + MINUTE + 20 * SECOND) == []
    assert behind(post, NOW + 2 * MINUTE) == [(Chore.LEASES, 1, NOW + MINUTE)]


@pytest.mark.parametrize("values", [{"state": "sent"}, {"state": "dead"}, {"due_at": NOW + HOUR}, {"timeline": "x"}])
def test_what_is_done_or_not_due_is_not_overdue(post: Office, values: dict[str, Any]) -> None:
    change(post, **values)
    assert behind(post, NOW + 10 * MINUTE) == []


@pytest.mark.parametrize(("state", "found"), [(Inbound.WAITING, 1), (Inbound.DONE, 0), (Inbound.FAILED, 0)])
def test_an_event_that_nobody_takes_in_is_overdue(office: Office, state: Inbound, found: int) -> None:
    row = {"event_key": "k", "content_type": "t", "body": b"", "correlation": "c", "attempts": 0, "source": "his"}
    with office.database.write() as connection:
        connection.execute(insert(inbound_event).values(**row, received_at=NOW, state=str(state)))
    assert behind(office, NOW + 3 * MINUTE) == [(Chore.EVENTS, 1, NOW)] * found


def late(world: World, at: int) -> list[str]:
    with world.database.read() as connection:
        return [one.said for one in overdue_rules(connection, world.engine, at)]


def looked(world: World, **values: int) -> None:
    """One rule that is usually looked at each five minutes, and was at T0."""
    world.rule()
    world.run(T0)
    with world.database.write() as connection:
        connection.execute(update(rule_progress).values(usual_interval=5 * MINUTE, **values))


def test_a_rule_is_overdue_after_three_of_its_intervals(world: World) -> None:
    looked(world)
    assert late(world, T0 + 15 * MINUTE) == []
    assert late(world, T0 + 16 * MINUTE) == ["rules were not evaluated: bay-full"]


def test_a_rule_that_is_told_of_elsewhere_or_put_away_is_not_overdue(world: World) -> None:
    looked(world, failures=1)
    assert late(world, T0 + HOUR) == []
    with world.database.write() as connection:
        connection.execute(update(rule_progress).values(failures=0))
    world.engine = replace(world.engine, budgets={"records:watched_bay": MINUTE})
    assert late(world, T0 + HOUR) == []
    world.engine = replace(world.engine, budgets={})
    assert late(world, T0 + HOUR) != []
    with world.database.write() as connection:
        pause(connection, "bay-full", "anna", T0)
    assert late(world, T0 + HOUR) == []


def test_a_rule_that_was_never_looked_at_is_overdue_in_the_end(world: World) -> None:
    world.rule()
    assert late(world, T0 + HOUR) == []
    assert late(world, T0 + 80 * HOUR) != []


def test_what_is_behind_is_told_to_the_admin_once_and_taken_back_when_it_is_well(world: World) -> None:
    arrears = Arrears(Chore.MESSAGES, 3, T0 - HOUR, "messages are due")
    for place, found in enumerate([[arrears], [arrears], [], []]):
        note_overdue(Watch(world.database, "test", world.engine.announce, T0 + place * MINUTE, "live"), found)
    assert [(str(one.reason), one.targets[0].role) for one in world.told] == [
        ("overdue", "admin"),
        ("resolved", "admin"),
    ]
    values = {value["path"]: value["value"] for value in world.told[0].context["values"]}
    assert values == {"what": arrears.said, "count": 3, "behind": HOUR}
    assert world.states() == ["resolved"]
