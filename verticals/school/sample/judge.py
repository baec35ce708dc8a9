"""What correct rules would say of a student at the feed's "now", worked out plainly from what was made up."""

from __future__ import annotations

from substrate.clock import DAY, HOUR, MINUTE
from verticals.school.sample.people import tutor_of
from verticals.school.sample.school import Mark, Pupil, School, Work
from verticals.school.sample.stories import STORIES

_OF_A_REGISTRATION = ("attendance_below_90",)


def judge(school: School, pupil: Pupil) -> None:
    """Write down every rule that fires for a student, and the one that narrowly does not."""
    fired = [*_absences(school, pupil), *_standing(school, pupil)]
    for kind in fired:
        record = "registration" if kind in _OF_A_REGISTRATION else "student"
        key = f"{pupil.id}/{school.term}" if record == "registration" else pupil.id
        school.case(kind, fires=True, record=record, key=key, why=pupil.story or "as it came")
    fired += _work(school, pupil)
    about = STORIES.get(pupil.story)
    if about is not None and about not in fired:
        school.case(about, fires=False, record="student", key=pupil.id, why=pupil.story)


def _absences(school: School, pupil: Pupil) -> list[str]:
    last = pupil.marks[-1] if pupil.marks else None
    if last is None or last.code != "absent" or pupil.left_at is not None or pupil.excused_until is not None:
        return []
    waited, streak = school.now - (last.corrected_at or last.marked_at), _streak(pupil.marks)
    if waited < 30 * MINUTE:
        return []
    found = ["absence_unexplained"] if pupil.may_contact else []
    found += ["absence_unexplained_tutor"] if last.by != tutor_of(school, pupil.form) else []
    found += ["absence_still_unexplained"] if waited >= 2 * HOUR else []
    found += ["absence_two_days"] if streak >= 2 else []
    return found + (["absence_three_days"] if streak >= 3 else [])


def _streak(marks: list[Mark]) -> int:
    count = 0
    for mark in reversed([each for each in marks if each.code != "excused"]):
        if mark.code != "absent":
            break
        count += 1
    return count


def _standing(school: School, pupil: Pupil) -> list[str]:
    if pupil.left_at is not None:
        return []
    found = []
    if len(pupil.marks) >= 10 and _rate(pupil.marks) < 0.9:
        found.append("attendance_below_90")
    counting = [at for at, withdrawn in pupil.incidents if not withdrawn]
    if len(counting) >= 2 and school.now - max(counting) < 60 * DAY:
        found.append("behaviour_letter")
    if _signs(school, pupil, counting) >= 2:
        found.append("student_at_risk")
    return found


def _rate(marks: list[Mark]) -> float:
    return sum(mark.code in ("present", "late") for mark in marks) / len(marks)


def _signs(school: School, pupil: Pupil, incidents: list[int]) -> int:
    since = school.now - 45 * DAY
    marks = [mark for mark in pupil.marks if mark.day > since]
    missing = [work for work in pupil.work if since < _due(work) <= school.now and _open(work)]
    scores = [work.percent for work in pupil.work if work.percent is not None and (work.scored_at or 0) > since]
    return sum((
        bool(marks) and _rate(marks) < 0.9,
        len(missing) >= 3,
        bool(scores) and sum(scores) / len(scores) < 45,
        sum(at > since for at in incidents) >= 2,
    ))  # fmt: skip


def _work(school: School, pupil: Pupil) -> list[str]:
    """Cases of single pieces of work."""
    found = []
    for work in pupil.work:
        if not _open(work) or pupil.left_at is not None:
            continue
        ahead = _due(work) - school.now
        kind = (
            "work_missing" if -14 * DAY < ahead <= -DAY else "work_due_soon" if 12 * HOUR < ahead <= 48 * HOUR else ""
        )
        if kind:
            found.append(kind)
            key = f"{pupil.id}/{work.item}"
            school.case(kind, fires=True, record="submission", key=key, why=pupil.story or "as it came")
    return found


def _open(work: Work) -> bool:
    return work.submitted_at is None and work.status == "assigned"


def _due(work: Work) -> int:
    return work.due_at if work.own_due_at is None else work.own_due_at
