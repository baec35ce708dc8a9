"""Each check, with a row that it lets through and one that it stops."""

from __future__ import annotations

from typing import Any

import pytest

from substrate.clock import DAY, HOUR, parse_instant
from substrate.gate import Gate
from substrate.mapping import Draft
from substrate.quality import OnFailure, RowRefused
from substrate.records import Record
from verticals.school.quality import CHECKS
from verticals.school.records import RECORDS

NOW = parse_instant("2026-03-02T10:00:00Z")
BY_NAME = {check.name: check for check in CHECKS}
BACKWARDS = ({"start": NOW, "end": NOW}, {"start": NOW, "end": NOW - 1})

CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("student_birth_in_past", {"birth_date": NOW + HOUR}, {"birth_date": NOW + 400 * DAY}),
    ("student_age_possible", {"birth_date": NOW - 100 * 366 * DAY}, {"birth_date": NOW - 140 * 366 * DAY}),
    ("term_ends_after_start", *BACKWARDS),
    ("enrolment_ends_after_start", *BACKWARDS),
    ("registration_ends_after_start", *BACKWARDS),
    ("registration_days_possible", {"days_planned": 190}, {"days_planned": 400}),
    ("session_ends_after_start", {"starts_at": NOW, "ends_at": NOW}, {"starts_at": NOW, "ends_at": NOW - 1}),
    ("attendance_in_past", {"at": NOW}, {"at": NOW + 2 * DAY}),
    ("attendance_marked_near_day", {"at": NOW, "marked_at": NOW - HOUR}, {"at": NOW, "marked_at": NOW - 2 * DAY}),
    ("attendance_marked_in_past", {"marked_at": NOW}, {"marked_at": NOW + 2 * DAY}),
    ("leave_ends_after_start", *BACKWARDS),
    ("line_item_due_after_set", {"assigned_at": NOW, "due_at": NOW}, {"assigned_at": NOW, "due_at": NOW - 2 * DAY}),
    ("line_item_scores_in_order", {"min_score": 0.0, "max_score": 0.0}, {"min_score": 1.0, "max_score": 0.0}),
    ("submission_in_past", {"submitted_at": NOW}, {"submitted_at": NOW + 2 * DAY}),
    ("submission_marked_in_past", {"scored_at": NOW}, {"scored_at": NOW + 2 * DAY}),
    ("incident_in_past", {"at": NOW}, {"at": NOW + 2 * DAY}),
    ("fee_amounts_possible", {"total": 0.0, "outstanding": 0.0}, {"total": 5.0, "outstanding": -1.0}),
    ("fee_outstanding_within_total", {"total": 5.0, "outstanding": 5.0}, {"total": 5.0, "outstanding": 6.0}),
    ("fee_paid_in_past", {"paid_at": NOW}, {"paid_at": NOW + 2 * DAY}),
    (
        "loan_returned_after_loan",
        {"loaned_at": NOW, "returned_at": NOW},
        {"loaned_at": NOW, "returned_at": NOW - 2 * DAY},
    ),
    (
        "certificate_expires_after_issue",
        {"issued_at": NOW, "expires_at": NOW},
        {"issued_at": NOW, "expires_at": NOW - 2 * DAY},
    ),
]
DROPPED: list[tuple[str, dict[str, Any]]] = [
    ("session_register_near_lesson", {"starts_at": NOW, "register_taken_at": NOW - 2 * DAY}),
    ("attendance_corrected_after_mark", {"marked_at": NOW, "corrected_at": NOW - HOUR}),
    ("attendance_minutes_possible", {"minutes": -5.0}),
    ("submission_percent_possible", {"percent": 900.0}),
]


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
    gate.pass_through(Draft(BY_NAME[name].record, "x1", dict(sound)), NOW)
    with pytest.raises(RowRefused, match=f"^{name}: {BY_NAME[name].text}$"):
        gate.pass_through(Draft(BY_NAME[name].record, "x1", dict(unsound)), NOW)


@pytest.mark.parametrize(("name", "unsound"), DROPPED)
def test_a_check_that_drops_values_keeps_the_row(gate: Gate, name: str, unsound: dict[str, Any]) -> None:
    draft = Draft(BY_NAME[name].record, "x1", dict(unsound))
    gate.pass_through(draft, NOW)
    assert BY_NAME[name].on_failure is OnFailure.DISCARD
    assert all(draft.values[dropped] is None for dropped in BY_NAME[name].values)


@pytest.mark.parametrize("record", RECORDS)
def test_a_row_of_which_nothing_is_known_passes(gate: Gate, record: type[Record]) -> None:
    gate.pass_through(Draft(record, "x1", {}), NOW)
