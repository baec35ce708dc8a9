"""Who is at the school: organizations, terms and their days, courses and classes, staff, guardians and students.

What they do stands in `records`, which names all kinds. Names follow OneRoster where staff would recognise them.
"""

from __future__ import annotations

from typing import ClassVar

from substrate.columns import Sensitivity, column, instant, reference
from substrate.records import Record
from verticals.school import codes

_PUBLIC = Sensitivity.PUBLIC
_INTERNAL = Sensitivity.INTERNAL
_PII = Sensitivity.PII


class Organization(Record, table=True):
    """A school, a district or a department."""

    __tablename__ = "school_organization"
    kind: ClassVar[str] = "organization"
    title: ClassVar[str] = "name"

    name: str | None = column("Name of the organization", _PUBLIC, default=None)
    form: str | None = column(
        "What it is: school, district, department …", _PUBLIC, label="kind of organization",
        codes=codes.ORGANIZATIONS, default=None, index=True,
    )  # fmt: skip
    identifier: str | None = column("Its official number", _PUBLIC, label="official number", default=None)
    phone: str | None = column("Telephone of the organization", _PUBLIC, default=None)
    active: bool | None = column("Whether it is in use", _INTERNAL, codes=codes.IN_USE, default=None)
    part_of_id: int | None = reference("The organization that it belongs to", "organization", _INTERNAL)


class Staff(Record, table=True):
    """Somebody who works at a school."""

    __tablename__ = "school_staff"
    kind: ClassVar[str] = "staff"
    title: ClassVar[str] = "name"
    about: ClassVar[tuple[str, ...]] = ("school.name",)

    name: str | None = column("Name of the member of staff", _PII, default=None)
    role: str | None = column(
        "What they do: teacher, aide, administrator …", _INTERNAL, codes=codes.STAFF, default=None
    )
    phone: str | None = column("Telephone of the member of staff", _PII, default=None)
    email: str | None = column("E-mail address of the member of staff", _PII, default=None)
    active: bool | None = column("Whether they work here", _INTERNAL, codes=codes.WORKS, default=None)
    left_at: int | None = instant(
        "When they left", _PII, label="left", absent="they have not left", known_at="left_at", default=None
    )
    school_id: int | None = reference("The school where they work", "organization", _INTERNAL)


class YearGroup(Record, table=True):
    """The students of one school who are in the same grade."""

    __tablename__ = "school_year_group"
    kind: ClassVar[str] = "year_group"
    title: ClassVar[str] = "name"
    about: ClassVar[tuple[str, ...]] = ("school.name",)

    name: str | None = column("Name of the year group", _INTERNAL, label="year group", default=None)
    grade: str | None = column("The grade as the school writes it", _INTERNAL, default=None)
    school_id: int | None = reference("The school", "organization", _INTERNAL)
    head_id: int | None = reference("The head of the year group", "staff", _INTERNAL, label="head of year")


class Term(Record, table=True):
    """A term, a semester or a whole school year."""

    __tablename__ = "school_term"
    kind: ClassVar[str] = "term"
    title: ClassVar[str] = "name"

    name: str | None = column("Name of the term", _PUBLIC, label="term", default=None)
    form: str | None = column(
        "term, semester, schoolYear or gradingPeriod", _PUBLIC, label="kind of term", codes=codes.TERMS, default=None
    )
    start: int | None = instant("First day of the term", _PUBLIC, label="term begins", default=None, index=True)
    end: int | None = instant("End of the last day of the term", _PUBLIC, label="term ends", default=None)
    school_year: str | None = column("The school year, as the year in which it ends", _PUBLIC, default=None)
    days: int | None = column("School days of the term", _PUBLIC, label="days of the term", unit="d", default=None)
    part_of_id: int | None = reference("The term that it is part of", "term", _PUBLIC)


class CalendarDay(Record, table=True):
    """One day in a school's calendar: whether it is open, and what kind of day it is."""

    __tablename__ = "school_calendar_day"
    kind: ClassVar[str] = "calendar_day"
    title: ClassVar[str] = "text"
    about: ClassVar[tuple[str, ...]] = ("school.name",)

    school_id: int | None = reference("The school or district whose day it is", "organization", _PUBLIC)
    term_id: int | None = reference("The term that the day belongs to", "term", _PUBLIC)
    date: int = instant("The day, by the moment on which it begins", _PUBLIC, label="day", index=True)
    open: bool = column("Whether there is school", _PUBLIC, label="open", codes=codes.OPEN)
    form: str | None = column(
        "school_day, holiday, closure, off_timetable …", _PUBLIC, label="kind of day", codes=codes.DAYS, default=None
    )
    text: str | None = column("What the day is called", _PUBLIC, label="name of the day", default=None)


class Course(Record, table=True):
    """What is taught, whoever is taught: a subject at a level."""

    __tablename__ = "school_course"
    kind: ClassVar[str] = "course"
    title: ClassVar[str] = "name"

    name: str | None = column("Name of the course", _PUBLIC, label="course", default=None)
    code: str | None = column("The course's code", _PUBLIC, default=None)
    subject: str | None = column("The subject", _PUBLIC, default=None)
    school_id: int | None = reference("The school that offers it", "organization", _PUBLIC)
    department_id: int | None = reference("The department that teaches it", "organization", _INTERNAL)


class Class(Record, table=True):
    """A group of students who are taught together in one term, or a form."""

    __tablename__ = "school_class"
    kind: ClassVar[str] = "class"
    title: ClassVar[str] = "name"
    about: ClassVar[tuple[str, ...]] = ("school.name",)

    name: str | None = column("Name of the class", _INTERNAL, label="class", default=None)
    code: str | None = column("The class's code", _INTERNAL, default=None)
    form: str | None = column(
        "scheduled for lessons, homeroom for a form",
        _INTERNAL,
        label="kind of class",
        codes=codes.CLASSES,
        default=None,
    )
    grade: str | None = column("The grade of its students", _INTERNAL, default=None)
    room: str | None = column("Where it meets", _INTERNAL, default=None)
    active: bool | None = column("Whether it is in use", _INTERNAL, codes=codes.IN_USE, default=None)
    course_id: int | None = reference("The course that is taught", "course", _INTERNAL)
    school_id: int | None = reference("The school", "organization", _INTERNAL)
    term_id: int | None = reference("The term in which it meets", "term", _INTERNAL)
    teacher_id: int | None = reference("The teacher in charge", "staff", _INTERNAL, label="teacher")


class Guardian(Record, table=True):
    """A parent, or whoever else answers for a student at home."""

    __tablename__ = "school_guardian"
    kind: ClassVar[str] = "guardian"
    title: ClassVar[str] = "name"

    name: str | None = column("Name of the guardian", _PII, label="guardian", default=None)
    phone: str | None = column("Telephone of the guardian", _PII, default=None)
    email: str | None = column("E-mail address of the guardian", _PII, default=None)
    language: str | None = column("The language that they read", _PII, default=None)
    may_contact: bool | None = column(
        "Whether they want messages from the school", _PII, label="messages wanted", codes=codes.MAY_CONTACT,
        default=None,
    )  # fmt: skip
    active: bool | None = column("Whether the record is in use", _INTERNAL, codes=codes.IN_USE, default=None)
    school_id: int | None = reference("The school", "organization", _INTERNAL)


class Student(Record, table=True):
    """Somebody whom the school teaches."""

    __tablename__ = "school_student"
    kind: ClassVar[str] = "student"
    title: ClassVar[str] = "name"
    about: ClassVar[tuple[str, ...]] = ("homeroom.name", "school.name")

    number: str | None = column("Student number", _PII, label="student number", default=None, index=True)
    name: str | None = column("Name of the student", _PII, label="student", default=None)
    birth_date: int | None = instant("Date of birth", _PII, default=None)
    sex: str | None = column("Administrative sex", _PII, default=None)
    grade: str | None = column("The grade that they are in", _PII, default=None)
    phone: str | None = column("Telephone of the student", _PII, default=None)
    email: str | None = column("E-mail address of the student", _PII, default=None)
    active: bool | None = column(
        "Whether the record is in use", _INTERNAL, label="record in use", codes=codes.ENROLLED, default=None
    )
    left_at: int | None = instant(
        "When the student left or moved to another school", _PII, label="left the school",
        absent="the student has not left", known_at="left_at", default=None, index=True,
    )  # fmt: skip
    school_id: int | None = reference("The school", "organization", _INTERNAL)
    year_group_id: int | None = reference("The year group", "year_group", _PII, label="year group")
    homeroom_id: int | None = reference("The form that they belong to", "class", _PII, label="form")
    tutor_id: int | None = reference("The form tutor", "staff", _PII, label="form tutor")
    guardian_id: int | None = reference("The guardian who is told first", "guardian", _PII, label="guardian")


class Guardianship(Record, table=True):
    """That a guardian answers for a student; part of the student."""

    __tablename__ = "school_guardianship"
    kind: ClassVar[str] = "guardianship"
    about: ClassVar[tuple[str, ...]] = ("student.name", "guardian.name")

    student_id: int | None = reference("The student", "student", _PII)
    guardian_id: int | None = reference("The guardian", "guardian", _PII)
    relation: str | None = column("What the guardian is to the student", _PII, default=None)
    first: bool | None = column("Whether this guardian is told first", _PII, default=None)


class Enrolment(Record, table=True):
    """That somebody belongs to a class, as a student or as a teacher, from a day on."""

    __tablename__ = "school_enrolment"
    kind: ClassVar[str] = "enrolment"
    occurs: ClassVar[str | None] = "start"
    title: ClassVar[str] = "role"
    about: ClassVar[tuple[str, ...]] = ("student.name", "class.name")

    student_id: int | None = reference("The student", "student", _PII)
    staff_id: int | None = reference("The member of staff", "staff", _INTERNAL)
    class_id: int | None = reference("The class", "class", _PII)
    school_id: int | None = reference("The school", "organization", _INTERNAL)
    role: str = column("student, teacher, aide …", _INTERNAL, codes=codes.ROLES)
    primary: bool | None = column("Whether it is the teacher in charge", _INTERNAL, default=None)
    start: int = instant("From when on they belong to the class; 1970 where nobody wrote it down", _PII, index=True)
    end: int | None = instant(
        "Until when they belong to the class", _PII, label="left the class", absent="they have not left the class",
        known_at="end", default=None,
    )  # fmt: skip


class Registration(Record, table=True):
    """A student in one term: what the attendance of a term is counted for."""

    __tablename__ = "school_registration"
    kind: ClassVar[str] = "registration"
    occurs: ClassVar[str | None] = "start"
    about: ClassVar[tuple[str, ...]] = ("student.name", "term.name")

    student_id: int | None = reference("The student", "student", _PII)
    term_id: int | None = reference("The term", "term", _INTERNAL)
    school_id: int | None = reference("The school", "organization", _INTERNAL)
    year_group_id: int | None = reference("The year group", "year_group", _PII, label="year group")
    start: int = instant("From when on the student is registered; 1970 where nobody wrote it down", _PII, index=True)
    end: int | None = instant(
        "When the student withdrew, left or finished the term", _PII, label="registration ended",
        absent="the student is still registered", known_at="end", default=None,
    )  # fmt: skip
    days_planned: int | None = column(
        "School days that the term has for the student", _INTERNAL, label="days of the term", unit="d",
        absent="nobody has said how many school days the term has", default=None,
    )  # fmt: skip
    days_of_term: int | None = column(
        "School days of the term for everybody", _INTERNAL, label="days of the term for everybody", unit="d",
        inherits=("term_id", "days"), default=None,
    )  # fmt: skip
