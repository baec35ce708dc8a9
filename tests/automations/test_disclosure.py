"""Who asks for alerts sees those of their sites and verticals, and of each what they are cleared for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from sqlalchemy import update

from automations.alerts import alert as alert_table
from automations.disclosure import SeenAlert, alert_for, alerts_for, explanation_for
from automations.explain import explain_alert
from automations.masking import HIDDEN
from substrate.access import Caller
from substrate.columns import Sensitivity
from substrate.errors import NotFoundError
from tests.automations.world import T0, Visit, World

PLANTED = ("MRN-4711-silva", "zz-planted-status")
CHIEF = Caller("key:chief", "chief", Sensitivity.PHI)


@pytest.fixture
def watched(world: World) -> World:
    """One alert about somebody's visit in the north."""
    rule = {
        "rule": "odd-visit", "title": "Odd visit", "entity": "visit",
        "when": 'status == "zz-planted-status"', "values": ["status"],
    }  # fmt: skip
    world.rule(**rule)
    world.put(Visit, "MRN-4711-silva", start=T0, status="zz-planted-status")
    world.run(T0)
    with world.database.write() as connection:
        connection.execute(update(alert_table).values(site="north"))
    return world


def seen(world: World, caller: Caller, **asked: Any) -> list[SeenAlert]:
    with world.database.read() as connection:
        return alerts_for(connection, caller, **asked)


def told(world: World, caller: Caller) -> str:
    """Everything that a caller gets to read of the alert."""
    number = world.alerts()[0].id
    with world.database.read() as connection:
        line = alert_for(connection, caller, number)
        found = explanation_for(explain_alert(connection, world.engine.facts, number), caller)
    return f"{line} {orjson.dumps(found).decode()}"


def test_who_is_cleared_sees_it(watched: World) -> None:
    assert not seen(watched, CHIEF)[0].withheld
    assert [words for words in PLANTED if words not in told(watched, CHIEF)] == []


@pytest.mark.parametrize("clearance", [Sensitivity.PUBLIC, Sensitivity.INTERNAL])
def test_who_is_not_sees_that_there_is_one_and_none_of_it(watched: World, clearance: Sensitivity) -> None:
    caller = replace(CHIEF, clearance=clearance)
    assert [(one.line.subject, one.withheld) for one in seen(watched, caller)] == [("a visit", True)]
    assert [words for words in PLANTED if words in told(watched, caller)] == []
    assert HIDDEN in told(watched, caller)


@pytest.mark.parametrize(
    "caller",
    [
        replace(CHIEF, sites=frozenset({"south"})),
        replace(CHIEF, sites=frozenset()),
        replace(CHIEF, verticals=frozenset({"school"})),
        replace(CHIEF, sites=frozenset({"south"}), clearance=Sensitivity.INTERNAL),
    ],
)
def test_an_alert_of_others_is_as_if_it_were_not_there(watched: World, caller: Caller) -> None:
    assert seen(watched, caller) == []
    with watched.database.read() as connection:
        with pytest.raises(NotFoundError) as theirs:
            alert_for(connection, caller, watched.alerts()[0].id)
        with pytest.raises(NotFoundError) as nobodys:
            alert_for(connection, caller, 12345)
    assert str(theirs.value) == str(nobodys.value)


def test_one_of_no_site_about_a_person_is_for_those_of_every_site(watched: World) -> None:
    with watched.database.write() as connection:
        connection.execute(update(alert_table).values(site=None))
    assert seen(watched, replace(CHIEF, sites=frozenset({"north"}))) == []
    assert len(seen(watched, CHIEF)) == 1


def test_a_caller_of_one_site_gets_as_many_as_asked_for(watched: World) -> None:
    for number in range(5):
        watched.put(Visit, f"other-{number}", start=T0, status="zz-planted-status")
    watched.run(T0 + 1)
    mine = replace(CHIEF, sites=frozenset({"north"}))
    assert [one.line.site for one in seen(watched, mine, limit=3)] == ["north"]
    assert len(seen(watched, CHIEF, limit=3)) == 3
    assert seen(watched, CHIEF, vertical="school") == []
