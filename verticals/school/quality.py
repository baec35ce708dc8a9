"""What a school's row must satisfy before it counts: what cannot be true is kept out, and says why.

A value that is only unlikely passes; staff, not a gate, decide what to make of it. Bounds leave a day's slack, since a
source may write a bare date.
"""

from __future__ import annotations

from substrate.quality import Check, OnFailure
from substrate.records import Record
from verticals.school.records import (
    Attendance,
    Certificate,
    Enrolment,
    FeeInvoice,
    Incident,
    LeaveNote,
    LineItem,
    Loan,
    Registration,
    Session,
    Student,
    Submission,
    Term,
)

_SOON = 'now + duration("1d")'


def _refuse(name: str, record: type[Record], condition: str, text: str) -> Check:
    return Check(name, record, condition, text)


def _drop(name: str, record: type[Record], condition: str, text: str, *values: str) -> Check:
    return Check(name, record, condition, text, OnFailure.DISCARD, values)


CHECKS: tuple[Check, ...] = (
    _refuse("student_birth_in_past", Student, f"birth_date <= {_SOON}", "The birth lies in the future"),
    _refuse(
        "student_age_possible", Student, 'birth_date >= now - duration("47500d")',
        "The student would be more than 130 years old",
    ),
    _refuse("term_ends_after_start", Term, "end >= start", "The term ends before it begins"),
    _refuse("enrolment_ends_after_start", Enrolment, "end >= start", "The enrolment ends before it begins"),
    _refuse("registration_ends_after_start", Registration, "end >= start", "The registration ends before it begins"),
    _refuse("registration_days_possible", Registration, "days_planned >= 0 && days_planned <= 366",
            "No term has so many school days"),
    _refuse("session_ends_after_start", Session, "ends_at >= starts_at", "The lesson ends before it begins"),
    _drop(
        "session_register_near_lesson", Session, 'register_taken_at >= starts_at - duration("1d")',
        "The register was taken more than a day before the lesson", "register_taken_at",
    ),
    _refuse("attendance_in_past", Attendance, f"at <= {_SOON}", "The mark is for a day in the future"),
    _refuse(
        "attendance_marked_near_day", Attendance, 'marked_at >= at - duration("1d")',
        "The mark was made more than a day before its day",
    ),
    _refuse("attendance_marked_in_past", Attendance, f"marked_at <= {_SOON}", "The mark was made in the future"),
    _drop(
        "attendance_corrected_after_mark", Attendance, "corrected_at >= marked_at",
        "The mark was changed before it was made", "corrected_at",
    ),
    _drop(
        "attendance_minutes_possible", Attendance, "minutes >= 0.0 && minutes <= 1440.0",
        "Nobody misses so many minutes of a day", "minutes",
    ),
    _refuse("leave_ends_after_start", LeaveNote, "end >= start", "The leave ends before it begins"),
    _refuse(
        "line_item_due_after_set", LineItem, 'due_at >= assigned_at - duration("1d")',
        "The work is due before it was set",
    ),
    _refuse("line_item_scores_in_order", LineItem, "max_score >= min_score", "The best score lies below the worst"),
    _refuse("submission_in_past", Submission, f"submitted_at <= {_SOON}", "The work was handed in in the future"),
    _refuse("submission_marked_in_past", Submission, f"scored_at <= {_SOON}", "The work was marked in the future"),
    _drop(
        "submission_percent_possible", Submission, "percent >= 0.0 && percent <= 200.0",
        "Nobody scores so many percent", "percent",
    ),
    _refuse("incident_in_past", Incident, f"at <= {_SOON}", "The incident lies in the future"),
    _refuse("fee_amounts_possible", FeeInvoice, "total >= 0.0 && outstanding >= 0.0", "An amount is below zero"),
    _refuse(
        "fee_outstanding_within_total", FeeInvoice, "outstanding <= total + 0.005",
        "More is outstanding than the invoice asks for",
    ),
    _refuse("fee_paid_in_past", FeeInvoice, f"paid_at <= {_SOON}", "The invoice was paid in the future"),
    _refuse("loan_returned_after_loan", Loan, 'returned_at >= loaned_at - duration("1d")',
            "It was given back before it was borrowed"),
    _refuse("certificate_expires_after_issue", Certificate, 'expires_at >= issued_at - duration("1d")',
            "The certificate runs out before it was issued"),
)  # fmt: skip
