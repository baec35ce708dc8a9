"""Makes schools one at a time, and writes each before the next is begun."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from verticals.school.sample.affairs import bill, certify, judge_house, leave_registers, lend
from verticals.school.sample.days import hold_sessions, mark_days
from verticals.school.sample.defects import spread
from verticals.school.sample.feed import Feed
from verticals.school.sample.judge import judge
from verticals.school.sample.people import FORM_SIZE, SIBLINGS, enrol, forms_of, found
from verticals.school.sample.plan import SamplePlan, SampleReport
from verticals.school.sample.school import Pupil, School
from verticals.school.sample.sheets import date, stamp
from verticals.school.sample.stories import STORIES, behave, cast
from verticals.school.sample.work import do_work, set_work


def generate(out: Path, plan: SamplePlan, progress: Callable[[int, int], None] | None = None) -> SampleReport:
    """Write a feed into the folder; CSV files that lie there from before are replaced.

    `progress` is told (students done, students in all) after each school.
    """
    began = perf_counter()
    sizes = plan.schools()
    flaws = 0
    with Feed(out, plan) as feed:
        for number, students in enumerate(sizes):
            school = _school(plan, number, students)
            flaws += spread(school, plan.defects, flaws) if plan.defects else 0
            feed.write(school)
            if progress is not None:
                progress(sum(sizes[: number + 1]), sum(sizes))
    return feed.report(perf_counter() - began)


def _school(plan: SamplePlan, number: int, students: int) -> School:
    """One school with all its rows; the first students live the stories, twice over where there is room."""
    school = School(plan, number)
    found(school, students)
    stories = list(STORIES) * (2 if students > 3 * len(STORIES) else 1)
    for place in range(students):
        story = stories[place] if place < len(stories) else ""
        pupil = cast(school, place, place // FORM_SIZE, story)
        if not story and school.dice.random() < SIBLINGS and not school.pupils[-1].story:
            pupil.guardian = school.pupils[-1].guardian
        school.pupils.append(pupil)
        _live(school, pupil, place - len(stories))
    hold_sessions(school, forms_of(students))
    set_work(school, forms_of(students))
    leave_registers(school)
    certify(school)
    judge_house(school)
    return school


def _live(school: School, pupil: Pupil, number: int) -> None:
    enrol(school, pupil)
    mark_days(school, pupil)
    do_work(school, pupil)
    behave(school, pupil)
    for at, withdrawn in pupil.incidents:
        school.write("incidents", school.new_id("inc"), pupil.id, None, school.id, stamp(at), "negative", "Disruption",
                     1, "true" if withdrawn else "false")  # fmt: skip
    if pupil.excused_until is not None:
        school.write("leave_notes", pupil.id, date(school.today), date(pupil.excused_until), stamp(school.now - 10**9),
                     pupil.guardian, "Ill", "accepted", school.id)  # fmt: skip
    if number >= 0:
        bill(school, pupil, number)
        lend(school, pupil, number)
    judge(school, pupil)
