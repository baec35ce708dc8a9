"""From OneRoster 1.1 and 1.2 rows to records: orgs, academicSessions, courses, classes, users, enrollments, lineItems,
results, by the names that the CSV binding gives their columns.

A row that is `tobedeleted` in a file that is not read as a delta is kept as no longer in use. OneRoster has no column
for some things that matter; `metadata.<name>` columns may carry them, as the standard allows.
"""

from __future__ import annotations

from typing import Any

from substrate.mapping import Draft, Reader
from substrate.quality import Reason, RowRefused
from substrate.records import Record
from verticals.school import codes
from verticals.school.records import (
    Class,
    Course,
    Enrolment,
    Guardian,
    Guardianship,
    LineItem,
    Organization,
    Staff,
    Student,
    Submission,
    Term,
)
from verticals.school.sources.cells import Cells, code, flag, instant, needed, number, refer, text, until
from verticals.school.sources.work import settle

STUDENT = ("student",)
GUARDIANS = ("guardian", "parent", "relative")
_STAFF = tuple(codes.STAFF)
_USERS = frozenset((*STUDENT, *GUARDIANS, *_STAFF))
_GONE = ("tobedeleted", "inactive")
_SCORES = {
    "exempt": "exempt", "fully graded": "graded", "partially graded": "submitted", "submitted": "submitted",
    "not submitted": "assigned",
}  # fmt: skip


def key_of(row: Cells) -> str | None:
    """The key of a raw row."""
    key = row.get("sourcedId")
    return key.strip() or None if isinstance(key, str) else None


def org(row: Cells, reader: Reader) -> Draft:
    """A school, a district or a department."""
    values = {
        "name": text(row, "name"),
        "form": text(row, "type"),
        "identifier": text(row, "identifier"),
        "phone": text(row, "metadata.phone"),
        "active": _active(row),
        "part_of_id": refer(reader, row, "parentSourcedId", "organization"),
    }
    return _draft(reader, Organization, row, values, key_of(row))


def academic_session(row: Cells, reader: Reader) -> Draft:
    """A term, a semester, a school year or a grading period; its last day belongs to it."""
    values = {
        "name": text(row, "title"),
        "form": text(row, "type"),
        "start": instant(reader, row, "startDate"),
        "end": until(reader, row, "endDate"),
        "school_year": text(row, "schoolYear"),
        "part_of_id": refer(reader, row, "parentSourcedId", "term"),
    }
    return _draft(reader, Term, row, values)


def course(row: Cells, reader: Reader) -> Draft:
    """A course."""
    values = {
        "name": text(row, "title"),
        "code": text(row, "courseCode"),
        "subject": _first(row, "subjects"),
        "school_id": refer(reader, row, "orgSourcedId", "organization"),
        "department_id": refer(reader, row, "metadata.department", "organization"),
    }
    return _draft(reader, Course, row, values, text(row, "orgSourcedId"))


def class_(row: Cells, reader: Reader) -> Draft:
    """A class, in the first of its terms."""
    term = _first(row, "termSourcedIds")
    values = {
        "name": text(row, "title"),
        "code": text(row, "classCode"),
        "form": text(row, "classType"),
        "grade": _first(row, "grades"),
        "room": text(row, "location"),
        "active": _active(row),
        "course_id": refer(reader, row, "courseSourcedId", "course"),
        "school_id": refer(reader, row, "schoolSourcedId", "organization"),
        "term_id": None if term is None else reader.id_of("term", term),
        "teacher_id": refer(reader, row, "metadata.teacher", "staff"),
    }
    return _draft(reader, Class, row, values, text(row, "schoolSourcedId"))


def user(row: Cells, reader: Reader) -> Draft:
    """A user: by role a student with those who answer for them, a guardian, or somebody of the staff."""
    if text(row, "role") is None:
        raise RowRefused(Reason.MISSING_VALUE, "role is missing; OneRoster 1.2 keeps it in roles.csv")
    role = code(row, "role", _USERS)
    school = text(row, "primaryOrgSourcedId") or _first(row, "orgSourcedIds")
    values = {
        "name": _name(row),
        "phone": text(row, "sms") or text(row, "phone"),
        "email": text(row, "email"),
        "active": _active(row) and flag(row, "enabledUser") is not False,
        "school_id": None if school is None else reader.id_of("organization", school),
    }
    if role in STUDENT:
        return _student(row, reader, values, school)
    if role in GUARDIANS:
        more = {"language": text(row, "metadata.language"), "may_contact": flag(row, "metadata.mayContact")}
        return _draft(reader, Guardian, row, values | more, school)
    return _draft(reader, Staff, row, values | {"role": role, "left_at": _left(row, reader)}, school)


def _student(row: Cells, reader: Reader, values: dict[str, Any], school: str | None) -> Draft:
    grade = _first(row, "grades")
    guardians = _listed(row, "agentSourcedIds") or _listed(row, "agentSourceIds")
    more = {
        "number": text(row, "identifier"),
        "birth_date": instant(reader, row, "metadata.birthDate"),
        "sex": text(row, "metadata.sex"),
        "grade": grade,
        "left_at": _left(row, reader),
        "year_group_id": reader.id_of("year_group", f"{school}/{grade}") if school and grade else None,
        "homeroom_id": refer(reader, row, "metadata.homeroom", "class"),
        "tutor_id": refer(reader, row, "metadata.tutor", "staff"),
        "guardian_id": reader.id_of("guardian", guardians[0]) if guardians else None,
    }
    made = _draft(reader, Student, row, values | more, school)
    number_ = reader.id_of("student", made.key)
    made.parts = tuple(
        Draft(
            Guardianship,
            f"{made.key}/{guardian}",
            {"student_id": number_, "guardian_id": reader.id_of("guardian", guardian), "first": place == 0},
            made.changed_at,
            school,
        )
        for place, guardian in enumerate(dict.fromkeys(guardians))
    )
    return made


def enrollment(row: Cells, reader: Reader) -> Draft:
    """That a user belongs to a class; a date at which they leave belongs to their time in it."""
    role = code(row, "role", codes.ROLES)
    user, end = needed(row, "userSourcedId"), until(reader, row, "endDate")
    if end is None and not _active(row):
        end = instant(reader, row, "dateLastModified") or 0
    pupil = role in STUDENT
    values = {
        "student_id": reader.id_of("student", user) if pupil else None,
        "staff_id": None if pupil else reader.id_of("staff", user),
        "class_id": reader.id_of("class", needed(row, "classSourcedId")),
        "school_id": refer(reader, row, "schoolSourcedId", "organization"),
        "role": role,
        "primary": flag(row, "primary"),
        "start": instant(reader, row, "beginDate") or 0,
        "end": end,
    }
    return _draft(reader, Enrolment, row, values, text(row, "schoolSourcedId"))


def line_item(row: Cells, reader: Reader) -> Draft:
    """A piece of work; a date on which it is due includes the day."""
    values = {
        "name": text(row, "title"),
        "category": text(row, "metadata.category") or text(row, "categorySourcedId"),
        "class_id": refer(reader, row, "classSourcedId", "class"),
        "assigned_at": instant(reader, row, "assignDate"),
        "due_at": until(reader, row, "dueDate"),
        "min_score": number(row, "resultValueMin"),
        "max_score": number(row, "resultValueMax"),
    }
    return _draft(reader, LineItem, row, values, text(row, "metadata.school"))


def result(row: Cells, reader: Reader) -> Draft:
    """A student's result. OneRoster dates the score and not the handing in, so only `metadata.submittedAt` tells it."""
    status = text(row, "scoreStatus") or "fully graded"
    if status not in _SCORES:
        raise RowRefused(Reason.UNKNOWN_CODE, f"scoreStatus is none of {', '.join(_SCORES)}")
    since, handed_in = instant(reader, row, "metadata.assignedAt") or 0, instant(reader, row, "metadata.submittedAt")
    values = {
        "student_id": reader.id_of("student", needed(row, "studentSourcedId")),
        "line_item_id": reader.id_of("line_item", needed(row, "lineItemSourcedId")),
        "own_due_at": until(reader, row, "metadata.dueAt"),
        "submitted_at": handed_in,
        "exempt": status == "exempt",
        "status": _SCORES[status],
        "score": number(row, "score"),
        "percent": number(row, "metadata.percent"),
        "scored_at": instant(reader, row, "scoreDate"),
    }
    settle(values, since, handed_in)
    return _draft(reader, Submission, row, values, text(row, "metadata.school"))


def _draft(reader: Reader, record: type[Record], row: Cells, values: dict[str, Any], site: str | None = None) -> Draft:
    key = key_of(row)
    if key is None:
        raise RowRefused(Reason.MISSING_KEY, "sourcedId is missing")
    return Draft(record, key, values, instant(reader, row, "dateLastModified"), site)


def _active(row: Cells) -> bool:
    return text(row, "status") not in _GONE


def _left(row: Cells, reader: Reader) -> int | None:
    """When a user left: as the school says, else when the row was marked as deleted."""
    said = until(reader, row, "metadata.leftAt")
    if said is None and not _active(row):
        return instant(reader, row, "dateLastModified") or 0
    return said


def _name(row: Cells) -> str | None:
    given = text(row, "preferredGivenName") or text(row, "givenName")
    family = text(row, "preferredFamilyName") or text(row, "familyName")
    return " ".join(filter(None, (given, family))) or None


def _listed(row: Cells, name: str) -> list[str]:
    """The items of a cell that holds a list, as OneRoster writes it: separated by commas."""
    said = text(row, name)
    return [] if said is None else [item.strip() for item in said.split(",") if item.strip()]


def _first(row: Cells, name: str) -> str | None:
    return next(iter(_listed(row, name)), None)
