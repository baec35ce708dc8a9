"""The school's records: what a student information system, a register, a gradebook and a bursary lend us.

Names follow OneRoster where staff would recognise them. What a student does is about a person; health, safeguarding and
behaviour are guarded like a patient's record. Values that became known later than the record say so (`known_at`), and a
corrected mark keeps its earlier versions in the history. Signals rest on instants, never on a status alone. Who is at
the school stands in `roster`; here is what they do.
"""

from __future__ import annotations

from typing import ClassVar

from substrate.columns import Sensitivity, column, instant, reference
from substrate.records import Record
from verticals.school import codes
from verticals.school.roster import (
    CalendarDay,
    Class,
    Course,
    Enrolment,
    Guardian,
    Guardianship,
    Organization,
    Registration,
    Staff,
    Student,
    Term,
    YearGroup,
)

_INTERNAL = Sensitivity.INTERNAL
_PII = Sensitivity.PII
_PHI = Sensitivity.PHI

__all__ = [
    "RECORDS",
    "Attendance",
    "CalendarDay",
    "Certificate",
    "Class",
    "Course",
    "Enrolment",
    "FeeInvoice",
    "Guardian",
    "Guardianship",
    "Incident",
    "LeaveNote",
    "LineItem",
    "Loan",
    "Organization",
    "Registration",
    "Session",
    "Staff",
    "Student",
    "Submission",
    "Term",
    "YearGroup",
]


class Session(Record, table=True):
    """One lesson of a class."""

    __tablename__ = "school_session"
    kind: ClassVar[str] = "session"
    title: ClassVar[str] = "name"
    about: ClassVar[tuple[str, ...]] = ("class.name", "school.name")

    name: str | None = column("What the lesson is called", _INTERNAL, label="lesson", default=None)
    class_id: int | None = reference("The class", "class", _INTERNAL)
    school_id: int | None = reference("The school", "organization", _INTERNAL)
    day_id: int | None = reference("The day in the school's calendar", "calendar_day", _INTERNAL, label="day")
    teacher_id: int | None = reference("Who teaches it", "staff", _INTERNAL, label="teacher")
    room: str | None = column("Where it is", _INTERNAL, default=None)
    status: str = column("scheduled, held, moved or cancelled", _INTERNAL, label="state", codes=codes.SESSIONS)
    starts_at: int = instant("When the lesson begins", _INTERNAL, label="lesson began", index=True)
    ends_at: int | None = instant("When the lesson ends", _INTERNAL, label="lesson ends", default=None)
    register_taken_at: int | None = instant(
        "When the register was taken", _INTERNAL, label="register taken", absent="the register is not taken",
        known_at="register_taken_at", default=None,
    )  # fmt: skip
    register_by_id: int | None = reference(
        "Who took the register", "staff", _INTERNAL, label="register taken by", known_at="register_taken_at"
    )


class Attendance(Record, table=True):
    """The mark of one student, for a day or for one lesson; an earlier mark stays in the history."""

    __tablename__ = "school_attendance"
    kind: ClassVar[str] = "attendance"
    occurs: ClassVar[str | None] = "marked_at"
    title: ClassVar[str] = "code"
    about: ClassVar[tuple[str, ...]] = ("student.name", "class.name")

    student_id: int | None = reference("The student", "student", _PII)
    registration_id: int | None = reference("The student's registration for the term", "registration", _PII)
    session_id: int | None = reference("The lesson", "session", _PII, label="lesson")
    class_id: int | None = reference("The class or form whose register it is", "class", _PII)
    year_group_id: int | None = reference("The year group then", "year_group", _PII, label="year group")
    school_id: int | None = reference("The school then", "organization", _INTERNAL)
    day_id: int | None = reference("The day in the school's calendar", "calendar_day", _INTERNAL, label="day")
    at: int = instant("The day, or the moment on which the lesson begins", _PII, label="day of the mark", index=True)
    whole_day: bool = column(
        "Whether it speaks of the whole day", _PII, label="register", codes=codes.WHOLE_DAY, default=True
    )
    by_exception: bool | None = column(
        "Whether only exceptions are written down, so that a day without a mark was attended", _INTERNAL, default=None
    )
    code: str = column("present, absent, late or excused", _PII, label="mark", codes=codes.MARKS)
    reason: str | None = column("Why the student was absent or late", _PHI, label="reason", default=None)
    minutes: float | None = column("Minutes that the student missed", _PII, unit="min", default=None)
    marked_at: int = instant(
        "When the mark was first made; where nobody wrote that down, the day", _PII, label="mark made", index=True
    )
    corrected_at: int | None = instant(
        "When the mark was last changed", _PII, label="mark changed", absent="the mark was not changed",
        known_at="corrected_at", default=None,
    )  # fmt: skip
    revision: int | None = column("How often the mark was changed", _PII, known_at="corrected_at", before=0, default=0)
    marked_by_id: int | None = reference("Who made the mark", "staff", _PII, label="marked by")
    guardian_id: int | None = reference(
        "The guardian who is told first", "guardian", _PII, inherits=("student_id", "guardian_id")
    )


class LeaveNote(Record, table=True):
    """That a student is excused for a time: a parent's note, a doctor's letter, a leave that was granted."""

    __tablename__ = "school_leave_note"
    kind: ClassVar[str] = "leave_note"
    occurs: ClassVar[str | None] = "noted_at"
    about: ClassVar[tuple[str, ...]] = ("student.name",)

    student_id: int | None = reference("The student", "student", _PII)
    guardian_id: int | None = reference("The guardian who wrote it", "guardian", _PII, label="written by")
    start: int = instant("From when on the student is excused", _PII, label="excused from", index=True)
    end: int = instant("Until when the student is excused", _PII, label="excused until")
    noted_at: int = instant(
        "When the school had it; where nobody wrote that down, when it begins", _PII, label="note came", index=True
    )
    reason: str | None = column("Why the student is excused", _PHI, label="reason", default=None)
    status: str | None = column("accepted, asked for or refused, as the school says", _PII, default=None)


class LineItem(Record, table=True):
    """Something that a class is asked to hand in, or an examination."""

    __tablename__ = "school_line_item"
    kind: ClassVar[str] = "line_item"
    title: ClassVar[str] = "name"
    about: ClassVar[tuple[str, ...]] = ("class.name",)

    name: str | None = column("What is to be done", _INTERNAL, label="work", default=None)
    category: str | None = column("Homework, test, project …", _INTERNAL, default=None)
    class_id: int | None = reference("The class", "class", _INTERNAL)
    assigned_at: int | None = instant("When it was set", _INTERNAL, label="set", default=None)
    due_at: int | None = instant(
        "When it is due", _INTERNAL, label="due", absent="nobody has said when it is due", default=None, index=True
    )
    max_score: float | None = column("The best score that there is", _INTERNAL, default=None)
    min_score: float | None = column("The worst score that there is", _INTERNAL, default=None)


class Submission(Record, table=True):
    """One student's answer to a piece of work: set, handed in, marked."""

    __tablename__ = "school_submission"
    kind: ClassVar[str] = "submission"
    occurs: ClassVar[str | None] = "since"
    about: ClassVar[tuple[str, ...]] = ("student.name", "line_item.name", "class.name")

    student_id: int | None = reference("The student", "student", _PII)
    guardian_id: int | None = reference(
        "The guardian who is told first", "guardian", _PII, inherits=("student_id", "guardian_id")
    )
    line_item_id: int | None = reference("The work", "line_item", _PII, label="work")
    class_id: int | None = reference("The class", "class", _PII, inherits=("line_item_id", "class_id"))
    since: int = instant("From when on the work is the student's to do; 1970 where nobody wrote it down", _PII)
    own_due_at: int | None = instant(
        "Until when this student was given time", _PII, label="more time until", absent="no other time was agreed",
        default=None,
    )  # fmt: skip
    due_at: int | None = instant(
        "When it is due for this student", _PII, label="due", absent="nobody has said when it is due",
        inherits=("line_item_id", "due_at"), own="own_due_at", default=None, index=True,
    )  # fmt: skip
    submitted_at: int | None = instant(
        "When it was handed in", _PII, label="handed in", absent="it was not handed in", known_at="submitted_at",
        default=None,
    )  # fmt: skip
    exempt: bool = column(
        "Whether the student need not do it: excused, or carried over from an earlier course", _PII, label="exempt",
        codes=codes.EXEMPT, default=False,
    )  # fmt: skip
    status: str = column(
        "State of the work, as last typed", _PII, label="state of the work", codes=codes.WORK, known_at="status_at",
        before="assigned",
    )  # fmt: skip
    status_at: int = instant("From when on the state is taken to hold", _PII, known_at="status_at")
    score: float | None = column("The score", _PII, absent="it is not marked", known_at="scored_at", default=None)
    percent: float | None = column(
        "The score in percent of the best one", _PII, unit="%", absent="it is not marked", known_at="scored_at",
        default=None,
    )  # fmt: skip
    scored_at: int | None = instant("When it was marked", _PII, label="marked", known_at="scored_at", default=None)


class Incident(Record, table=True):
    """Something that a student did, for better or worse."""

    __tablename__ = "school_incident"
    kind: ClassVar[str] = "incident"
    occurs: ClassVar[str | None] = "at"
    title: ClassVar[str] = "type"
    about: ClassVar[tuple[str, ...]] = ("student.name",)

    student_id: int | None = reference("The student", "student")
    staff_id: int | None = reference("Who wrote it down", "staff", label="written down by")
    school_id: int | None = reference("The school", "organization", _INTERNAL)
    at: int = instant("When it happened", label="happened", index=True)
    form: str = column("negative or positive", _PHI, label="kind of conduct", codes=codes.CONDUCT)
    type: str | None = column("What happened, in a word", _PHI, label="incident", default=None)
    points: float | None = column("How heavily it weighs", _PHI, default=None)
    text: str | None = column("What happened", _PHI, default=None)
    withdrawn: bool = column("Whether it was taken back", _PHI, default=False)
    guardian_id: int | None = reference(
        "The guardian who is told first", "guardian", inherits=("student_id", "guardian_id")
    )


class FeeInvoice(Record, table=True):
    """An invoice for a student's fees."""

    __tablename__ = "school_fee_invoice"
    kind: ClassVar[str] = "fee_invoice"
    occurs: ClassVar[str | None] = "issued_at"
    title: ClassVar[str] = "text"
    about: ClassVar[tuple[str, ...]] = ("student.name",)

    student_id: int | None = reference("The student", "student", _PII)
    guardian_id: int | None = reference("Who pays it", "guardian", _PII, label="payer")
    school_id: int | None = reference("The school", "organization", _INTERNAL)
    text: str | None = column("What it is for", _PII, label="invoice", default=None)
    issued_at: int = instant("When it was issued; 1970 where nobody wrote it down", _PII, label="issued")
    due_at: int | None = instant(
        "Until when it is to be paid", _PII, label="due", absent="nobody has said when it is due", default=None,
        index=True,
    )  # fmt: skip
    total: float = column("The amount of the invoice", _PII)
    outstanding: float = column("What is still to be paid", _PII, label="outstanding")
    currency: str | None = column("The currency's code", _PII, default=None)
    paid_at: int | None = instant(
        "When the last of it was paid", _PII, label="paid", absent="it is not paid", known_at="paid_at", default=None
    )
    status: str | None = column("State of the invoice, as last typed", _PII, codes=codes.INVOICES, default=None)


class Loan(Record, table=True):
    """A book or another thing that somebody has borrowed."""

    __tablename__ = "school_loan"
    kind: ClassVar[str] = "loan"
    occurs: ClassVar[str | None] = "loaned_at"
    title: ClassVar[str] = "item"
    about: ClassVar[tuple[str, ...]] = ("student.name", "staff.name")

    student_id: int | None = reference("The student who has it", "student", _PII)
    staff_id: int | None = reference("The member of staff who has it", "staff", _PII)
    school_id: int | None = reference("The school", "organization", _INTERNAL)
    item: str | None = column("What was borrowed", _PII, label="item", default=None)
    loaned_at: int = instant("When it was borrowed; 1970 where nobody wrote it down", _PII, label="borrowed")
    due_at: int | None = instant(
        "When it is to be back", _PII, label="due back", absent="nobody has said when it is due", default=None,
        index=True,
    )  # fmt: skip
    returned_at: int | None = instant(
        "When it was given back", _PII, label="given back", absent="it is not back", known_at="returned_at",
        default=None,
    )  # fmt: skip
    status: str | None = column("State of the loan, as last typed", _PII, codes=codes.LOANS, default=None)


class Certificate(Record, table=True):
    """A certificate that a member of staff must hold: first aid, safeguarding, background check."""

    __tablename__ = "school_certificate"
    kind: ClassVar[str] = "certificate"
    title: ClassVar[str] = "text"
    about: ClassVar[tuple[str, ...]] = ("staff.name",)

    staff_id: int | None = reference("Who holds it", "staff", _PII)
    school_id: int | None = reference("The school", "organization", _INTERNAL)
    text: str | None = column("What it certifies", _PII, label="certificate", default=None)
    issued_at: int | None = instant("When it was issued", _PII, label="issued", default=None)
    expires_at: int | None = instant(
        "When it runs out", _PII, label="runs out", absent="it does not run out", default=None, index=True
    )
    renewed_at: int | None = instant(
        "When a newer one took its place", _PII, label="renewed", absent="it is not renewed", known_at="renewed_at",
        default=None,
    )  # fmt: skip


RECORDS: tuple[type[Record], ...] = (
    Organization, Staff, YearGroup, Term, CalendarDay, Course, Class, Guardian, Student, Guardianship, Enrolment,
    Registration, Session, Attendance, LeaveNote, LineItem, Submission, Incident, FeeInvoice, Loan, Certificate,
)  # fmt: skip
"""Parents before children."""
