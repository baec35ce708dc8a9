"""The mapping files that ship with the school, on rows as Frappe Education writes them."""

from __future__ import annotations

from typing import Any

import pytest

from substrate.clock import parse_instant
from substrate.mapping import Draft, Gone, Reader
from substrate.mappings.choice import mapping_file
from verticals.school import vertical

MARK: dict[str, Any] = {
    "name": "EDU-ATT-2026-00001", "student": "EDU-STU-2026-00001", "student_group": "7b", "date": "2026-03-02",
    "status": "Absent", "docstatus": 1, "course_schedule": None, "creation": "2026-03-02 08:20:00.000000",
    "modified": "2026-03-02 08:20:00.000000",
}  # fmt: skip
FEES: dict[str, Any] = {
    "name": "EDU-FEE-2026-00001", "student": "EDU-STU-2026-00001", "posting_date": "2026-02-01", "docstatus": 1,
    "due_date": "2026-03-01", "grand_total": 450.0, "outstanding_amount": 450.0, "currency": "EUR",
    "modified": "2026-03-02 08:20:00.000000",
}  # fmt: skip


def read(resource: str, row: dict[str, Any]) -> Draft | Gone:
    """What the mapping file makes of a row."""
    mappers = {mapper.resource: mapper for mapper in mapping_file(vertical, "frappe-education").mappers}
    return mappers[resource].read(row, Reader("erp", "Europe/Berlin"))


def values(resource: str, row: dict[str, Any]) -> dict[str, Any]:
    draft = read(resource, row)
    assert isinstance(draft, Draft)
    return draft.values


@pytest.mark.parametrize(("status", "code"), [("Present", "present"), ("Absent", "absent"), ("Leave", "excused")])
def test_marks_are_brought_to_ours(status: str, code: str) -> None:
    assert values("Student Attendance", {**MARK, "status": status})["code"] == code


def test_a_register_of_a_lesson_is_not_one_of_the_day() -> None:
    assert values("Student Attendance", MARK)["whole_day"] is True
    assert values("Student Attendance", {**MARK, "course_schedule": "CS-1"})["whole_day"] is False


def test_a_mark_that_was_cancelled_is_gone() -> None:
    assert isinstance(read("Student Attendance", {**MARK, "docstatus": 2}), Gone)


def test_fees_are_due_at_the_end_of_the_day_and_paid_when_nothing_is_left() -> None:
    found = values("Fees", FEES)
    assert (found["due_at"], found["paid_at"], found["status"]) == (
        parse_instant("2026-03-01T22:59:00Z"),
        None,
        "issued",
    )
    paid = values("Fees", {**FEES, "outstanding_amount": 0.0})
    assert (paid["paid_at"], paid["status"]) == (parse_instant("2026-03-02T07:20:00Z"), "paid")
