"""What is planted: which story a student lives, and the rule that it fires, or narrowly does not."""

from __future__ import annotations

from substrate.clock import DAY, HOUR, MINUTE
from verticals.school.sample.people import SUBJECTS, guardian_of, name, teacher_of
from verticals.school.sample.school import Mark, Pupil, School, Work

SETTLED, LONG, FRESH = 70 * MINUTE, 150 * MINUTE, 10 * MINUTE
STORIES = {
    "absent": "absence_unexplained",
    "absent_long": "absence_still_unexplained",
    "absent_fresh": "absence_unexplained",
    "absent_noted": "absence_unexplained",
    "absent_left": "absence_unexplained",
    "absent_unwanted": "absence_unexplained",
    "absent_by_tutor": "absence_unexplained_tutor",
    "corrected": "absence_unexplained",
    "two_days": "absence_two_days",
    "three_days": "absence_three_days",
    "excused_between": "absence_two_days",
    "back_again": "absence_two_days",
    "often_absent": "attendance_below_90",
    "often_excused": "attendance_below_90",
    "often_late": "attendance_below_90",
    "work_missing": "work_missing",
    "work_exempt": "work_missing",
    "work_extended": "work_missing",
    "work_late": "work_missing",
    "work_left": "work_missing",
    "work_due": "work_due_soon",
    "work_done": "work_due_soon",
    "risk_work": "student_at_risk",
    "risk_scores": "student_at_risk",
    "risk_one": "student_at_risk",
    "letter_2": "behaviour_letter",
    "letter_3": "behaviour_letter",
    "letter_6": "behaviour_letter",
    "letter_9": "behaviour_letter",
    "letter_withdrawn": "behaviour_letter",
    "letter_old": "behaviour_letter",
}
"""Each story, and the rule that it is about; `judge` says whether that rule fires."""

_INCIDENTS = {"letter_2": 2, "letter_3": 3, "letter_6": 6, "letter_9": 9, "risk_work": 2, "risk_scores": 2}


def cast(school: School, number: int, form: int, story: str) -> Pupil:
    """A student with the story; what the story needs to know of the person is set."""
    given, family = name(school)
    may_contact = story != "absent_unwanted"
    pupil = Pupil(f"{school.id}-s{number}", (given, family), form, "", story, may_contact=may_contact)
    pupil.guardian = guardian_of(school, family, may_contact=may_contact)
    if story in ("absent_left", "work_left"):
        pupil.left_at = school.now - 5 * DAY
    if story == "absent_noted":
        pupil.excused_until = school.today + DAY - 1_000_000
    return pupil


def attend(school: School, pupil: Pupil, tutor: str) -> None:
    """Change the marks of the last days as the story wants."""
    marks, story = pupil.marks, pupil.story
    if story == "absent_left":
        marks.append(Mark(school.today, "absent", school.now - SETTLED, by=teacher_of(school, SUBJECTS[0])))
    elif story.startswith("absent"):
        wait = {"absent_long": LONG, "absent_fresh": FRESH}.get(story, SETTLED)
        marks[-1] = Mark(
            school.today, "absent", school.now - wait, by=tutor if story.endswith("tutor") else marks[-1].by
        )
    elif story == "corrected":
        marks[-1].code, marks[-1].corrected_at = "late", school.now - 20 * MINUTE
    elif story.startswith("often"):
        for mark in marks[1:-1:6]:
            mark.code = story.removeprefix("often_")
    else:
        _miss_days(pupil)


def _miss_days(pupil: Pupil) -> None:
    codes = {
        "two_days": ("absent", "absent"),
        "three_days": ("absent", "absent", "absent"),
        "excused_between": ("absent", "excused", "absent"),
        "back_again": ("absent", "absent", "present"),
    }.get(pupil.story, ())
    for mark, code in zip(reversed(pupil.marks), reversed(codes), strict=False):
        mark.code = code


def hand_in(school: School, pupil: Pupil) -> None:
    """Change the pieces of work as the story wants."""
    story = pupil.story
    if story in ("risk_work", "risk_one"):
        for work in [each for each in pupil.work if 14 * DAY < school.now - each.due_at < 45 * DAY][:3]:
            _forget(work)
    if story == "risk_scores":
        for work in pupil.work:
            work.percent = None if work.percent is None else 30.0
    if story in ("work_due", "work_done"):
        _forget(next(each for each in pupil.work if 0 < each.due_at - school.now < 2 * DAY))
        pupil.work = [_done(each, school.now) if story == "work_done" else each for each in pupil.work]
    elif story.startswith("work"):
        _miss_work(school, pupil)


def _miss_work(school: School, pupil: Pupil) -> None:
    work = next(each for each in pupil.work if DAY < school.now - each.due_at < 7 * DAY)
    _forget(work)
    if pupil.story == "work_exempt":
        work.status = "exempt"
    elif pupil.story == "work_extended":
        work.own_due_at = school.now + 4 * DAY
    elif pupil.story == "work_late":
        work.submitted_at, work.status = work.due_at + 30 * HOUR, "submitted"


def _forget(work: Work) -> None:
    work.submitted_at, work.status, work.percent, work.scored_at = None, "assigned", None, None


def _done(work: Work, now: int) -> Work:
    if 0 < work.due_at - now < 2 * DAY:
        work.submitted_at, work.status = now - HOUR, "submitted"
    return work


def behave(school: School, pupil: Pupil) -> None:
    """The incidents of a student: those of the story, else now and then one."""
    count = _INCIDENTS.get(pupil.story, 0)
    pupil.incidents = [(school.now - (3 + 2 * number) * DAY, False) for number in range(count)]
    if pupil.story == "letter_withdrawn":
        pupil.incidents = [(school.now - 3 * DAY, False), (school.now - 5 * DAY, True)]
    elif pupil.story == "letter_old":
        pupil.incidents = [(school.now - 70 * DAY, False), (school.now - 80 * DAY, False)]
    elif not pupil.story and school.dice.random() < 0.1:
        pupil.incidents = [(school.now - school.dice.randrange(1, 80) * DAY, False)]
