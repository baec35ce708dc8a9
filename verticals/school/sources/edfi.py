"""From Ed-Fi resources to records, whether an ODS/API gave them or an interchange file.

Keys are Ed-Fi's natural keys, which is how its objects refer to each other. Attendance events are exceptions: a day of
the session without one was attended, so a mark says that it is one, and a term says how many days it has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from substrate.mapping import Draft, Mapper, Reader
from substrate.quality import Reason, RowRefused
from substrate.records import Record
from substrate.sources.edfi.keys import code, key_of, leaves
from verticals.school.records import (
    Attendance,
    CalendarDay,
    Class,
    Course,
    Enrolment,
    Guardian,
    Guardianship,
    LineItem,
    Organization,
    Registration,
    Staff,
    Student,
    Submission,
    Term,
)
from verticals.school.sources.cells import Cells, flag, instant, missing, number, text, until, whole
from verticals.school.sources.work import settle

_MARKS = {
    "Excused Absence": "excused", "Unexcused Absence": "absent", "Tardy": "late", "In Attendance": "present",
    "Early departure": "late",
}  # fmt: skip
_SCHOOL_DAYS = frozenset({"Instructional day", "Make-up day", "Student late arrival/early dismissal"})
_TERMS = {"Year Round": "schoolYear", "Fall Semester": "semester", "Spring Semester": "semester"}
_AIDES = frozenset({"Assistant Teacher", "Support Teacher"})
_LATE = {"Not Submitted": "assigned", "Submitted": "submitted", "Graded": "graded", "Missing": "missing"}


def local_education_agency(row: Cells, reader: Reader) -> Draft:
    """A district."""
    return _organization(row, reader, "localEducationAgencies", "district", "stateEducationAgencyId")


def school(row: Cells, reader: Reader) -> Draft:
    """A school."""
    return _organization(row, reader, "schools", "school", "localEducationAgencyId")


def session(row: Cells, reader: Reader) -> Draft:
    """A session is a term of one school, with the number of its days."""
    told = leaves(row)
    values = {
        "name": text(row, "sessionName"),
        "form": _TERMS.get(code(text(row, "termDescriptor") or ""), "term"),
        "start": instant(reader, row, "beginDate"),
        "end": until(reader, row, "endDate"),
        "school_year": told.get("schoolYear"),
        "days": whole(row, "totalInstructionalDays"),
    }
    return _draft("sessions", Term, row, values, told.get("schoolId"))


def calendar_date(row: Cells, reader: Reader) -> Draft:
    """A day of one calendar of a school: there is school if one of its events says so."""
    told = leaves(row)
    events = [code(str(one.get("calendarEventDescriptor", ""))) for one in _many(row, "calendarEvents")]
    date = instant(reader, row, "date")
    if date is None:
        raise missing("date")
    is_open = not _SCHOOL_DAYS.isdisjoint(events)
    form = "school_day" if is_open else "holiday" if "Holiday" in events else "closure"
    values = {
        "school_id": _id(reader, "organization", told.get("schoolId")),
        "date": date,
        "open": is_open,
        "form": form,
        "text": ", ".join(events) or None,
    }
    return _draft("calendarDates", CalendarDay, row, values, told.get("schoolId"))


def course_offering(row: Cells, reader: Reader) -> Draft:
    """A course as a school offers it in a session, by which its sections name it."""
    told = leaves(row)
    values = {
        "name": text(row, "localCourseTitle") or text(row, "localCourseCode"),
        "code": text(row, "localCourseCode"),
        "school_id": _id(reader, "organization", told.get("schoolId")),
    }
    return _draft("courseOfferings", Course, row, values, told.get("schoolId"))


def section(row: Cells, reader: Reader) -> Draft:
    """A section is a class."""
    offering = _reference(row, "courseOfferingReference")
    values = {
        "name": text(row, "sectionName") or text(row, "sectionIdentifier"),
        "code": text(row, "sectionIdentifier"),
        "form": "scheduled",
        "room": text(_reference(row, "locationReference"), "classroomIdentificationCode"),
        "active": True,
        "course_id": _id(reader, "course", key_of("courseOfferings", offering)),
        "school_id": _id(reader, "organization", leaves(offering).get("schoolId")),
        "term_id": _id(reader, "term", key_of("sessions", offering)),
    }
    return _draft("sections", Class, row, values, leaves(offering).get("schoolId"))


def staff(row: Cells, _reader: Reader) -> Draft:
    """A member of staff."""
    return _draft("staffs", Staff, row, {**_person(row), "active": True})


def contact(row: Cells, _reader: Reader) -> Draft:
    """A contact answers for students."""
    return _draft("contacts", Guardian, row, {**_person(row), "active": True})


def student(row: Cells, reader: Reader) -> Draft:
    """A student; which school they are at is a resource of its own."""
    more = {
        "number": text(row, "studentUniqueId"),
        "birth_date": instant(reader, row, "birthDate"),
        "sex": code(text(row, "birthSexDescriptor") or "") or None,
        "active": True,
    }
    return _draft("students", Student, row, _person(row) | more)


def student_contact(row: Cells, reader: Reader) -> Draft:
    """That a contact answers for a student."""
    told = leaves(row)
    values = {
        "student_id": _id(reader, "student", told.get("studentUniqueId")),
        "guardian_id": _id(reader, "guardian", told.get("contactUniqueId")),
        "relation": code(text(row, "relationDescriptor") or "") or None,
        "first": flag(row, "primaryContactStatus"),
    }
    return _draft("studentContactAssociations", Guardianship, row, values)


def staff_section(row: Cells, reader: Reader) -> Draft:
    """That somebody teaches a section."""
    position = code(text(row, "classroomPositionDescriptor") or "")
    more = {
        "staff_id": _id(reader, "staff", leaves(row).get("staffUniqueId")),
        "role": "aide" if position in _AIDES else "teacher",
        "primary": position == "Teacher of Record",
    }
    return _enrolment("staffSectionAssociations", row, reader, more)


def student_section(row: Cells, reader: Reader) -> Draft:
    """That a student belongs to a section."""
    more = {"student_id": _id(reader, "student", leaves(row).get("studentUniqueId")), "role": "student"}
    return _enrolment("studentSectionAssociations", row, reader, more)


def school_attendance(row: Cells, reader: Reader) -> Draft:
    """An exception of a student's day; the row tells of the student's registration for the session too."""
    told = leaves(row)
    made = _attendance("studentSchoolAttendanceEvents", row, reader, {"whole_day": True})
    term = key_of("sessions", _reference(row, "sessionReference"))
    registration = f"{told.get('studentUniqueId')}/{term}"
    made.values["registration_id"] = reader.id_of("registration", registration)
    values = {
        "student_id": made.values["student_id"],
        "term_id": _id(reader, "term", term),
        "school_id": made.values["school_id"],
        "start": 0,
    }
    made.also = (Draft(Registration, registration, values, site=made.site),)
    return made


def section_attendance(row: Cells, reader: Reader) -> Draft:
    """An exception of a student in one section."""
    group = key_of("sections", _reference(row, "sectionReference"))
    more = {"whole_day": False, "class_id": _id(reader, "class", group)}
    return _attendance("studentSectionAttendanceEvents", row, reader, more)


def gradebook_entry(row: Cells, reader: Reader) -> Draft:
    """A piece of work."""
    section_key = key_of("sections", _reference(row, "sectionReference"))
    values = {
        "name": text(row, "title"),
        "category": code(text(row, "gradebookEntryTypeDescriptor") or "") or None,
        "class_id": _id(reader, "class", section_key),
        "assigned_at": instant(reader, row, "dateAssigned"),
        "due_at": until(reader, row, "dueDate"),
        "max_score": number(row, "maxPoints"),
    }
    return _draft("gradebookEntries", LineItem, row, values)


def student_gradebook_entry(row: Cells, reader: Reader) -> Draft:
    """A student's answer to a piece of work."""
    told = leaves(row)
    entry = key_of("gradebookEntries", told)
    handed_in = instant(reader, row, "dateFulfilled")
    values = {
        "student_id": _id(reader, "student", told.get("studentUniqueId")),
        "line_item_id": _id(reader, "line_item", entry),
        "submitted_at": handed_in,
        "exempt": None,
        "status": _LATE.get(code(text(row, "submissionStatusDescriptor") or "")),
        "score": number(row, "pointsEarned"),
        "percent": number(row, "numericGradeEarned"),
        "scored_at": None,
    }
    settle(values, 0, handed_in)
    return _draft("studentGradebookEntries", Submission, row, values)


def _organization(row: Cells, reader: Reader, kind: str, form: str, parent: str) -> Draft:
    told = leaves(row)
    values = {
        "name": text(row, "nameOfInstitution"),
        "form": form,
        "identifier": key_of(kind, row),
        "phone": next((text(one, "telephoneNumber") for one in _many(row, "institutionTelephones")), None),
        "active": True,
        "part_of_id": _id(reader, "organization", told.get(parent)),
    }
    return _draft(kind, Organization, row, values, key_of(kind, row))


def _enrolment(kind: str, row: Cells, reader: Reader, more: Cells) -> Draft:
    group = _reference(row, "sectionReference")
    school_key = leaves(group).get("schoolId")
    values = {
        "class_id": _id(reader, "class", key_of("sections", group)),
        "school_id": _id(reader, "organization", school_key),
        "start": instant(reader, row, "beginDate") or 0,
        "end": until(reader, row, "endDate"),
    }
    return _draft(kind, Enrolment, row, values | more, school_key)


def _attendance(kind: str, row: Cells, reader: Reader, more: Cells) -> Draft:
    told = leaves(row)
    at = instant(reader, row, "eventDate")
    mark = _MARKS.get(told.get("attendanceEventCategoryDescriptor", ""))
    if at is None:
        raise missing("eventDate")
    if mark is None:
        raise RowRefused(Reason.UNKNOWN_CODE, f"the event's category is none of {', '.join(_MARKS)}")
    values = {
        "student_id": _id(reader, "student", told.get("studentUniqueId")),
        "school_id": _id(reader, "organization", told.get("schoolId")),
        "at": at,
        "marked_at": at,
        "code": mark,
        "reason": text(row, "attendanceEventReason"),
        "revision": 0,
        "by_exception": True,
    }
    return _draft(kind, Attendance, row, values | more, told.get("schoolId"))


def _person(row: Cells) -> Cells:
    given, family = text(row, "firstName"), text(row, "lastSurname")
    phones, mails = _many(row, "telephones"), _many(row, "electronicMails")
    return {
        "name": " ".join(filter(None, (given, family))) or None,
        "phone": next((text(one, "telephoneNumber") for one in phones), None),
        "email": next((text(one, "electronicMailAddress") for one in mails), None),
    }


def _draft(kind: str, record: type[Record], row: Cells, values: Cells, site: str | None = None) -> Draft:
    key = key_of(kind, row)
    if key is None:
        raise RowRefused(Reason.MISSING_KEY, f"a part of the natural key of {kind} is missing")
    return Draft(record, _PREFIXES.get(kind, "") + key, values, site=site)


def _id(reader: Reader, kind: str, key: str | None) -> int | None:
    return reader.id_of(kind, key) if key else None


def _reference(row: Cells, name: str) -> Cells:
    value = row.get(name)
    return value if isinstance(value, dict) else {}


def _many(row: Cells, name: str) -> list[Cells]:
    value = row.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _mapper(kind: str, record: type[Record], read: Callable[[Cells, Reader], Draft], **more: Any) -> Mapper:
    prefix = _PREFIXES.get(kind, "")
    return Mapper(kind, record, read, prefix=prefix, key=lambda row: key_of(kind, row), **more)


_PREFIXES = {
    "staffSectionAssociations": "staff/", "studentSectionAssociations": "student/",
    "studentSchoolAttendanceEvents": "school/", "studentSectionAttendanceEvents": "section/",
}  # fmt: skip
"""Where two resources become one kind of record."""

EDFI: tuple[Mapper, ...] = (
    _mapper("localEducationAgencies", Organization, local_education_agency),
    _mapper("schools", Organization, school),
    _mapper("sessions", Term, session),
    _mapper("calendarDates", CalendarDay, calendar_date),
    _mapper("courseOfferings", Course, course_offering),
    _mapper("sections", Class, section),
    _mapper("staffs", Staff, staff),
    _mapper("contacts", Guardian, contact),
    _mapper("students", Student, student),
    _mapper("studentContactAssociations", Guardianship, student_contact),
    _mapper("staffSectionAssociations", Enrolment, staff_section),
    _mapper("studentSectionAssociations", Enrolment, student_section),
    _mapper("studentSchoolAttendanceEvents", Attendance, school_attendance, also=(Registration,)),
    _mapper("studentSectionAttendanceEvents", Attendance, section_attendance),
    _mapper("gradebookEntries", LineItem, gradebook_entry),
    _mapper("studentGradebookEntries", Submission, student_gradebook_entry),
)
