"""Why it fired and why it did not, in words and as data."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from automations.alerts import alert as alert_table
from automations.announcer import Announcer
from automations.contacts import Directory
from automations.evidence import as_json
from automations.explain import explain_alert, why_not
from automations.lifecycle import Verdict
from automations.masking import HIDDEN, masked
from automations.page import alert_page, text_of, why_not_page
from substrate.clock import MINUTE
from substrate.columns import Sensitivity
from substrate.errors import NotFoundError
from substrate.freshness import advance
from substrate.records import record_id
from tests.automations.world import T0, Bay, Line, Visit, World


def fired(world: World) -> World:
    world.rule(values=["name"])
    world.put(Bay, "b1", name="Bay One", beds=2, occupied=3)
    with world.database.write() as connection:
        advance(connection, ["records:watched_bay"], "erp", T0 - 5 * MINUTE)
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
        found = explain_alert(connection, world.engine.facts, world.alerts()[0].id)
    text = text_of(alert_page(found, "Europe/Berlin", T0 + 90 * MINUTE))
    assert text.startswith("HIGH: Bay is full\n  Bay Bay One\n  Firing since Sat 8 Jun 02:00 (1 h 30 min ago)")
    assert "- Patients in it: 3, more than 2 (beds)" in text
    assert "What was looked at, true as of Sat 8 Jun 01:55, 5 min before" in text
    assert "    patients in it  3" in text


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
    assert "charge-nurse by file and inbox: waiting" in text_of(alert_page(told, "UTC", T0))


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
        found = explain_alert(connection, world.engine.facts, world.alerts()[0].id)
    text = text_of(alert_page(found, "UTC", T0))
    assert "Watermark records:watched_bay" in text
    assert "  promised age      1 h" in text
    assert "which Plumbline brings with it" in text


def test_an_unknown_alert_is_not_found(world: World) -> None:
    with world.database.read() as connection, pytest.raises(NotFoundError):
        explain_alert(connection, world.engine.facts, 7)


def test_what_only_kept_cases_out_is_told_apart(world: World) -> None:
    world.rule(entity="visit", when='has(start) && !(status in ["cancelled"])')
    world.put(Visit, "v1", start=T0, status="booked")
    world.run(T0)
    with world.database.read() as connection:
        told = explain_alert(connection, world.engine.facts, world.alerts()[0].id)
    assert (told.because, told.also_checked) == (["Start 2019-06-08 00:00 UTC"], ["Status: booked, not cancelled"])


def test_a_sentence_is_as_protected_as_what_it_names_and_so_are_its_times(world: World) -> None:
    world.rule(entity="visit", when="has(start)")
    world.put(Visit, "v1", start=T0, status="booked")
    world.run(T0)
    seen = masked(world.told[0].context, Sensitivity.INTERNAL)
    assert seen["because"] == [{"text": HIDDEN, "sensitivity": "PHI", "times": HIDDEN}]
    assert "also_checked" not in seen


def test_why_it_is_worse_than_usual_is_said(world: World) -> None:
    world.rule(severity_when={"critical": "occupied > 5"})
    world.put(Bay, "b1", name="Bay One", beds=2, occupied=9)
    world.run(T0)
    with world.database.read() as connection:
        page = alert_page(explain_alert(connection, world.engine.facts, world.alerts()[0].id), "UTC", T0)
    assert [section.lines for section in page if section.heading == "Why it is critical"] == [
        ("- Patients in it: 9, more than 5",)
    ]


def test_a_reminder_begins_with_its_date_and_a_wait_with_what_did_not_come(world: World) -> None:
    world.rule(rule="remind", entity="visit", when=None, remind={"field": "start", "before": "1h"})
    missing = {"expect": "dose", "by": "line_id", "from": "ordered", "within": "1h"}
    world.rule(rule="wait", entity="line", when=None, missing=missing)
    world.put(Visit, "v1", start=T0 + 30 * MINUTE, status=None)
    world.put(Line, "l1", bay_id=None, ordered=T0 - 90 * MINUTE, state=None)
    world.run(T0)
    with world.database.read() as connection:
        told = [explain_alert(connection, world.engine.facts, row.id).because for row in world.alerts()]
    assert ["Start in 30 min (2019-06-08 00:30 UTC); the reminder comes 1 h before"] in told
    assert "no dose for it is on record" in [because[0] for because in told]


def test_why_not_says_first_what_kept_it_from_firing(world: World) -> None:
    world.rule()
    number = world.put(Bay, "b1", name="Bay One", beds=2, occupied=1)
    with world.database.read() as connection:
        page = why_not_page(why_not(connection, world.engine.facts, "bay-full", number, T0), "UTC")
    assert [section.heading for section in page][:2] == ["Bay is full: why not at Sat 8 Jun 00:00?",
                                                         "It did not fire, because"]  # fmt: skip


def test_what_ended_says_when_and_why_and_offers_no_command(world: World) -> None:
    fired(world)
    world.put(Bay, "b1", name="Bay One", beds=2, occupied=1)
    world.run(T0 + 10 * MINUTE)
    with world.database.read() as connection:
        found = explain_alert(connection, world.engine.facts, world.alerts()[0].id)
    text = text_of(alert_page(found, "UTC", T0 + 20 * MINUTE))
    assert "Over since Sat 8 Jun 00:10 (10 min ago), after 10 min: what raised it is no longer so" in text
    assert "plumbline alerts" not in text


def test_evidence_from_before_the_sentences_had_times_is_still_read(world: World) -> None:
    fired(world)
    old = {"at": T0, "because": [{"text": "occupied 3 is above 2", "sensitivity": "INTERNAL"}],
           "values": [{"path": "occupied", "label": "Patients", "type": "int", "unit": None, "value": 3}]}  # fmt: skip
    with world.database.write() as connection:
        connection.execute(update(alert_table).values(evidence=as_json(old)))
    with world.database.read() as connection:
        text = text_of(alert_page(explain_alert(connection, world.engine.facts, world.alerts()[0].id), "UTC", T0))
    assert "- Occupied 3 is above 2" in text
