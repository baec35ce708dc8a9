"""The mapping files that ship with the hospital, on rows as Frappe Health writes them."""

from __future__ import annotations

from typing import Any

import pytest

from substrate.clock import parse_instant
from substrate.mapping import Draft, Gone, Reader
from substrate.mappings.choice import mapping_file
from verticals.hospital import vertical

STAY: dict[str, Any] = {
    "name": "HLC-INP-2026-00001", "patient": "HLC-PAT-1", "status": "Discharge Scheduled",
    "expected_discharge": "2026-03-02",
    "admitted_datetime": "2026-02-27 10:00:00", "discharge_datetime": None, "discharge_ordered_date": "2026-03-02",
    "modified": "2026-03-02 08:20:00.000000",
}  # fmt: skip


def read(resource: str, row: dict[str, Any]) -> Draft | Gone:
    """What the mapping file makes of a row."""
    mappers = {mapper.resource: mapper for mapper in mapping_file(vertical, "frappe-health").mappers}
    return mappers[resource].read(row, Reader("his", "Asia/Kolkata"))


def values(resource: str, row: dict[str, Any]) -> dict[str, Any]:
    draft = read(resource, row)
    assert isinstance(draft, Draft)
    return draft.values


def test_a_patient_whose_discharge_is_ordered_still_lies_there() -> None:
    found = values("Inpatient Record", STAY)
    assert (found["status"], found["end"]) == ("in-progress", None)
    assert found["start"] == parse_instant("2026-02-27T04:30:00Z")


@pytest.mark.parametrize("status", ["Admission Scheduled", "Cancelled"])
def test_an_admission_that_did_not_happen_is_no_stay(status: str) -> None:
    assert isinstance(read("Inpatient Record", {**STAY, "status": status}), Gone)


@pytest.mark.parametrize(("theirs", "ours"), [("Open", "booked"), ("Checked In", "checked-in"), ("No Show", "noshow")])
def test_an_appointments_state(theirs: str, ours: str) -> None:
    row = {
        "name": "HLC-APP-2026-00001", "patient": "HLC-PAT-1", "appointment_datetime": "2026-03-03 09:00:00",
        "status": theirs, "creation": "2026-02-01 09:00:00.000000", "modified": "2026-02-01 09:00:00.000000",
    }  # fmt: skip
    assert values("Patient Appointment", row)["status"] == ours
