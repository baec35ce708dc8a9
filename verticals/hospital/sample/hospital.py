"""Makes a hospital of wings, one wing at a time, and writes each before the next is begun."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from time import perf_counter

from substrate.clock import DAY
from verticals.hospital.sample.buildings import build, tell_beds
from verticals.hospital.sample.clinic_cases import plant_clinic_cases
from verticals.hospital.sample.clinics import run_clinics
from verticals.hospital.sample.defects import spread
from verticals.hospital.sample.dice import Dice
from verticals.hospital.sample.feed import Feed
from verticals.hospital.sample.people import Person, tell_person
from verticals.hospital.sample.plan import SamplePlan, SampleReport
from verticals.hospital.sample.ward_cases import plant_ward_cases
from verticals.hospital.sample.wards import run_wards
from verticals.hospital.sample.wing import Wing

_MERGED = 0.01


def generate(out: Path, plan: SamplePlan, progress: Callable[[int, int], None] | None = None) -> SampleReport:
    """Write a feed into the folder; NDJSON files that lie there from before are replaced.

    `progress` is told (patients done, patients in all) after each wing.
    """
    began = perf_counter()
    wings = plan.wings()
    flaws = 0
    with Feed(out, plan) as feed:
        for number, patients in enumerate(wings):
            wing = _wing(plan, number, patients)
            flaws += spread(wing, plan.defects, flaws) if plan.defects else 0
            feed.write(wing)
            if progress is not None:
                progress(sum(wings[: number + 1]), sum(wings))
    return feed.report(perf_counter() - began)


def _wing(plan: SamplePlan, number: int, patients: int) -> Wing:
    """One wing with all its rows. Incidents are planted first, so that ordinary patients find beds around them."""
    wing = Wing(number, Dice(plan.seed, number), plan.first_midnight, plan.now)
    house = build(wing)
    plant_ward_cases(wing, house)
    plant_clinic_cases(wing, house)
    people = [wing.new_person() for _ in range(max(1, patients - len(wing.people)))]
    _merge(wing, people)
    run_wards(wing, house, people)
    run_clinics(wing, house, people)
    for person in wing.people:
        body, updated = tell_person(person, wing.organization)
        wing.emit("Patient", person.id, updated, body)
    tell_beds(wing, house)
    return wing


def _merge(wing: Wing, people: list[Person]) -> None:
    """A few records turn out to be somebody else's, and are replaced."""
    for person, into in pairwise(people):
        if into.replaced_by is None and person.replaced_by is None and wing.dice.chance(_MERGED):
            person.replaced_by = into.id
            person.gone_at = wing.dice.span(wing.now - 40 * DAY, wing.now - DAY)
