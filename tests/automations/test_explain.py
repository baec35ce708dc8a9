"""Why it fired and why it did not, in words and as data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from automations.announcer import Announcer
from automations.contacts import Directory
from automations.explain import explain_alert, why_not
from automations.lifecycle import Verdict
from substrate.clock import MINUTE
from substrate.errors import NotFoundError
from substrate.freshness import advance
from substrate.records import record_id
from tests.automations.world import T0, Bay, Line, World


def fired(world: World) -> World:
    world.rule(values=["name"])
    world.put(Bay, "b1", name="Bay One", beds=2, occupied=3)
    with world.database.write() as connection:
        advance(connection, ["records:bay"], "erp", T0 - 5 * MINUTE)
    world.run(T0)
    return world


def test_an_alert_is_explained_with_values_thresholds_ages_and_records(world: World) -> None:
    fired(world)
    with world.database.read() as connection:
        told = explain_alert(connection, world.engine.facts, world.alerts()[0].id)
    assert told.because == ["Patients in it: 3, more than 2 (beds)"]
    assert told.evidence["tree"]["threshold"] == 2
    assert [(value["path"], value["value"]) for value in told.evidence["values"]][-1] == ("name", "Bay One")
    assert {value["as_of"] for value in told.evidence["values"]} == {T0 - 5 * MINUTE}
    assert [(one.kind, one.source, one.source_key) for one in told.origins] == [("bay", "erp", "b1")]


def test_the_words_say_it_to_a_nurse(world: World) -> None:
    fired(world)
    with world.database.read() as connection:
        text = explain_alert(connection, world.engine.facts, world.alerts()[0].id).plain_text("Europe/Berlin")
    assert "Bay is full (high, firing)" in text
    assert "About: bay Bay One" in text
    assert "Because Patients in it: 3, more than 2 (beds)" in text
    assert "Patients in it: 3, 5 min old" in text
    assert "Sat 8 Jun 2019 02:00  fired by plumbline" in text


def test_the_evidence_is_that_of_the_moment_not_of_today(world: World) -> None:
    fired(world)
    world.put(Bay, "b1", name="Bay One", beds=2, occupied=9)
    with world.database.read() as connection:
        told = explain_alert(connection, world.engine.facts, world.alerts()[0].id)
    assert told.because == ["Patients in it: 3, more than 2 (beds)"]


@pytest.mark.parametrize(
    ("occupied", "verdict", "because"),
    [
        (1, Verdict.FALSE, "Patients in it: 1, fewer than 2 (beds)"),
        (None, Verdict.UNKNOWN, "not known: Patients in it"),
        (3, Verdict.TRUE, "Patients in it: 3, more than 2 (beds)"),
    ],
)
def test_why_not_is_worked_out_again(world: World, occupied: int | None, verdict: Verdict, because: str) -> None:
    world.rule()
    number = world.put(Bay, "b1", name="Bay One", beds=2, occupied=occupied)
    with world.database.read() as connection:
        told = why_not(connection, world.engine.facts, "bay-full", number, T0)
    assert (told.verdict, told.because) == (verdict, [because])


def test_why_not_of_something_that_was_not_there_is_not_found(world: World) -> None:
    world.rule()
    number = world.put(Bay, "b1", name="Bay One", beds=2, occupied=1)
    with world.database.read() as connection, pytest.raises(NotFoundError, match="no bay with id"):
        why_not(connection, world.engine.facts, "bay-full", number, T0 - 1)


def test_who_was_told_is_named(world: World) -> None:
    world.engine = replace(world.engine, announce=Announcer(Directory(), ("inbox", "file")))
    fired(world)
    with world.database.read() as connection:
        told = explain_alert(connection, world.engine.facts, world.alerts()[0].id)
    assert {(one.recipient, one.reason, one.state) for one in told.told} == {("charge-nurse", "fired", "waiting")}
    assert "charge-nurse by inbox, fired: waiting" in told.plain_text()


def test_the_records_that_a_path_leads_to_are_named(world: World) -> None:
    world.rule(entity="line", when='bay.occupied > 2 && state == "active"')
    world.put(Bay, "b1", name="Bay One", beds=2, occupied=3)
    world.put(Line, "l1", bay_id=record_id("erp", "bay", "b1"), ordered=T0, state="active")
    world.run(T0)
    with world.database.read() as connection:
        told = explain_alert(connection, world.engine.facts, world.alerts()[0].id)
    assert {one.source_key for one in told.origins} == {"l1", "b1"}


def test_an_alert_about_stale_data_is_explained_too(world: World) -> None:
    world.rule(staleness="1h")
    world.run(T0)
    with world.database.read() as connection:
        text = explain_alert(connection, world.engine.facts, world.alerts()[0].id).plain_text()
    assert "About: watermark records:bay" in text
    assert "promised age: 1 h" in text


def test_an_unknown_alert_is_not_found(world: World) -> None:
    with world.database.read() as connection, pytest.raises(NotFoundError):
        explain_alert(connection, world.engine.facts, 7)
