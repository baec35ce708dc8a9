"""OneRoster rows: whom a user becomes, what a status means, and what the standard has no column for."""

from __future__ import annotations

from typing import Any

import pytest

from substrate.clock import DAY, SECOND, parse_instant
from substrate.quality import Reason
from substrate.records import Record
from tests.verticals.school.rows import AT, MIDNIGHT, NINE, id_of, read, refused, values
from verticals.school.records import Course, Guardian, Staff, Student


@pytest.mark.parametrize(
    ("role", "record"),
    [
        ("student", Student), ("guardian", Guardian), ("parent", Guardian), ("relative", Guardian), ("teacher", Staff),
        ("administrator", Staff), ("aide", Staff), ("proctor", Staff), ("principal", Staff),
    ],
)  # fmt: skip
def test_a_user_is_what_the_role_says(role: str, record: type[Record]) -> None:
    assert read("users", role=role).record is record


def test_a_user_without_a_known_role_is_refused() -> None:
    assert refused("users", role="wizard")[0] is Reason.UNKNOWN_CODE
    assert refused("users", role=None) == (
        Reason.MISSING_VALUE,
        "role is missing; OneRoster 1.2 keeps it in roles.csv",
    )


def test_a_student_lives_with_those_who_answer_for_them() -> None:
    draft = read("users", agentSourcedIds="g1, g2,g1", grades="07,08", orgSourcedIds="h1,h2")
    assert draft.values["guardian_id"] == id_of("guardian", "g1")
    assert [part.key for part in draft.parts] == ["x1/g1", "x1/g2"]
    assert [part.values["first"] for part in draft.parts] == [True, False]
    assert draft.values["year_group_id"] == id_of("year_group", "h1/07")
    assert (draft.site, draft.values["school_id"]) == ("h1", id_of("organization", "h1"))


def test_a_preferred_name_comes_first() -> None:
    assert values("users", preferredGivenName="Mimi")["name"] == "Mimi Sato"


@pytest.mark.parametrize(
    ("changes", "active", "left"),
    [
        ({}, True, None),
        ({"enabledUser": "false"}, False, None),
        ({"status": "tobedeleted", "dateLastModified": AT}, False, NINE),
        ({"status": "inactive"}, False, 0),
        ({"metadata.leftAt": "2024-03-01"}, True, MIDNIGHT + DAY - SECOND),
    ],
)
def test_who_is_deleted_or_gone_has_left(changes: dict[str, Any], active: bool, left: int | None) -> None:
    told = values("users", **changes)
    assert (told["active"], told["left_at"]) == (active, left)


def test_an_enrolment_is_a_student_s_or_a_teacher_s() -> None:
    pupil, teacher = values("enrollments"), values("enrollments", role="teacher", primary="true")
    assert (pupil["student_id"], pupil["staff_id"]) == (id_of("student", "s1"), None)
    assert (teacher["student_id"], teacher["staff_id"], teacher["primary"]) == (None, id_of("staff", "s1"), True)
    assert values("enrollments", status="tobedeleted", dateLastModified=AT)["end"] == NINE


def test_a_term_and_a_due_date_include_their_last_day() -> None:
    assert values("academicSessions")["end"] == parse_instant("2024-03-28") + DAY - SECOND
    assert values("lineItems")["due_at"] == MIDNIGHT + DAY - SECOND


def test_a_class_is_in_the_first_of_its_terms() -> None:
    assert values("classes", termSourcedIds="t1,t2")["term_id"] == id_of("term", "t1")


@pytest.mark.parametrize(
    ("said", "status", "exempt"),
    [("fully graded", "graded", False), ("exempt", "exempt", True), ("not submitted", "assigned", False),
     ("submitted", "submitted", False), (None, "graded", False)],
)  # fmt: skip
def test_a_result_s_state(said: str | None, status: str, exempt: bool) -> None:
    told = values("results", scoreStatus=said)
    assert (told["status"], told["exempt"]) == (status, exempt)


def test_the_date_of_a_score_is_not_taken_for_that_of_handing_in() -> None:
    told = values("results")
    assert (told["submitted_at"], told["scored_at"]) == (None, MIDNIGHT)
    assert values("results", **{"metadata.submittedAt": AT})["submitted_at"] == NINE


def test_courses_and_classes_are_read_in_our_words_too() -> None:
    draft = read("courses", sourcedId=None, title=None, id="c9", name="Latin", code="LAT")
    assert (draft.record, draft.key, draft.values["name"], draft.values["code"]) == (Course, "c9", "Latin", "LAT")


def test_a_row_without_a_key_is_refused() -> None:
    assert refused("orgs", sourcedId=" ")[0] is Reason.MISSING_KEY
