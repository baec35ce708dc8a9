"""Plain rows: whatever is read, what stands in for what is empty, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from substrate.clock import DAY, HOUR, SECOND, parse_instant
from substrate.gate import Gate
from substrate.mapping import Draft
from substrate.quality import Reason
from substrate.sealing import fit
from tests.verticals.school.rows import AT, DAY_TEXT, MIDNIGHT, NINE, ROWS, id_of, read, refused, row, values
from verticals.school import vertical


@pytest.mark.parametrize("resource", ROWS)
def test_a_sound_row_of_each_file_can_be_kept(resource: str) -> None:
    draft = read(resource)
    fit(draft)
    Gate(vertical.checks).pass_through(draft, NINE + DAY)
    assert vertical.mappers_by_resource[resource].key(row(resource)) == draft.key
    assert draft.record in vertical.mappers_by_resource[resource].given


def test_every_mapper_has_a_row() -> None:
    assert set(ROWS) == set(vertical.mappers_by_resource)


@pytest.mark.parametrize(
    ("resource", "changes", "key"),
    [
        ("attendance", {}, f"s1/{DAY_TEXT}"),
        ("attendance", {"session": "l1"}, "s1/l1"),
        ("attendance", {"id": "a9"}, "a9"),
        ("submissions", {}, "s1/w1"),
        ("enrolments", {"student": None, "staff": "t1", "role": "teacher"}, "c1/t1"),
        ("calendar_days", {}, f"h1/{DAY_TEXT}"),
    ],
)
def test_a_row_without_an_id_is_known_by_what_it_is_about(resource: str, changes: dict[str, Any], key: str) -> None:
    assert read(resource, **changes).key == key


def test_a_mark_of_a_day_begins_with_it_and_leads_to_term_and_calendar() -> None:
    told = values("attendance", term="t1", school="h1", marked_at=AT)
    assert (told["at"], told["marked_at"], told["whole_day"], told["revision"]) == (MIDNIGHT, NINE, True, 0)
    assert told["registration_id"] == id_of("registration", "s1/t1")
    assert told["day_id"] == id_of("calendar_day", f"h1/{DAY_TEXT}")


def test_a_mark_of_a_lesson_begins_with_the_lesson() -> None:
    told = values("attendance", session="l1", starts_at=AT)
    assert (told["at"], told["marked_at"], told["whole_day"]) == (NINE, NINE, False)


@pytest.mark.parametrize(("zone", "begins"), [("Europe/Berlin", -HOUR), ("America/New_York", 5 * HOUR), (None, 0)])
def test_a_date_is_a_day_of_the_school_s_own_clock(zone: str | None, begins: int) -> None:
    assert values("attendance", zone=zone)["at"] == MIDNIGHT + begins


def test_a_date_at_which_something_ends_belongs_to_it() -> None:
    assert values("leave_notes")["end"] == MIDNIGHT + DAY - SECOND
    assert values("line_items")["due_at"] == MIDNIGHT + DAY - SECOND
    assert values("leave_notes", end=AT)["end"] == NINE


@pytest.mark.parametrize(
    ("changes", "status", "exempt"),
    [
        ({}, "assigned", False),
        ({"submitted_at": AT}, "submitted", False),
        ({"submitted_at": AT, "score": "5"}, "graded", False),
        ({"status": "banked", "submitted_at": AT}, "banked", True),
        ({"status": "exempt"}, "exempt", True),
    ],
)
def test_the_state_of_work_follows_from_what_is_there(changes: dict[str, Any], status: str, exempt: bool) -> None:
    told = values("submissions", **changes)
    assert (told["status"], told["exempt"]) == (status, exempt)
    assert told["status_at"] == (NINE if "submitted_at" in changes else 0)


def test_a_score_is_known_at_the_earliest_when_the_work_was_handed_in() -> None:
    assert values("submissions", submitted_at=AT, score="5")["scored_at"] == NINE


def test_an_invoice_is_open_unless_somebody_says_that_it_is_paid() -> None:
    assert values("fee_invoices")["outstanding"] == 450.0
    assert values("fee_invoices", paid_at=AT)["outstanding"] == 0.0
    assert values("fee_invoices", outstanding="0", changed_at=AT)["paid_at"] == NINE


def test_typed_rows_are_read_like_text() -> None:
    told = values("registrations", days_planned=60)
    assert told["days_planned"] == values("registrations", days_planned="60")["days_planned"] == 60
    assert values("calendar_days", open=True)["open"] is values("calendar_days", open="YES")["open"] is True


def test_an_older_version_says_so() -> None:
    assert read("attendance", changed_at=AT).changed_at == NINE


@pytest.mark.parametrize(
    ("resource", "changes", "reason", "word"),
    [
        ("attendance", {"code": "X"}, Reason.UNKNOWN_CODE, "code"),
        ("attendance", {"code": None}, Reason.MISSING_VALUE, "code"),
        ("attendance", {"student": " "}, Reason.MISSING_VALUE, "student"),
        ("attendance", {"date": None}, Reason.MISSING_VALUE, "date"),
        ("attendance", {"date": "3/1/2024"}, Reason.BAD_TIME, "date"),
        ("attendance", {"date": "2024-02-31"}, Reason.BAD_TIME, "date"),
        ("attendance", {"date": "2024-02-31", "starts_at": AT, "school": "h1"}, Reason.BAD_TIME, "date"),
        ("attendance", {"marked_at": "2024-03-01T09:00:00"}, Reason.BAD_TIME, "marked_at"),
        ("attendance", {"minutes": "some"}, Reason.WRONG_TYPE, "minutes"),
        ("attendance", {"minutes": "nan"}, Reason.WRONG_TYPE, "minutes"),
        ("attendance", {"revision": "1.5"}, Reason.WRONG_TYPE, "revision"),
        ("attendance", {"whole_day": "maybe"}, Reason.WRONG_TYPE, "whole_day"),
        ("attendance", {"reason": ["ill"]}, Reason.WRONG_TYPE, "reason"),
        ("students", {"id": None}, Reason.MISSING_KEY, "id"),
        ("sessions", {"status": "perhaps"}, Reason.UNKNOWN_CODE, "status"),
        ("calendar_days", {"open": None}, Reason.MISSING_VALUE, "open"),
    ],
)
def test_a_wrong_cell_refuses_the_row_and_is_named_without_its_value(
    resource: str, changes: dict[str, Any], reason: Reason, word: str
) -> None:
    found, detail = refused(resource, **changes)
    assert (found, word in detail) == (reason, True)
    assert not any(str(value) in detail for value in changes.values() if value and len(str(value)) > 2)


def test_a_key_that_cannot_be_read_is_none() -> None:
    assert vertical.mappers_by_resource["attendance"].key({"id": ["a"]}) is None


def test_a_draft_carries_its_site() -> None:
    draft: Draft = read("attendance", school="h1")
    assert (draft.site, draft.values["school_id"]) == ("h1", id_of("organization", "h1"))
    assert parse_instant(DAY_TEXT) == MIDNIGHT
