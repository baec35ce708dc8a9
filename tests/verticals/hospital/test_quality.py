"""Each check, with a row that it lets through and one that it stops."""

from __future__ import annotations

from typing import Any

import pytest

from substrate.clock import DAY, HOUR, parse_instant
from substrate.gate import Gate
from substrate.mapping import Draft
from substrate.quality import OnFailure, RowRefused
from substrate.records import Record
from verticals.hospital.quality import CHECKS, UNITS
from verticals.hospital.records import RECORDS

NOW = parse_instant("2026-03-02T10:00:00Z")
BY_KIND: dict[str, type[Record]] = {record.kind: record for record in RECORDS}
BY_NAME = {check.name: check for check in CHECKS}
PULSE, WARMTH, SATURATION = "8867-4", "8310-5", "59408-5"

CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("patient_birth_in_past", {"birth_date": NOW + HOUR}, {"birth_date": NOW + 400 * DAY}),
    ("patient_age_possible", {"birth_date": NOW - 100 * 366 * DAY}, {"birth_date": NOW - 140 * 366 * DAY}),
    (
        "patient_death_after_birth",
        {"birth_date": NOW - 500 * DAY, "deceased_at": NOW - 600 * DAY},
        {"birth_date": NOW - 500 * DAY, "deceased_at": NOW - 900 * DAY},
    ),
    ("patient_death_in_past", {"deceased_at": NOW}, {"deceased_at": NOW + 2 * DAY}),
    ("appointment_ends_after_start", {"start": NOW, "end": NOW}, {"start": NOW, "end": NOW - 1}),
    ("appointment_arrival_in_past", {"arrived_at": NOW}, {"arrived_at": NOW + 2 * DAY}),
    ("encounter_ends_after_start", {"start": NOW}, {"start": NOW, "end": NOW - 1}),
    (
        "encounter_finished_in_past",
        {"status": "in-progress", "end": NOW + 2 * DAY},
        {"status": "finished", "end": NOW + 2 * DAY},
    ),
    ("stay_ends_after_start", {"start": NOW, "end": NOW + 1}, {"start": NOW, "end": NOW - 1}),
    ("order_in_past", {"ordered_at": NOW}, {"ordered_at": NOW + 2 * DAY}),
    ("result_in_past", {"issued_at": NOW}, {"issued_at": NOW + 3 * DAY}),
    (
        "result_taken_before_released",
        {"effective_at": NOW - DAY, "issued_at": NOW},
        {"effective_at": NOW, "issued_at": NOW - 2 * DAY},
    ),
    ("result_unit_fits", {"code": PULSE, "unit": "/min"}, {"code": PULSE, "unit": "kg"}),
    ("result_unit_fits", {"code": "29463-7", "unit": "kg"}, {"code": "29463-7", "unit": "Cel"}),
    ("result_unit_fits", {"code": "nobody-knows", "unit": "kg"}, {"code": "2823-3", "unit": "mg"}),
    (
        "result_temperature_possible",
        {"code": WARMTH, "unit": "[degF]", "value": 98.6},
        {"code": WARMTH, "unit": "Cel", "value": 98.6},
    ),
    (
        "result_saturation_possible",
        {"code": SATURATION, "unit": "%", "value": 97.0},
        {"code": SATURATION, "unit": "%", "value": 970.0},
    ),
    ("result_vital_sign_possible", {"code": PULSE, "value": 71.0}, {"code": PULSE, "value": -71.0}),
    (
        "dose_given_near_schedule",
        {"scheduled_at": NOW, "given_at": NOW - HOUR},
        {"scheduled_at": NOW, "given_at": NOW - 2 * DAY},
    ),
    ("dose_given_in_past", {"given_at": NOW}, {"given_at": NOW + 2 * DAY}),
    ("procedure_ends_after_start", {"start": NOW, "end": NOW}, {"start": NOW, "end": NOW - 1}),
    (
        "condition_ends_after_onset",
        {"onset_at": NOW, "abated_at": NOW - DAY},
        {"onset_at": NOW, "abated_at": NOW - 400 * DAY},
    ),
    (
        "immunization_in_past",
        {"status": "not-done", "given_at": NOW + 2 * DAY},
        {"status": "completed", "given_at": NOW + 2 * DAY},
    ),
    ("note_in_past", {"date": NOW}, {"date": NOW + 2 * DAY}),
]
DROPPED: list[tuple[str, dict[str, Any]]] = [
    ("encounter_expected_end_after_start", {"start": NOW, "expected_end": NOW - 2 * DAY}),
    ("encounter_discharge_ordered_after_start", {"start": NOW, "discharge_ordered_at": NOW - 2 * DAY}),
    ("result_range_in_order", {"ref_low": 5.0, "ref_high": 3.5}),
]


def draft_for(name: str, values: dict[str, Any]) -> Draft:
    return Draft(BY_NAME[name].record, "x1", dict(values))


@pytest.fixture(scope="module")
def gate() -> Gate:
    return Gate(CHECKS)


def test_every_check_has_a_case() -> None:
    assert {case[0] for case in CASES} | {name for name, _ in DROPPED} == set(BY_NAME)
    assert len(BY_NAME) == len(CHECKS)


@pytest.mark.parametrize(("name", "sound", "unsound"), CASES)
def test_a_check_stops_only_what_cannot_be(
    gate: Gate, name: str, sound: dict[str, Any], unsound: dict[str, Any]
) -> None:
    gate.pass_through(draft_for(name, sound), NOW)
    with pytest.raises(RowRefused, match=f"^{name}: {BY_NAME[name].text}$"):
        gate.pass_through(draft_for(name, unsound), NOW)


@pytest.mark.parametrize(("name", "unsound"), DROPPED)
def test_a_check_that_drops_values_keeps_the_row(gate: Gate, name: str, unsound: dict[str, Any]) -> None:
    draft = draft_for(name, unsound)
    gate.pass_through(draft, NOW)
    assert BY_NAME[name].on_failure is OnFailure.DISCARD
    assert all(draft.values[dropped] is None for dropped in BY_NAME[name].values)


@pytest.mark.parametrize("record", RECORDS)
def test_a_row_of_which_nothing_is_known_passes(gate: Gate, record: type[Record]) -> None:
    gate.pass_through(Draft(record, "x1", {}), NOW)


def test_no_code_has_two_sets_of_units() -> None:
    codes = [code for listed, _ in UNITS for code in listed]
    assert len(codes) == len(set(codes))


def test_a_part_stops_its_whole_row(gate: Gate) -> None:
    part = Draft(BY_KIND["location_stay"], "x1#1", {"start": NOW, "end": NOW - 1})
    with pytest.raises(RowRefused, match="stay_ends_after_start"):
        gate.pass_through(Draft(BY_KIND["encounter"], "x1", {"start": NOW}, parts=(part,)), NOW)
