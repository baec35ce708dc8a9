"""The plain files, one a kind of record: what makes its key, what it needs, what stands in for what is empty."""

from __future__ import annotations

from verticals.school import records
from verticals.school.sources import register, work
from verticals.school.sources.plain import Plain

ALWAYS = 0
"""1970: from when on something is taken to hold where nobody wrote it down."""

PLAIN: tuple[Plain, ...] = (
    Plain("organizations", records.Organization, site="id"),
    Plain("terms", records.Term, ends=("end",)),
    Plain("staff", records.Staff, ends=("left_at",)),
    Plain("year_groups", records.YearGroup, key=("school", "grade")),
    Plain("calendar_days", records.CalendarDay, key=("school", "date"), needs=("date", "open")),
    Plain("courses", records.Course),
    Plain("classes", records.Class),
    Plain("guardians", records.Guardian),
    Plain("students", records.Student, ends=("left_at",)),
    Plain(
        "guardianships", records.Guardianship, key=("student", "guardian"), needs=("student_id", "guardian_id")
    ),
    Plain(
        "enrolments", records.Enrolment, key=("class", "student|staff"), needs=("class_id",), ends=("end",),
        closed=("role",), stands={"role": "student", "start": ALWAYS},
    ),
    Plain(
        "registrations", records.Registration, key=("student", "term"), needs=("student_id", "term_id"),
        ends=("end",), stands={"start": ALWAYS},
    ),
    Plain(
        "sessions", records.Session, needs=("class_id", "starts_at"), closed=("status",),
        stands={"status": "scheduled"}, finish=register.session,
    ),
    Plain(
        "attendance", records.Attendance, key=("student", "session|date"), needs=("student_id", "code"),
        closed=("code",), stands={"marked_at": "at", "revision": 0}, finish=register.attendance,
    ),
    Plain(
        "leave_notes", records.LeaveNote, key=("student", "start"), needs=("student_id", "start", "end"),
        ends=("end",), stands={"noted_at": "start"},
    ),
    Plain("line_items", records.LineItem, ends=("due_at",)),
    Plain(
        "submissions", records.Submission, key=("student", "line_item"), needs=("student_id", "line_item_id"),
        closed=("status",), ends=("own_due_at",), finish=work.submission,
    ),
    Plain(
        "incidents", records.Incident, needs=("student_id", "at"), closed=("form",),
        stands={"form": "negative", "withdrawn": False},
    ),
    Plain(
        "fee_invoices", records.FeeInvoice, needs=("student_id", "total"), closed=("status",), ends=("due_at",),
        finish=work.fee_invoice,
    ),
    Plain("loans", records.Loan, closed=("status",), ends=("due_at",), stands={"loaned_at": ALWAYS}),
    Plain("certificates", records.Certificate, needs=("staff_id",), ends=("expires_at",)),
)  # fmt: skip
