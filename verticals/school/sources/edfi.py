"""From Ed-Fi resources to records, whether an ODS/API gave them or an interchange file.

Keys are Ed-Fi's natural keys, which is how its objects refer to each other. Attendance events are exceptions: a day of
the session without one was attended, so a mark says that it is one, and a term says how many days it has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from substrate.mapping import Draft, Mapper, Reader
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
from verticals.school.sources.cells import Cells, flag, instant, missing, text, until, whole
from verticals.school.sources.edfi_events import (
    gradebook_entry,
    school_attendance,
    section_attendance,
    student_gradebook_entry,
)
from verticals.school.sources.edfi_fields import PREFIXES, draft, many, refer, reference

_SCHOOL_DAYS = frozenset({"Instructional day", "Make-up day", "Student late arrival/early dismissal"})
_TERMS = {"Year Round": "schoolYear", "Fall Semester": "semester", "Spring Semester": "semester"}
_AIDES = frozenset({"Assistant Teacher", "Support Teacher"})


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
    return draft("sessions", Term, row, values, told.get("schoolId"))


def calendar_date(row: Cells, reader: Reader) -> Draft:
    """A day of one calendar of a school: there is school if one of its events says so."""
    told = leaves(row)
    events = [code(str(one.get("calendarEventDescriptor", ""))) for one in many(row, "calendarEvents")]
    date = instant(reader, row, "date")
    if date is None:
        raise missing("date")
    is_open = not _SCHOOL_DAYS.isdisjoint(events)
    form = "school_day" if is_open else "holiday" if "Holiday" in events else "closure"
    values = {
        "school_id": refer(reader, "organization", told.get("schoolId")),
        "date": date,
        "open": is_open,
        "form": form,
        "text": ", ".join(events) or None,
    }
    return draft("calendarDates", CalendarDay, row, values, told.get("schoolId"))


def course_offering(row: Cells, reader: Reader) -> Draft:
    """A course as a school offers it in a session, by which its sections name it."""
    told = leaves(row)
    values = {
        "name": text(row, "localCourseTitle") or text(row, "localCourseCode"),
        "code": text(row, "localCourseCode"),
        "school_id": refer(reader, "organization", told.get("schoolId")),
    }
    return draft("courseOfferings", Course, row, values, told.get("schoolId"))


def section(row: Cells, reader: Reader) -> Draft:
    """A section is a class."""
    offering = reference(row, "courseOfferingReference")
    values = {
        "name": text(row, "sectionName") or text(row, "sectionIdentifier"),
        "code": text(row, "sectionIdentifier"),
        "form": "scheduled",
        "room": text(reference(row, "locationReference"), "classroomIdentificationCode"),
        "active": True,
        "course_id": refer(reader, "course", key_of("courseOfferings", offering)),
        "school_id": refer(reader, "organization", leaves(offering).get("schoolId")),
        "term_id": refer(reader, "term", key_of("sessions", offering)),
    }
    return draft("sections", Class, row, values, leaves(offering).get("schoolId"))


def staff(row: Cells, _reader: Reader) -> Draft:
    """A member of staff."""
    return draft("staffs", Staff, row, {**_person(row), "active": True})


def contact(row: Cells, _reader: Reader) -> Draft:
    """A contact answers for students."""
    return draft("contacts", Guardian, row, {**_person(row), "active": True})


def student(row: Cells, reader: Reader) -> Draft:
    """A student; which school they are at is a resource of its own."""
    more = {
        "number": text(row, "studentUniqueId"),
        "birth_date": instant(reader, row, "birthDate"),
        "sex": code(text(row, "birthSexDescriptor") or "") or None,
        "active": True,
    }
    return draft("students", Student, row, _person(row) | more)


def student_contact(row: Cells, reader: Reader) -> Draft:
    """That a contact answers for a student."""
    told = leaves(row)
    values = {
        "student_id": refer(reader, "student", told.get("studentUniqueId")),
        "guardian_id": refer(reader, "guardian", told.get("contactUniqueId")),
        "relation": code(text(row, "relationDescriptor") or "") or None,
        "first": flag(row, "primaryContactStatus"),
    }
    return draft("studentContactAssociations", Guardianship, row, values)


def staff_section(row: Cells, reader: Reader) -> Draft:
    """That somebody teaches a section."""
    position = code(text(row, "classroomPositionDescriptor") or "")
    more = {
        "staff_id": refer(reader, "staff", leaves(row).get("staffUniqueId")),
        "role": "aide" if position in _AIDES else "teacher",
        "primary": position == "Teacher of Record",
    }
    return _enrolment("staffSectionAssociations", row, reader, more)


def student_section(row: Cells, reader: Reader) -> Draft:
    """That a student belongs to a section."""
    more = {"student_id": refer(reader, "student", leaves(row).get("studentUniqueId")), "role": "student"}
    return _enrolment("studentSectionAssociations", row, reader, more)


def _organization(row: Cells, reader: Reader, kind: str, form: str, parent: str) -> Draft:
    told = leaves(row)
    values = {
        "name": text(row, "nameOfInstitution"),
        "form": form,
        "identifier": key_of(kind, row),
        "phone": next((text(one, "telephoneNumber") for one in many(row, "institutionTelephones")), None),
        "active": True,
        "part_of_id": refer(reader, "organization", told.get(parent)),
    }
    return draft(kind, Organization, row, values, key_of(kind, row))


def _enrolment(kind: str, row: Cells, reader: Reader, more: Cells) -> Draft:
    group = reference(row, "sectionReference")
    school_key = leaves(group).get("schoolId")
    values = {
        "class_id": refer(reader, "class", key_of("sections", group)),
        "school_id": refer(reader, "organization", school_key),
        "start": instant(reader, row, "beginDate") or 0,
        "end": until(reader, row, "endDate"),
    }
    return draft(kind, Enrolment, row, values | more, school_key)


def _person(row: Cells) -> Cells:
    given, family = text(row, "firstName"), text(row, "lastSurname")
    phones, mails = many(row, "telephones"), many(row, "electronicMails")
    return {
        "name": " ".join(filter(None, (given, family))) or None,
        "phone": next((text(one, "telephoneNumber") for one in phones), None),
        "email": next((text(one, "electronicMailAddress") for one in mails), None),
    }


def _mapper(kind: str, record: type[Record], read: Callable[[Cells, Reader], Draft], **more: Any) -> Mapper:
    prefix = PREFIXES.get(kind, "")
    return Mapper(kind, record, read, prefix=prefix, key=lambda row: key_of(kind, row), **more)


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
