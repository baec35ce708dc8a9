"""What classes are asked to hand in, a piece a week, and what becomes of it."""

from __future__ import annotations

from substrate.clock import DAY, HOUR, SECOND
from verticals.school.sample.people import SUBJECTS, class_id
from verticals.school.sample.school import Pupil, School, Work
from verticals.school.sample.sheets import stamp
from verticals.school.sample.stories import hand_in

_LATE = 0.05
_AHEAD = (40 * HOUR, 9 * DAY)


def due_times(school: School) -> list[int]:
    """When the pieces of work of each class are due: weekly up to three days ago, and two to come."""
    last = school.now - 3 * DAY
    past = range(last, min(school.first + 8 * DAY, last - 1), -7 * DAY)
    return [*past, *(school.now + ahead for ahead in _AHEAD)]


def set_work(school: School, forms: int) -> None:
    """Write the pieces of work of every class."""
    for form in range(forms):
        for subject in SUBJECTS:
            place = class_id(school, form, subject)
            for number, due in enumerate(due_times(school)):
                school.write("lineItems", f"{place}-w{number}", "active", stamp(due - 7 * DAY),
                             f"{subject} {number + 1}", None, stamp(due - 7 * DAY), stamp(due), place, "homework",
                             None, 0, 100)  # fmt: skip


def do_work(school: School, pupil: Pupil) -> None:
    """Give a student all pieces of work, and write them."""
    for subject in SUBJECTS:
        place = class_id(school, pupil.form, subject)
        pupil.work += [_done(school, f"{place}-w{number}", due) for number, due in enumerate(due_times(school))]
    hand_in(school, pupil)
    rows, now = school.rows["submissions"], school.now
    for work in pupil.work:
        if pupil.left_at is not None and work.due_at > pupil.left_at + 7 * DAY:
            continue
        score = "" if work.percent is None else work.percent
        own, done = stamp(work.own_due_at), stamp(work.submitted_at)
        since = stamp(min(work.due_at - 7 * DAY, now))
        told = f"{done},{work.status},{score},{score},{stamp(work.scored_at)}"
        rows.append((f"{pupil.id},{work.item},{since},{own},{told},{school.id}", None))


def _done(school: School, item: str, due: int) -> Work:
    if due > school.now + 2 * DAY:
        return Work(item, due, None, None, "assigned")
    late = due < school.now and school.dice.random() < _LATE
    handed_in = due + (school.dice.randrange(1, 20) * HOUR if late else -school.dice.randrange(1, 160_000) * SECOND)
    handed_in = min(handed_in, school.now - HOUR)
    if handed_in + 2 * DAY > school.now:
        return Work(item, due, None, handed_in, "submitted")
    percent = float(school.dice.randrange(55, 96))
    return Work(item, due, None, handed_in, "graded", percent, handed_in + 2 * DAY)
