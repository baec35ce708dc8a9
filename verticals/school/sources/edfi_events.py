"""What Ed-Fi tells of students day by day: attendance, which is told by exceptions, and work."""

from __future__ import annotations

from substrate.mapping import Draft, Reader
from substrate.quality import Reason, RowRefused
from substrate.sources.edfi.keys import code, key_of, leaves
from verticals.school.records import Attendance, LineItem, Registration, Submission
from verticals.school.sources.cells import Cells, instant, missing, number, text, until
from verticals.school.sources.edfi_fields import draft, refer, reference
from verticals.school.sources.work import settle

_MARKS = {
    "Excused Absence": "excused", "Unexcused Absence": "absent", "Tardy": "late", "In Attendance": "present",
    "Early departure": "late",
}  # fmt: skip
_STATES = {"Not Submitted": "assigned", "Submitted": "submitted", "Graded": "graded", "Missing": "missing"}


def school_attendance(row: Cells, reader: Reader) -> Draft:
    """An exception of a student's day; the row tells of the student's registration for the session too."""
    told = leaves(row)
    made = _attendance("studentSchoolAttendanceEvents", row, reader, {"whole_day": True})
    term = key_of("sessions", reference(row, "sessionReference"))
    registration = f"{told.get('studentUniqueId')}/{term}"
    made.values["registration_id"] = reader.id_of("registration", registration)
    values = {
        "student_id": made.values["student_id"],
        "term_id": refer(reader, "term", term),
        "school_id": made.values["school_id"],
        "start": 0,
    }
    made.also = (Draft(Registration, registration, values, site=made.site),)
    return made


def section_attendance(row: Cells, reader: Reader) -> Draft:
    """An exception of a student in one section."""
    group = key_of("sections", reference(row, "sectionReference"))
    more = {"whole_day": False, "class_id": refer(reader, "class", group)}
    return _attendance("studentSectionAttendanceEvents", row, reader, more)


def gradebook_entry(row: Cells, reader: Reader) -> Draft:
    """A piece of work."""
    section_key = key_of("sections", reference(row, "sectionReference"))
    values = {
        "name": text(row, "title"),
        "category": code(text(row, "gradebookEntryTypeDescriptor") or "") or None,
        "class_id": refer(reader, "class", section_key),
        "assigned_at": instant(reader, row, "dateAssigned"),
        "due_at": until(reader, row, "dueDate"),
        "max_score": number(row, "maxPoints"),
    }
    return draft("gradebookEntries", LineItem, row, values)


def student_gradebook_entry(row: Cells, reader: Reader) -> Draft:
    """A student's answer to a piece of work."""
    told = leaves(row)
    entry = key_of("gradebookEntries", told)
    handed_in = instant(reader, row, "dateFulfilled")
    values = {
        "student_id": refer(reader, "student", told.get("studentUniqueId")),
        "line_item_id": refer(reader, "line_item", entry),
        "submitted_at": handed_in,
        "exempt": None,
        "status": _STATES.get(code(text(row, "submissionStatusDescriptor") or "")),
        "score": number(row, "pointsEarned"),
        "percent": number(row, "numericGradeEarned"),
        "scored_at": None,
    }
    settle(values, 0, handed_in)
    return draft("studentGradebookEntries", Submission, row, values)


def _attendance(kind: str, row: Cells, reader: Reader, more: Cells) -> Draft:
    told = leaves(row)
    at = instant(reader, row, "eventDate")
    mark = _MARKS.get(told.get("attendanceEventCategoryDescriptor", ""))
    if at is None:
        raise missing("eventDate")
    if mark is None:
        raise RowRefused(Reason.UNKNOWN_CODE, f"the event's category is none of {', '.join(_MARKS)}")
    values = {
        "student_id": refer(reader, "student", told.get("studentUniqueId")),
        "school_id": refer(reader, "organization", told.get("schoolId")),
        "at": at,
        "marked_at": at,
        "code": mark,
        "reason": text(row, "attendanceEventReason"),
        "revision": 0,
        "by_exception": True,
    }
    return draft(kind, Attendance, row, values | more, told.get("schoolId"))
