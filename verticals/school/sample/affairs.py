"""Fees, loans, certificates, registers that were not taken, and a day on which half a school is ill."""

from __future__ import annotations

from math import sqrt

from substrate.clock import DAY, HOUR, MINUTE
from verticals.school.sample.people import class_id, teacher_of
from verticals.school.sample.school import Pupil, School
from verticals.school.sample.sheets import date, stamp

_FEES = {
    "fee_due_7d": 7 * DAY - 2 * HOUR,
    "fee_due_3d": 3 * DAY - 2 * HOUR,
    "fee_due_1d": DAY - 2 * HOUR,
    "fee_overdue_7d": -7 * DAY - 2 * HOUR,
    "fee_overdue_30d": -30 * DAY - 2 * HOUR,
}
"""How far from now the invoice is due for which each reminder is two hours late."""


def bill(school: School, pupil: Pupil, number: int) -> None:
    """An invoice: in turn one for each reminder, the same but settled, and ordinary ones that are not due."""
    kinds, turn = list(_FEES), number % 40
    if turn < 2 * len(kinds):
        kind = kinds[turn % len(kinds)]
        settled = "paid" if number // 40 % 2 == 0 else "waived"
        key = _invoice(school, pupil, _FEES[kind], "issued" if turn < len(kinds) else settled)
        school.case(kind, fires=turn < len(kinds), record="fee_invoice", key=key, why="settled or not")
    else:
        _invoice(school, pupil, 20 * DAY, "issued")


def _invoice(school: School, pupil: Pupil, ahead: int, status: str) -> str:
    key = f"inv-{pupil.id}"
    paid = stamp(school.now - HOUR) if status == "paid" else None
    school.write("fee_invoices", key, pupil.id, pupil.guardian, school.id, "School fees",
                 stamp(school.now + ahead - 30 * DAY), stamp(school.now + ahead), "450.00",
                 "0.00" if paid else "450.00", "EUR", paid, status)  # fmt: skip
    return key


def lend(school: School, pupil: Pupil, number: int) -> None:
    """A book, in turn overdue, given back late, lost, and not yet due."""
    turn, due = number % 20, school.now - 3 * DAY
    if turn > 3:
        return
    key = f"loan-{pupil.id}"
    back = stamp(school.now - DAY) if turn == 1 else None
    status = ("on_loan", "returned", "lost", "on_loan")[turn]
    school.write("loans", key, pupil.id, None, school.id, "Atlas", stamp(due - 21 * DAY),
                 stamp(due if turn < 3 else school.now + 5 * DAY), back, status)  # fmt: skip
    school.case("loan_overdue", fires=turn == 0, record="loan", key=key, why=f"{status}, in turn {turn}")


def certify(school: School) -> None:
    """First-aid certificates: one to renew, one run out, one renewed in time, one good for long."""
    teacher = teacher_of(school, "Mathematics")
    plans = (
        ("certificate_expiring", 90 * DAY - 2 * HOUR, None, True),
        ("certificate_expired", -DAY - 2 * HOUR, None, True),
        ("certificate_expired", -DAY - 2 * HOUR, school.now - 9 * DAY, False),
        ("certificate_expiring", 300 * DAY, None, False),
    )
    for kind, ahead, renewed, fires in plans:
        key = school.new_id("cert")
        school.write("certificates", key, teacher, school.id, "First aid", stamp(school.now - 700 * DAY),
                     stamp(school.now + ahead), stamp(renewed))  # fmt: skip
        school.case(kind, fires=fires, record="certificate", key=key, why="renewed" if renewed else "not renewed")


def leave_registers(school: School) -> None:
    """Lessons of today whose register is not taken: one that matters, and each reason why it would not."""
    place, at = class_id(school, 0, "Science"), stamp(school.first)
    for key, title, house in (("empty", "Latin", school.id), ("away", "Drama", f"{school.id}-annex")):
        school.write("classes", f"{school.id}-{key}", "active", at, title, "7", None, None, "scheduled", None, house,
                     school.term, None, None, None, None)  # fmt: skip
    member = school.pupils[-1].id
    school.write("enrollments", f"{member}-away", "active", at, f"{school.id}-away", f"{school.id}-annex", member,
                 "student", None, date(school.first), None)  # fmt: skip
    plans = (
        ("forgotten", place, school.id, 50, "scheduled", True),
        ("empty", f"{school.id}-empty", school.id, 50, "scheduled", False),
        ("closed", f"{school.id}-away", f"{school.id}-annex", 50, "scheduled", False),
        ("cancelled", place, school.id, 50, "cancelled", False),
        ("just_begun", place, school.id, 10, "scheduled", False),
    )
    for why, taught, house, minutes, status, fires in plans:
        key = f"{school.id}-{why}"
        school.write("sessions", key, "Lesson", taught, house, date(school.today), teacher_of(school, "Science"), "R1",
                     status, stamp(school.now - minutes * MINUTE), None, None, None)  # fmt: skip
        school.case("register_not_taken", fires=fires, record="session", key=key, why=why)


def judge_house(school: School) -> None:
    """Whether far more students than usual are absent today."""
    marks = [mark for pupil in school.pupils for mark in pupil.marks]
    today = [mark.code in ("absent", "excused") for mark in marks if mark.day > school.now - DAY]
    usual = [mark.code in ("absent", "excused") for mark in marks if mark.day > school.now - 56 * DAY]
    share, base = sum(today) / len(today), sum(usual) / len(usual)
    off = (share - base) / sqrt(max(base * (1 - base), 0.01) / len(today))
    fires = off > 4 and len(today) >= 20 and len(usual) >= 5 * len(today)
    school.case(
        "school_absence_unusual", fires=fires, record="organization", key=school.id, why=f"{off:.1f} deviations"
    )
