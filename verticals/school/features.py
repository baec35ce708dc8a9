"""What is computed of students, guardians, classes, year groups, schools and terms, and kept fresh for rules.

Signals come from instants: who was marked, who handed in, what was paid. A status only takes part where it says that
something never counted. A day's attendance is one mark that speaks of the whole day; lessons are counted apart.
"""

from __future__ import annotations

from substrate.columns import Sensitivity
from substrate.features.declare import Derived, Events, View
from verticals.school.records import (
    Attendance,
    CalendarDay,
    Class,
    Enrolment,
    FeeInvoice,
    Guardian,
    Incident,
    LeaveNote,
    LineItem,
    Loan,
    Organization,
    Registration,
    Session,
    Staff,
    Student,
    Submission,
    Term,
    YearGroup,
)

_OF_A_CHILD = Sensitivity.PII
# Counts of classes and of the house tell of nobody.
_OF_NOBODY = Sensitivity.INTERNAL

DAY = "whole_day"
# Where only exceptions are written down, marks are no share of the days, and none of them follows another.
EVERY_DAY = f"{DAY} && !coalesce(by_exception, false)"
EVERY_MARK = "!coalesce(by_exception, false)"
LESSON = "!whole_day"
ABSENT = 'code == "absent"'
ATTENDED = 'code in ["present", "late"]'
MISSED = 'code in ["absent", "excused"]'
NOT_HANDED_IN = '!has(submitted_at) && !exempt && !(status in ["submitted", "graded", "returned", "exempt", "banked"])'
LATE = "submitted_at > due_at && !exempt"
OWED = (
    "!has(paid_at) && outstanding > 0.0"
    ' && !(coalesce(status, "issued") in ["draft", "paid", "cancelled", "waived", "refunded"])'
)
MISCONDUCT = 'form == "negative" && !withdrawn'
HELD = 'status != "cancelled"'
NO_REGISTER = f"!has(register_taken_at) && {HELD}"
_PUPIL = 'role == "student" && !has(end)'
_GRANTED = '!(coalesce(status, "accepted") in ["refused", "withdrawn"])'

_days = Events(Attendance, by="student_id", at="at", sensitivity=_OF_A_CHILD)
_leave = Events(LeaveNote, by="student_id", at="start", sensitivity=_OF_A_CHILD)
_work = Events(Submission, by="student_id", at="due_at", sensitivity=_OF_A_CHILD)
_handed_in = Events(Submission, by="student_id", at="submitted_at", sensitivity=_OF_A_CHILD)
_scored = Events(Submission, by="student_id", at="scored_at", sensitivity=_OF_A_CHILD)
_conduct = Events(Incident, by="student_id", at="at")
_billed = Events(FeeInvoice, by="student_id", at="issued_at", sensitivity=_OF_A_CHILD)
_bills_due = Events(FeeInvoice, by="student_id", at="due_at", sensitivity=_OF_A_CHILD)
_borrowed = Events(Loan, by="student_id", at="due_at", sensitivity=_OF_A_CHILD)
_taught = Events(Enrolment, by="student_id", at="start", sensitivity=_OF_A_CHILD)

STUDENT = View(
    Student,
    (
        _days.latest("last_mark_on", "Last day with a mark", where=DAY, label="last marked day",
                     absent="no day is marked"),
        _days.latest("last_mark", "Mark of the last marked day", "code", where=DAY, label="last mark"),
        _days.latest("absent_on", "Last day of absence without leave", where=f"{DAY} && {ABSENT}",
                     label="absent without leave", absent="no absence without leave is on record"),
        _days.latest("absence_settled_at", "When the mark of that day was made or last changed",
                     "coalesce(corrected_at, marked_at)", where=f"{DAY} && {ABSENT}", label="mark made or changed"),
        _days.latest("absence_marked_by", "Record number of who made that mark", "marked_by_id",
                     where=f"{DAY} && {ABSENT}", label="who made the mark"),
        _days.streak("absence_streak", "Days in a row without leave, days with leave passed over", ABSENT,
                     where=f'{EVERY_DAY} && code != "excused"', label="days in a row without leave", unit="d"),
        _days.ratio("attendance_rate_45d", "Share of the days of the last 45 days attended", ATTENDED,
                    where=EVERY_DAY, window="45d", label="attendance in 45 days"),
        _days.ratio("attendance_rate_365d", "Share of the days of the last year attended", ATTENDED,
                    where=EVERY_DAY, window="365d", label="attendance in a year"),
        _days.count("days_marked_45d", "Days marked in the last 45 days", where=EVERY_DAY, window="45d", unit="d"),
        _days.count("days_absent_7d", "Days absent in the last 7 days, with leave or without",
                    where=f"{DAY} && {MISSED}", window="7d", unit="d"),
        _days.count("days_late_45d", "Days on which the student came late, in the last 45 days",
                    where=f'{DAY} && code == "late"', window="45d", unit="d"),
        _days.count("lessons_absent_7d", "Lessons missed without leave in the last 7 days",
                    where=f"{LESSON} && {ABSENT}", window="7d"),
        _leave.max("excused_until", "Until when the student is excused", "end", where=_GRANTED,
                   label="excused until", absent="no leave is noted"),
        _work.count("work_due_45d", "Pieces of work due in the last 45 days", where="!exempt", window="45d"),
        _work.count("work_missing_45d", "Pieces of work due in the last 45 days and not handed in",
                    where=NOT_HANDED_IN, window="45d", label="work missing"),
        _work.count("work_late_45d", "Pieces of work due in the last 45 days and handed in late", where=LATE,
                    window="45d", label="work handed in late"),
        _work.count("work_due_in_48h", "Pieces of work due in the next 48 hours and not handed in",
                    where=NOT_HANDED_IN, ahead="48h"),
        _work.min("next_work_due_at", "When the next piece of work is due", "due_at", where=NOT_HANDED_IN, ahead="90d",
                  label="next work due", absent="no work is due"),
        _handed_in.latest("last_handed_in_at", "Last piece of work handed in", label="last work handed in",
                          absent="nothing was handed in"),
        _scored.mean("percent_mean_45d", "Mean score of the last 45 days", "percent", window="45d", unit="%"),
        _scored.mean("percent_mean_365d", "Mean score of the last year", "percent", window="365d", unit="%"),
        _conduct.count("incidents_7d", "Incidents of misconduct in the last 7 days", where=MISCONDUCT, window="7d"),
        _conduct.count("incidents_45d", "Incidents of misconduct in the last 45 days", where=MISCONDUCT, window="45d"),
        _conduct.count("incidents_365d", "Incidents of misconduct in the last year", where=MISCONDUCT, window="365d",
                       label="incidents in a year"),
        _conduct.latest("last_incident_at", "Last incident of misconduct", where=MISCONDUCT, label="last incident",
                        absent="no incident is on record"),
        _billed.sum("fees_outstanding", "Fees that are still to be paid", "outstanding", where=OWED),
        _bills_due.sum("fees_overdue", "Fees that should have been paid by now", "outstanding", where=OWED),
        _bills_due.min("fees_overdue_since", "When the oldest unpaid invoice was due", "due_at", where=OWED,
                       label="fees overdue since", absent="nothing is overdue"),
        _borrowed.count("loans_overdue", "Things that should have been given back by now",
                        where="!has(returned_at)"),
        _taught.distinct("classes", "Classes that the student belongs to", "class_id", where=_PUPIL),
        Derived("age_years", "Age", "years(birth_date)", unit="a", sensitivity=_OF_A_CHILD),
        Derived("fees_days_overdue", "Days since the oldest unpaid invoice was due", "days_since(fees_overdue_since)",
                unit="d", sensitivity=_OF_A_CHILD),
        Derived(
            "risk_signs", "How many of four signs there are: attendance below 90 % in 45 days, three pieces of work "
            "missing, a mean score below 45 %, two incidents",
            "(coalesce(attendance_rate_45d, 1.0) < 0.9 ? 1 : 0) + (work_missing_45d >= 3 ? 1 : 0)"
            " + (coalesce(percent_mean_45d, 100.0) < 45.0 ? 1 : 0) + (incidents_45d >= 2 ? 1 : 0)",
            label="signs of risk",
        ),
    ),
)  # fmt: skip

_at_home = Events(Attendance, by="guardian_id", at="at", sensitivity=_OF_A_CHILD)
_work_at_home = Events(Submission, by="guardian_id", at="due_at", sensitivity=_OF_A_CHILD)
_conduct_at_home = Events(Incident, by="guardian_id", at="at")
_to_pay = Events(FeeInvoice, by="guardian_id", at="due_at", sensitivity=_OF_A_CHILD)

GUARDIAN = View(
    Guardian,
    (
        _at_home.distinct("children_absent_24h", "Children absent without leave in the last 24 hours", "student_id",
                          where=f"{DAY} && {ABSENT}", window="24h"),
        _at_home.distinct("children_7d", "Children with a mark in the last 7 days", "student_id", window="7d"),
        _at_home.count("days_absent_7d", "Days that the children were absent in the last 7 days",
                       where=f"{DAY} && {MISSED}", window="7d", unit="d"),
        _at_home.count("days_late_7d", "Days on which the children came late in the last 7 days",
                       where=f'{DAY} && code == "late"', window="7d", unit="d"),
        _work_at_home.count("work_missing_7d", "Pieces of work due in the last 7 days and not handed in",
                            where=NOT_HANDED_IN, window="7d"),
        _work_at_home.count("work_due_in_7d", "Pieces of work due in the next 7 days and not handed in",
                            where=NOT_HANDED_IN, ahead="7d"),
        _conduct_at_home.count("incidents_7d", "Incidents of misconduct in the last 7 days", where=MISCONDUCT,
                               window="7d"),
        _to_pay.sum("fees_due_in_7d", "Fees that are due in the next 7 days", "outstanding", where=OWED, ahead="7d"),
        _to_pay.sum("fees_overdue", "Fees that should have been paid by now", "outstanding", where=OWED),
        Derived(
            "items_7d", "Things of the week that a guardian should know of",
            "days_absent_7d + days_late_7d + work_missing_7d + incidents_7d + (fees_overdue > 0.0 ? 1 : 0)"
            " + (fees_due_in_7d > 0.0 ? 1 : 0)",
            label="things of the week",
        ),
    ),
)  # fmt: skip

_marks = Events(Attendance, by="class_id", at="at", sensitivity=_OF_NOBODY)
_members = Events(Enrolment, by="class_id", at="start", sensitivity=_OF_NOBODY)
_lessons = Events(Session, by="class_id", at="starts_at", sensitivity=_OF_NOBODY)
_set = Events(LineItem, by="class_id", at="due_at", sensitivity=_OF_NOBODY)
_owed_work = Events(Submission, by="class_id", at="due_at", sensitivity=_OF_NOBODY)

CLASS = View(
    Class,
    (
        _members.distinct("students", "Students who belong to the class", "student_id", where=_PUPIL, label="students"),
        _members.distinct("teachers", "Staff who belong to the class", "staff_id",
                          where='role != "student" && !has(end)'),
        _marks.distinct("absent_24h", "Students absent without leave in the last 24 hours", "student_id",
                        where=f"{DAY} && {ABSENT}", window="24h"),
        _marks.distinct("missing_24h", "Students absent in the last 24 hours, with leave or without", "student_id",
                        label="absent today",
                        where=f"{DAY} && {MISSED}", window="24h"),
        _marks.distinct("late_24h", "Students who came late in the last 24 hours", "student_id", label="late today",
                        where=f'{DAY} && code == "late"', window="24h"),
        _marks.ratio("attendance_rate_7d", "Share of the marks of the last 7 days attended", ATTENDED,
                     where=EVERY_MARK, window="7d"),
        _marks.ratio("attendance_rate_45d", "Share of the marks of the last 45 days attended", ATTENDED,
                     where=EVERY_MARK, window="45d"),
        _lessons.count("lessons_7d", "Lessons of the last 7 days", where=HELD, window="7d"),
        _lessons.count("registers_missing_7d", "Lessons of the last 7 days without a register", where=NO_REGISTER,
                       window="7d"),
        _lessons.latest("last_register_at", "When the last register was taken", "register_taken_at",
                        where="has(register_taken_at)", label="last register taken", absent="no register was taken"),
        _set.count("work_due_7d", "Pieces of work due in the last 7 days", window="7d"),
        _owed_work.count("work_missing_7d", "Students' work due in the last 7 days and not handed in",
                         where=NOT_HANDED_IN, window="7d"),
    ),
)  # fmt: skip

_year_marks = Events(Attendance, by="year_group_id", at="at", sensitivity=_OF_NOBODY)

YEAR_GROUP = View(
    YearGroup,
    (
        _year_marks.ratio("attendance_rate_7d", "Share of the days of the last 7 days attended", ATTENDED,
                          where=EVERY_DAY, window="7d"),
        _year_marks.ratio("attendance_rate_45d", "Share of the days of the last 45 days attended", ATTENDED,
                          where=EVERY_DAY, window="45d"),
        _year_marks.distinct("students_7d", "Students with a mark in the last 7 days", "student_id", window="7d"),
        _year_marks.distinct("absent_24h", "Students absent without leave in the last 24 hours", "student_id",
                             where=f"{DAY} && {ABSENT}", window="24h"),
    ),
)  # fmt: skip

_house_marks = Events(Attendance, by="school_id", at="at", sensitivity=_OF_NOBODY)
_house_lessons = Events(Session, by="school_id", at="starts_at", sensitivity=_OF_NOBODY)
_house_days = Events(CalendarDay, by="school_id", at="date", sensitivity=_OF_NOBODY)

ORGANIZATION = View(
    Organization,
    (
        _house_marks.count("marks_24h", "Students' days marked in the last 24 hours", where=EVERY_DAY, window="24h",
                           label="marks today"),
        _house_marks.ratio("absent_share_24h", "Share of the marks of the last 24 hours that say absent", MISSED,
                           where=EVERY_DAY, window="24h", label="share absent today"),
        _house_marks.ratio("absent_share_56d", "Share of the marks of the last eight weeks that say absent", MISSED,
                           where=EVERY_DAY, window="56d", label="share absent in eight weeks"),
        _house_marks.count("marks_56d", "Students' days marked in the last eight weeks", where=EVERY_DAY, window="56d",
                           label="marks in eight weeks"),
        _house_lessons.count("registers_missing_24h", "Lessons of the last 24 hours without a register",
                             label="registers missing",
                             where=NO_REGISTER, window="24h"),
        _house_days.count("closed_24h", "Whether the calendar says that the day is closed", where="!open",
                          window="24h", label="days closed"),
        Derived(
            "absence_surprise", "By how many standard deviations, squared, today's absence is above the usual",
            "absent_share_24h > absent_share_56d ? (absent_share_24h - absent_share_56d)"
            " * (absent_share_24h - absent_share_56d) * marks_24h"
            " / max(absent_share_56d * (1.0 - absent_share_56d), 0.01) : 0.0",
            sensitivity=_OF_NOBODY, label="surprise at today's absence",
        ),
    ),
)  # fmt: skip

_term_days = Events(CalendarDay, by="term_id", at="date", sensitivity=_OF_NOBODY)

TERM = View(
    Term,
    (
        _term_days.count("days_so_far", "School days of the term so far", where="open", unit="d"),
        _term_days.count("days_to_come", "School days of the term that are still to come", where="open", ahead="365d",
                         unit="d"),
    ),
)  # fmt: skip

_term_marks = Events(Attendance, by="registration_id", at="at", sensitivity=_OF_A_CHILD)

REGISTRATION = View(
    Registration,
    (
        _term_marks.count("days_marked", "Days of the term that are marked", where=EVERY_DAY, unit="d",
                          label="days marked"),
        _term_marks.count("days_missed", "Days of the term missed, with leave or without", where=f"{DAY} && {MISSED}",
                          unit="d"),
        _term_marks.count("days_unexcused", "Days of the term missed without leave", where=f"{DAY} && {ABSENT}",
                          unit="d"),
        _term_marks.ratio("attendance_rate", "Share of the marked days of the term attended", ATTENDED, where=EVERY_DAY,
                          label="attendance in the term"),
        Derived(
            "best_rate", "The best attendance that can still be reached in the term",
            "(coalesce(days_planned, days_of_term) - days_missed) * 1.0 / coalesce(days_planned, days_of_term)",
            sensitivity=_OF_A_CHILD, label="best still attainable",
        ),
    ),
)  # fmt: skip

_session_marks = Events(Attendance, by="session_id", at="at", sensitivity=_OF_NOBODY)

SESSION = View(Session, (_session_marks.count("marks", "Marks made in the lesson", label="marks"),))

_answers = Events(Submission, by="line_item_id", at="since", sensitivity=_OF_NOBODY)

LINE_ITEM = View(
    LineItem,
    (
        _answers.count("asked", "Students who have to do it", where="!exempt"),
        _answers.count("not_handed_in", "Students who have not handed it in", where=NOT_HANDED_IN),
    ),
)  # fmt: skip

_teaching = Events(Session, by="teacher_id", at="starts_at", sensitivity=_OF_NOBODY)

STAFF = View(
    Staff,
    (
        _teaching.count("lessons_7d", "Lessons of the last 7 days", where=HELD, window="7d"),
        _teaching.count("registers_missing_7d", "Lessons of the last 7 days without a register", where=NO_REGISTER,
                        window="7d"),
    ),
)  # fmt: skip

VIEWS: tuple[View, ...] = (
    STUDENT, GUARDIAN, CLASS, YEAR_GROUP, ORGANIZATION, TERM, REGISTRATION, SESSION, LINE_ITEM, STAFF,
)  # fmt: skip
