"""The hospital's features: they can be read, they are explained, and they mean what they say on a small ward."""

from __future__ import annotations

from typing import Any

import pytest

from substrate.clock import DAY, HOUR, MINUTE
from substrate.database import Database
from substrate.facts import Facts
from substrate.features.checked import feature_operands
from substrate.features.declare import View
from substrate.ingest import ingest
from substrate.migrate import upgrade
from substrate.records import record_id
from tests.verticals.hospital.feed import NOW, SOURCE, Feed, at
from verticals.hospital import vertical
from verticals.hospital.features import VIEWS

FACTS = Facts(vertical.records, vertical.views)


@pytest.fixture
def house(database: Database) -> Database:
    """A ward with two beds in a room; the rows come children first."""
    upgrade(database, [vertical])
    feed = Feed()
    for bed in ("b1", "b2"):
        feed.add("Location", id=bed, partOf={"reference": "Location/r1"}, physicalType={"coding": [{"code": "bd"}]})
    feed.add("Location", id="r1", partOf={"reference": "Location/w1"}, physicalType={"coding": [{"code": "ro"}]})
    feed.add("Location", id="w1", physicalType={"coding": [{"code": "wa"}]})
    feed.send(database)
    return database


def seen(database: Database, kind: str, key: str, *names: str, when: int = NOW) -> dict[str, Any]:
    """Features of one record, computed as of `when`."""
    number = record_id(SOURCE, kind, key)
    with database.read() as connection:
        found = FACTS.at(connection, kind, number, [(name,) for name in names], when)
    return {path[0]: value for path, value in found.items()}


def admit(feed: Feed, key: str, patient: str, bed: str, start: int, end: int | None = None) -> None:
    period = {"start": at(start)} if end is None else {"start": at(start), "end": at(end)}
    place = {"location": {"reference": f"Location/{bed}"}}
    status = "in-progress" if end is None else "finished"
    feed.add("Patient", id=patient)
    feed.add("Encounter", id=key, status=status, subject={"reference": f"Patient/{patient}"}, period=period,
             location=[place])  # fmt: skip


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.entity.kind)
def test_every_feature_is_checked_and_explained(view: View) -> None:
    assert set(feature_operands(view)) == {feature.name for feature in view.features}
    assert all(len(feature.text) > 2 for feature in view.features)


def test_there_are_features_for_every_kind_of_question() -> None:
    assert sum(len(view.features) for view in VIEWS) >= 25


def test_a_ward_knows_its_beds_and_patients_whatever_came_first(house: Database) -> None:
    feed = Feed()
    admit(feed, "e1", "p1", "b1", NOW - 2 * DAY)
    admit(feed, "e2", "p2", "b2", NOW - 3 * DAY, NOW - HOUR)
    feed.send(house)
    found = seen(house, "location", "w1", "ward_beds", "ward_patients", "ward_departures_24h", "ward_occupancy")
    assert found == {"ward_beds": 2, "ward_patients": 1, "ward_departures_24h": 1, "ward_occupancy": 0.5}
    assert seen(house, "location", "w1", "ward_patients", when=NOW - DAY) == {"ward_patients": 2}


def test_two_patients_in_a_bed_are_two_occupants_and_one_registered_twice_is_one(house: Database) -> None:
    feed = Feed()
    for key, patient, bed in (("e1", "p1", "b1"), ("e2", "p2", "b1"), ("e3", "p3", "b2"), ("e4", "p3", "b2")):
        admit(feed, key, patient, bed, NOW - int(key[1]) * HOUR)
    feed.send(house)
    found = seen(house, "location", "b1", "occupants", "newest_occupant")
    assert found == {"occupants": 2, "newest_occupant": record_id(SOURCE, "patient", "p1")}
    assert seen(house, "location", "b2", "occupants") == {"occupants": 1}


def test_missed_appointments_are_counted_by_arrival_not_by_state(house: Database) -> None:
    feed = Feed()
    feed.add("Patient", id="p1")
    states = [
        ("a", 40, "fulfilled"),
        ("b", 30, "cancelled"),
        ("c", 20, "noshow"),
        ("d", 10, "booked"),
        ("e", -5, "booked"),
    ]
    for key, days, status in states:
        feed.add("Appointment", id=key, status=status, start=at(NOW - days * DAY))
    feed.send(house)
    names = (
        "appointments_365d",
        "no_show_share_365d",
        "no_show_streak",
        "next_appointment_at",
        "appointments_ahead_90d",
    )
    found = seen(house, "patient", "p1", *names)
    assert list(found.values()) == [3, pytest.approx(2 / 3), 2, NOW + 5 * DAY, 1]


def test_a_missed_follow_up_is_the_last_that_nobody_came_to(house: Database) -> None:
    feed = Feed()
    feed.add("Patient", id="p1")
    follow_up = {"coding": [{"code": "FOLLOWUP"}]}
    feed.add("Appointment", id="a", status="noshow", start=at(NOW - 12 * DAY), appointmentType=follow_up)
    feed.add("Appointment", id="b", status="fulfilled", start=at(NOW - 9 * DAY), appointmentType=follow_up)
    feed.send(house)
    assert seen(house, "patient", "p1", "missed_follow_up_at") == {"missed_follow_up_at": NOW - 12 * DAY}


def test_doses_are_missed_until_they_are_given(house: Database) -> None:
    feed = Feed()
    feed.add("Patient", id="p1")
    antibiotic = {"coding": [{"system": "http://www.whocc.no/atc", "code": "J01DD04"}]}
    feed.add("MedicationAdministration", id="d1", effectiveDateTime=at(NOW - HOUR), scheduled=NOW - 2 * HOUR,
             medicationCodeableConcept=antibiotic)  # fmt: skip
    feed.add("MedicationAdministration", id="d2", effectiveDateTime=None, scheduled=NOW - HOUR, status="in-progress")
    feed.send(house)
    names = ("doses_missed_24h", "doses_given_24h", "last_antibiotic_at")
    assert seen(house, "patient", "p1", *names) == dict(zip(names, (1, 1, NOW - HOUR), strict=True))
    earlier = seen(house, "patient", "p1", *names, when=NOW - 90 * MINUTE)
    assert earlier == dict(zip(names, (1, 0, None), strict=True))


def test_what_is_withdrawn_or_not_said_needs_no_bill(house: Database) -> None:
    feed = Feed()
    admit(feed, "e1", "p1", "b1", NOW - DAY)
    for key, status, billed in (("s1", "completed", False), ("s2", "revoked", False), ("s3", "active", True),
                                ("s4", "active", None)):  # fmt: skip
        feed.add("ServiceRequest", id=key, status=status, authoredOn=at(NOW - HOUR), billed=billed,
                 encounter={"reference": "Encounter/e1"})  # fmt: skip
    feed.send(house)
    assert seen(house, "encounter", "e1", "unbilled_orders") == {"unbilled_orders": 1}


def test_a_stay_that_was_planned_or_cancelled_is_no_visit(house: Database) -> None:
    feed = Feed()
    feed.add("Patient", id="p1")
    for key, status in (("e1", "planned"), ("e2", "cancelled"), ("e3", "finished")):
        start, end = NOW - int(key[1]) * DAY, NOW - int(key[1]) * DAY + HOUR
        feed.add("Encounter", id=key, status=status, period={"start": at(start), "end": at(end)})
    feed.send(house)
    found = seen(house, "patient", "p1", "visits_365d", "admissions_30d", "last_visit_at")
    assert found == {"visits_365d": 1, "admissions_30d": 1, "last_visit_at": NOW - 3 * DAY}


def test_an_ingest_accounts_for_its_rows(house: Database) -> None:
    feed = Feed()
    admit(feed, "e1", "p1", "b1", NOW - DAY)
    report = ingest(house, vertical, feed, NOW)
    assert (report.rows_in, report.accepted, report.quarantined) == (2, 2, 0)
