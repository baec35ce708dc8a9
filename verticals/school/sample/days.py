"""The registers: each student's mark of each day, and of the weekly lesson whose register is kept apart."""

from __future__ import annotations

from functools import cache

from substrate.clock import DAY, HOUR, MINUTE, SECOND, from_micros
from verticals.school.sample.people import (
    MORNING,
    SUBJECTS,
    class_id,
    form_id,
    grade_of,
    teacher_of,
    tutor_of,
)
from verticals.school.sample.school import Mark, Pupil, School
from verticals.school.sample.sheets import date, stamp
from verticals.school.sample.stories import SETTLED, attend

_ABSENT, _LATE, _FLU = 0.04, 0.03, 0.3
_QUIET_DAYS = 3
"""The last days, on which nobody is absent but in a story."""
TAUGHT = SUBJECTS[0]


def mark_days(school: School, pupil: Pupil) -> None:
    """Give a student a mark for each school day, and write them."""
    days = [day for day in school.days if pupil.left_at is None or day < pupil.left_at]
    taker = teacher_of(school, TAUGHT)
    absent = _absences(school, days)
    for day in days:
        made = school.now - SETTLED if day == school.today else day + MORNING + school.dice.randrange(600) * SECOND
        code = absent.get(day) or ("late" if school.dice.random() < _LATE else "present")
        pupil.marks.append(Mark(day, code, made, by=taker))
    attend(school, pupil, tutor_of(school, pupil.form))
    if not pupil.story and has_flu(school) and school.dice.random() < _FLU:
        pupil.marks[-1].code = "excused"
    _write(school, pupil)


def has_flu(school: School) -> bool:
    """Whether far more students than usual are absent today: in the first of three schools."""
    return school.number % 3 == 0


def _absences(school: School, days: list[int]) -> dict[int, str]:
    """Some absences of a student, so few that attendance stays well above 90 %."""
    known = days[:-_QUIET_DAYS]
    chosen = school.dice.sample(known, int(len(known) * _ABSENT)) if known else []
    return {day: "excused" if school.dice.random() < 0.6 else "absent" for day in chosen}


def _write(school: School, pupil: Pupil) -> None:
    form, group = form_id(school, pupil.form), f"{school.id}/{grade_of(pupil.form)}"
    rows, tail = school.rows["attendance"], f"{group},{school.id},{school.term}"
    taught = class_id(school, pupil.form, TAUGHT)
    for mark in pupil.marks:
        made, corrected = stamp(mark.marked_at), stamp(mark.corrected_at)
        day, revision = date(mark.day), "1" if corrected else "0"
        told = f"{mark.code},,{made},{corrected},{revision},{mark.by},{corrected or made}"
        rows.append((f"{pupil.id},{day},,,{form},{tail},{told}", None))
        if has_lesson(mark.day):
            begins = lesson_at(school, mark.day)
            row = f"{pupil.id},{day},{session_id(taught, day)},{stamp(begins)},{taught},{tail},{told}"
            rows.append((row, None))


@cache
def has_lesson(day: int) -> bool:
    """Whether the weekly lesson is on a day: on Mondays."""
    return from_micros(day).weekday() == 0


def lesson_at(school: School, day: int) -> int:
    """When the lesson of a day begins."""
    return school.now - 75 * MINUTE if day == school.today else day + 9 * HOUR


def session_id(taught: str, day: str) -> str:
    """The lesson of a class on a day."""
    return f"{taught}-{day}"


def hold_sessions(school: School, forms: int) -> None:
    """Write the registers of each form and the weekly lessons, all taken."""
    for form in range(forms):
        for day in school.days:
            begins = school.now - 75 * MINUTE if day == school.today else day + MORNING - 5 * MINUTE
            _session(school, form_id(school, form), "Registration", day, begins)
            if has_lesson(day):
                _session(school, class_id(school, form, TAUGHT), TAUGHT, day, lesson_at(school, day))


def _session(school: School, place: str, name: str, day: int, begins: int) -> None:
    teacher = teacher_of(school, TAUGHT)
    school.write("sessions", session_id(place, date(day)), name, place, school.id, date(day), teacher, None, "held",
                 stamp(begins), stamp(min(begins + 45 * MINUTE, begins + DAY)), stamp(begins + 5 * MINUTE),
                 teacher)  # fmt: skip
