"""A dialect for the Contoso export of Open Education Analytics: a mark a student and day, with dates in several hands.

In some of its folders dates are D/M/YYYY and every row has the same `id`, so a mark is known by student and day. The
files say `ClassSectionAttendance` of marks for all day and without a section: `all_day` decides.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from substrate.catalog import Vertical
from substrate.mapping import Draft, Mapper, Reader
from substrate.quality import Reason, RowRefused
from verticals.school import records, vertical

_DAY_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_CODES = {"P": "present", "A": "absent", "T": "late", "E": "excused"}


def school() -> Vertical:
    """The school with this dialect alone."""
    also = (records.Student, records.Registration, records.Term)
    return replace(
        vertical, mappers=(Mapper("studentattendance", records.Attendance, _attendance, also=also, key=_key),)
    )


def _attendance(row: dict[str, Any], reader: Reader) -> Draft:
    code = _CODES.get(row["AttendanceCode"])
    if code is None:
        raise RowRefused(Reason.UNKNOWN_CODE, f"AttendanceCode is none of {', '.join(_CODES)}")
    if (row["PresenceFlag"] == "1") == (code in ("absent", "excused")):
        raise RowRefused(Reason.FAILED_CHECK, "PresenceFlag contradicts AttendanceCode")
    at = reader.day(_iso(row["attendance_date"]), "attendance_date")
    values = {
        "student_id": reader.id_of("student", row["student_id"]),
        "registration_id": reader.id_of("registration", f"{row['student_id']}/{row['school_year']}"),
        "school_id": reader.id_of("organization", row["school_id"]),
        "at": at,
        "whole_day": row["all_day"] == "Yes",
        "code": code,
        "marked_at": at,
        "revision": 0,
    }
    return Draft(records.Attendance, _key(row) or "", values, site=row["school_id"], also=_also(row, reader))


def _also(row: dict[str, Any], reader: Reader) -> tuple[Draft, ...]:
    """The export lists no students and no terms: a row tells of its student, and of a year from August to July."""
    student, year = row["student_id"], int(row["school_year"])
    school, term = reader.id_of("organization", row["school_id"]), reader.id_of("term", str(year))
    known = {"student_id": reader.id_of("student", student), "term_id": term, "start": 0}
    span = {"start": reader.day(f"{year - 1}-08-01", "start"), "end": reader.day(f"{year}-08-01", "end")}
    return (
        Draft(records.Student, student, {"school_id": school}),
        Draft(records.Registration, f"{student}/{year}", known),
        Draft(records.Term, str(year), span),
    )


def _key(row: dict[str, Any]) -> str | None:
    return f"{row['student_id']}/{_iso(row['attendance_date'])}"


def _iso(text: str) -> str:
    found = _DAY_FIRST.fullmatch(text)
    return f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}" if found else text
