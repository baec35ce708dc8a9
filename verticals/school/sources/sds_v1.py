"""From School Data Sync's CSV files, version 1, to records, with the column names of the USA and of the UK.

Dates are written as month/day/year. Passwords are never read.
"""

from __future__ import annotations

import re

from substrate.mapping import Draft, Key, Mapper, Reader
from substrate.quality import Reason, RowRefused
from verticals.school.records import Class, Course, Enrolment, Organization, Staff, Student, Term
from verticals.school.sources.cells import Cells, needed, text

_WRITTEN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_PREFIX = {"student": "student/", "teacher": "teacher/"}


def school(row: Cells, _reader: Reader) -> Draft:
    """A school of version 1."""
    key = _key(row, "SIS ID", "DfE Number")
    number = text(row, "School Number") or text(row, "School NCES_ID")
    values = {"name": text(row, "Name"), "form": "school", "identifier": number, "phone": text(row, "Phone")}
    return Draft(Organization, key, {**values, "active": True}, site=key)


def section(row: Cells, reader: Reader) -> Draft:
    """A section of version 1 is a class; its row tells of the course and the term too."""
    owner = _named(row, "School SIS ID", "School DfE Number")
    term, taught = text(row, "Term SIS ID"), text(row, "Course SIS ID")
    values = {
        "name": text(row, "Section Name"),
        "code": text(row, "Section Number"),
        "form": "scheduled",
        "active": _active(row),
        "course_id": reader.id_of("course", taught) if taught else None,
        "school_id": reader.id_of("organization", owner) if owner else None,
        "term_id": reader.id_of("term", term) if term else None,
    }
    made = Draft(Class, _key(row, "SIS ID", "ID"), values, site=owner)
    made.also = tuple(_told_beside(row, reader, owner, term, taught))
    return made


def student(row: Cells, reader: Reader) -> Draft:
    """A student of version 1."""
    owner = _named(row, "School SIS ID", "School DfE Number")
    values = {
        "number": text(row, "Student Number"),
        "name": _name(row),
        "birth_date": _date(row, "Birthdate", reader),
        "grade": text(row, "Grade"),
        "email": text(row, "Secondary Email"),
        "active": _active(row),
        "school_id": reader.id_of("organization", owner) if owner else None,
    }
    return Draft(Student, _key(row, "SIS ID", "ID"), values, site=owner)


def teacher(row: Cells, reader: Reader) -> Draft:
    """A teacher of version 1."""
    owner = _named(row, "School SIS ID", "School DfE Number")
    values = {
        "name": _name(row),
        "role": "teacher",
        "email": text(row, "Secondary Email"),
        "active": _active(row),
        "school_id": reader.id_of("organization", owner) if owner else None,
    }
    return Draft(Staff, _key(row, "SIS ID", "ID"), values, site=owner)


def student_enrollment(row: Cells, reader: Reader) -> Draft:
    """That a student belongs to a section of version 1."""
    return _enrolment(row, reader, "student")


def teacher_roster(row: Cells, reader: Reader) -> Draft:
    """That a teacher belongs to a section of version 1."""
    return _enrolment(row, reader, "teacher")


def _enrolment(row: Cells, reader: Reader, role: str) -> Draft:
    group = needed(row, "Section SIS ID" if "Section SIS ID" in row else "Section ID")
    person = _key(row, "SIS ID", "ID")
    pupil = role == "student"
    values = {
        "student_id": reader.id_of("student", person) if pupil else None,
        "staff_id": None if pupil else reader.id_of("staff", person),
        "class_id": reader.id_of("class", group),
        "role": role,
        "start": 0,
    }
    return Draft(Enrolment, f"{_PREFIX[role]}{group}/{person}", values)


def _told_beside(row: Cells, reader: Reader, owner: str | None, term: str | None, taught: str | None) -> list[Draft]:
    found: list[Draft] = []
    if term:
        start, end = _date(row, "Term StartDate", reader), _date(row, "Term EndDate", reader)
        values = {"name": text(row, "Term Name"), "form": "term", "start": start, "end": end}
        found.append(Draft(Term, term, values, site=owner))
    if taught:
        values = {
            "name": text(row, "Course Name"),
            "code": text(row, "Course Number"),
            "subject": text(row, "Course Subject"),
            "school_id": reader.id_of("organization", owner) if owner else None,
        }
        found.append(Draft(Course, taught, values, site=owner))
    return found


def _named(row: Cells, *names: str) -> str | None:
    return next(filter(None, (text(row, name) for name in names)), None)


def _key(row: Cells, *names: str) -> str:
    key = _named(row, *names)
    if key is None:
        raise RowRefused(Reason.MISSING_KEY, f"{names[0]} is missing")
    return key


def _name(row: Cells) -> str | None:
    return " ".join(filter(None, (text(row, "First Name"), text(row, "Last Name")))) or text(row, "Username")


def _active(row: Cells) -> bool:
    return (text(row, "Status") or "active").lower() == "active"


def _date(row: Cells, name: str, reader: Reader) -> int | None:
    told = text(row, name)
    if told is None:
        return None
    written = _WRITTEN.fullmatch(told)
    return reader.day("{2}-{0:0>2}-{1:0>2}".format(*written.groups()) if written else told, name)


def _key_in(*names: str) -> Key:
    return lambda row: next((str(row[name]) for name in names if row.get(name)), None)


def _pair(row: Cells) -> str | None:
    group = row.get("Section SIS ID") or row.get("Section ID")
    person = row.get("SIS ID") or row.get("ID")
    return f"{group}/{person}" if group and person else None


SDS_V1: tuple[Mapper, ...] = (
    Mapper("School", Organization, school, key=_key_in("SIS ID", "DfE Number")),
    Mapper("Section", Class, section, also=(Course, Term), key=_key_in("SIS ID", "ID")),
    Mapper("Teacher", Staff, teacher, key=_key_in("SIS ID", "ID")),
    Mapper("Student", Student, student, key=_key_in("SIS ID", "ID")),
    Mapper("StudentEnrollment", Enrolment, student_enrollment, prefix=_PREFIX["student"], key=_pair),
    Mapper("TeacherRoster", Enrolment, teacher_roster, prefix=_PREFIX["teacher"], key=_pair),
)
"""School Data Sync 1, with the column names of every country."""
