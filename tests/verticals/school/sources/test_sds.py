"""School Data Sync rows, of both versions."""

from __future__ import annotations

from typing import Any

import pytest

from substrate.clock import isoformat
from substrate.mapping import Draft, Reader
from substrate.quality import RowRefused
from verticals.school.records import Guardian, Staff, Student
from verticals.school.sources.dialects import DIALECTS


def draft(dialect: str, resource: str, **cells: Any) -> Draft:
    """The draft of a row."""
    mapper = next(one for one in DIALECTS[dialect] if one.resource == resource)
    made = mapper.read(cells, Reader("sis", "America/Chicago"))
    assert isinstance(made, Draft)
    assert made.key == mapper.prefix + str(mapper.key(cells))
    return made


@pytest.mark.parametrize(
    ("role", "record"),
    [("Student", Student), ("student", Student), ("parent", Guardian), ("Professor", Staff), ("aide", Staff)],
)
def test_role_says_what_a_user_is(role: str, record: type) -> None:
    assert draft("sds", "users", sourcedId="u", role=role, givenName="Una").record is record


def test_role_of_staff_that_oneroster_does_not_have_is_kept() -> None:
    assert draft("sds", "users", sourcedId="u", role="Lecturer").values["role"] == "lecturer"


@pytest.mark.parametrize(("role", "reason"), [("", "missing_value"), ("wizard", "unknown_code")])
def test_user_without_a_known_role_is_refused(role: str, reason: str) -> None:
    with pytest.raises(RowRefused) as caught:
        draft("sds", "users", sourcedId="u", role=role)
    assert caught.value.reason == reason


def test_enrolment_goes_by_class_and_user() -> None:
    made = draft("sds", "enrollments", classSourcedId="c", userSourcedId="u", role="Student")
    assert (made.key, made.values["role"]) == ("c/u", "student")


def test_class_and_course_bear_other_column_names() -> None:
    made = draft(
        "sds", "classes", sourcedId="c", orgSourcedId="o", title="T", sessionSourcedIds="s", courseSourcedId="k"
    )
    assert None not in (made.values["school_id"], made.values["term_id"], made.values["course_id"])
    assert draft("sds", "courses", sourcedId="k", code="B10", subject="14").values["code"] == "B10"


SECTION = {
    "SIS ID": "11001", "School SIS ID": "10001", "Section Name": "Algebra", "Term SIS ID": "12000",
    "Term StartDate": "7/1/2017", "Term EndDate": "6/30/2018", "Course SIS ID": "k1", "Course Name": "Math 101",
}  # fmt: skip


def test_section_tells_of_its_course_and_term() -> None:
    made = draft("sds_v1", "Section", **SECTION)
    term, course = made.also
    assert (made.key, term.key, course.key) == ("11001", "12000", "k1")
    assert isoformat(term.values["start"]) == "2017-07-01T05:00:00Z"


def test_column_names_of_the_uk_are_known() -> None:
    usa = draft("sds_v1", "Student", **{"SIS ID": "1", "School SIS ID": "2", "First Name": "A", "Last Name": "B"})
    britain = draft("sds_v1", "Student", **{"ID": "1", "School DfE Number": "2", "First Name": "A", "Last Name": "B"})
    assert usa == britain


def test_students_and_teachers_of_a_section_have_keys_of_their_own() -> None:
    row = {"Section SIS ID": "s", "SIS ID": "1"}
    keys = {draft("sds_v1", name, **row).key for name in ("StudentEnrollment", "TeacherRoster")}
    assert keys == {"student/s/1", "teacher/s/1"}


@pytest.mark.parametrize("date", ["13/31/2000", "2000", "31.12.2000"])
def test_date_of_another_form_is_refused_without_its_value(date: str) -> None:
    with pytest.raises(RowRefused) as caught:
        draft("sds_v1", "Student", **{"SIS ID": "1", "Birthdate": date})
    assert (caught.value.reason, date in caught.value.detail) == ("bad_time", False)


def test_passwords_are_never_kept() -> None:
    made = draft("sds_v1", "Student", **{"SIS ID": "1", "Password": "P@ssword"})
    assert "P@ssword" not in repr(made)
