"""From School Data Sync's CSV files, version 2 and 2.1, to records: their names are mostly OneRoster's.

Version 2.1 keeps roles, demographics and relationships in files of their own, which the source reads into the users.
Passwords are never read.
"""

from __future__ import annotations

from substrate.mapping import Draft, Mapper, Reader
from substrate.quality import Reason, RowRefused
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
from verticals.school.sources import oneroster
from verticals.school.sources.cells import Cells, text

_STAFF = frozenset({"adjunct", "chair", "faculty", "lecturer", "other", "professor", "staff"})
"""Roles of staff that OneRoster does not have; they are kept as they are written."""


def user(row: Cells, reader: Reader) -> Draft:
    """A user: student, guardian or staff."""
    told = _role(row)
    made = oneroster.user(row | _grades(row) | {"role": "teacher" if told in _STAFF else told}, reader)
    if made.record is Staff:
        made.values["role"] = told
    return made


def enrollment(row: Cells, reader: Reader) -> Draft:
    """That a user belongs to a class; version 2 gives it no key of its own."""
    told = _role(row)
    role = "teacher" if told in _STAFF else told
    made = oneroster.enrollment(row | {"sourcedId": enrollment_key(row) or "", "role": role}, reader)
    made.values["role"] = told
    return made


def enrollment_key(row: Cells) -> str | None:
    """The key of a raw enrolment: its own, else its class and its user."""
    own, group, person = (row.get(name) for name in ("sourcedId", "classSourcedId", "userSourcedId"))
    return own or (f"{group}/{person}" if group and person else None)


def course(row: Cells, reader: Reader) -> Draft:
    """A course."""
    named = {"courseCode": row.get("code") or row.get("courseCode"), "subjects": row.get("subject")}
    return oneroster.course(row | named, reader)


def class_(row: Cells, reader: Reader) -> Draft:
    """A class, in the first of its sessions."""
    named = {"schoolSourcedId": row.get("orgSourcedId"), "termSourcedIds": row.get("sessionSourcedIds")}
    return oneroster.class_(row | named, reader)


def _role(row: Cells) -> str:
    """A role as OneRoster writes it: version 2 writes it with a capital."""
    told = (text(row, "role") or "").lower()
    known = {role.lower(): role for role in codes.ROLES} | {role: role for role in (*oneroster.GUARDIANS, *_STAFF)}
    if not told:
        raise RowRefused(Reason.MISSING_VALUE, "role is missing, in the user's row and in roles.csv")
    if told not in known:
        raise RowRefused(Reason.UNKNOWN_CODE, f"role is none of {', '.join(sorted(known))}")
    return known[told]


def _grades(row: Cells) -> Cells:
    return {"grades": row.get("grades") or row.get("grade")}


SDS: tuple[Mapper, ...] = (
    Mapper("orgs", Organization, oneroster.org, key=oneroster.key_of),
    Mapper("academicSessions", Term, oneroster.academic_session, key=oneroster.key_of),
    Mapper("courses", Course, course, key=oneroster.key_of),
    Mapper("classes", Class, class_, key=oneroster.key_of),
    Mapper(
        "users", Student, user, parts={Guardianship: "student_id"}, instead=(Staff, Guardian), key=oneroster.key_of
    ),
    Mapper("enrollments", Enrolment, enrollment, key=enrollment_key),
    Mapper("lineItems", LineItem, oneroster.line_item, key=oneroster.key_of),
    Mapper("results", Submission, oneroster.result, key=oneroster.key_of),
)  # fmt: skip
"""School Data Sync 2 and 2.1."""
