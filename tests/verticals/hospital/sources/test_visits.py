"""Appointments, encounters and their stays: what became known when."""

from __future__ import annotations

from typing import Any

import pytest

from substrate.clock import HOUR
from substrate.quality import Reason
from tests.verticals.hospital.fhir_rows import (
    AT,
    HALF_PAST_ELEVEN,
    LATER,
    NINE,
    PERIOD,
    extension,
    id_of,
    read,
    refused,
    values,
)

PATIENT = {"actor": {"reference": "Patient/p1"}}


def test_an_appointment_is_read() -> None:
    actors = [{"actor": {"reference": "Location/c1"}}, PATIENT, {"actor": {"reference": "Practitioner/d1"}}]
    told = values("Appointment", participant=actors, serviceType=[{"text": "Cardiology"}], created="2024-02-01")
    assert (told["patient_id"], told["practitioner_id"]) == (id_of("patient", "p1"), id_of("practitioner", "d1"))
    assert (told["location_id"], told["service"], told["start"]) == (id_of("location", "c1"), "Cardiology", NINE)
    assert told["since"] == told["booked_at"] == NINE - 29 * 24 * HOUR - 8 * HOUR


def test_an_appointment_that_nobody_dated_has_always_been_on_the_books() -> None:
    assert values("Appointment")["since"] == 0


@pytest.mark.parametrize(
    ("status", "known"),
    [
        ("booked", 0), ("cancelled", 0), ("arrived", NINE - HOUR), ("fulfilled", HALF_PAST_ELEVEN),
        ("noshow", HALF_PAST_ELEVEN), ("checked-in", NINE - HOUR),
    ],
)  # fmt: skip
def test_the_state_of_an_appointment_is_known_from_its_time_on(status: str, known: int) -> None:
    arrived = extension("arrived", valueDateTime="2024-03-01T07:00:00Z")
    assert values("Appointment", status=status, end=LATER, extension=arrived)["status_at"] == known


def test_an_appointment_needs_a_time_and_a_patient() -> None:
    assert refused("Appointment", start=None) == (Reason.MISSING_VALUE, "start is missing")
    assert read("Appointment", start=None, status="waitlist").values["start"] is None
    nobody = [{"actor": {"reference": "Practitioner/d1"}}]
    assert refused("Appointment", participant=nobody)[0] is Reason.MISSING_VALUE


def test_an_actor_whose_type_is_hidden_is_not_guessed() -> None:
    hidden = {"actor": {"reference": "urn:uuid:p1"}}
    assert refused("Appointment", participant=[hidden])[0] is Reason.MISSING_VALUE
    told = {"actor": {"reference": "urn:uuid:p1", "type": "Patient"}}
    assert values("Appointment", participant=[hidden, told])["patient_id"] == id_of("patient", "p1")


def test_a_stay_is_read() -> None:
    dates = extension("expected-discharge", valueDateTime=LATER) + extension("discharge-ordered", valueDateTime=AT)
    told = values(
        "Encounter", extension=dates, hospitalization={"dischargeDisposition": {"coding": [{"code": "home"}]}}
    )
    assert (told["start"], told["end"], told["hours"]) == (NINE, HALF_PAST_ELEVEN, 3.5)
    assert (told["expected_end"], told["discharge_ordered_at"]) == (HALF_PAST_ELEVEN, NINE)
    assert told["discharge_disposition"] == "home"


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ({}, HALF_PAST_ELEVEN),
        ({"status": "in-progress", "period": {"start": AT}}, NINE),
        ({"status": "onleave", "statusHistory": [{"status": "onleave", "period": {"start": LATER}}]}, HALF_PAST_ELEVEN),
        ({"status": "finished", "period": {"start": AT}}, NINE),
    ],
)
def test_the_state_of_a_stay_is_known_from_its_time_on(said: dict[str, Any], known: int) -> None:
    assert values("Encounter", **said)["status_at"] == known


def test_the_attending_practitioner_is_in_charge() -> None:
    attending = {"type": [{"coding": [{"code": "ATND"}]}], "individual": {"reference": "Practitioner/d2"}}
    first = {"individual": {"reference": "Practitioner/d1"}}
    assert values("Encounter", participant=[first, attending])["practitioner_id"] == id_of("practitioner", "d2")
    assert values("Encounter", participant=[first])["practitioner_id"] == id_of("practitioner", "d1")


def test_places_become_stays_that_end_with_the_encounter() -> None:
    places = [
        {"location": {"reference": "Location/b1"}, "period": {"start": AT, "end": "2024-03-01T10:00:00Z"}},
        {"location": {"reference": "Location/b2"}, "period": {"start": "2024-03-01T10:00:00Z"}},
        {"location": {"reference": "Location/b3"}, "status": "planned"},
    ]
    draft = read("Encounter", location=places)
    assert [part.key for part in draft.parts] == ["x1#1", "x1#2"]
    assert [part.values["end"] for part in draft.parts] == [NINE + 2 * HOUR, HALF_PAST_ELEVEN]
    assert draft.values["location_id"] == id_of("location", "b2")


@pytest.mark.parametrize("status", ["planned", "cancelled", "entered-in-error"])
def test_nobody_lies_where_a_stay_never_was(status: str) -> None:
    place = [{"location": {"reference": "Location/b1"}}]
    assert read("Encounter", status=status, location=place).parts == ()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"class": None}, Reason.MISSING_VALUE),
        ({"class": {"code": "XYZ"}}, Reason.UNKNOWN_CODE),
        ({"period": None}, Reason.MISSING_VALUE),
        ({"period": {"end": LATER}}, Reason.MISSING_VALUE),
        ({"subject": None}, Reason.MISSING_VALUE),
        ({"period": PERIOD | {"start": "2024-02-31"}}, Reason.BAD_TIME),
    ],
)
def test_a_stay_needs_class_start_and_patient(said: dict[str, Any], reason: Reason) -> None:
    assert refused("Encounter", **said)[0] is reason
