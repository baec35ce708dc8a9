"""The emergency department and the wards: who comes, who is admitted, and what their chart holds."""

from __future__ import annotations

from itertools import pairwise
from math import exp

from substrate.clock import DAY, HOUR, MINUTE
from verticals.hospital.sample import notes
from verticals.hospital.sample.arrivals import Pattern, draw
from verticals.hospital.sample.buildings import House
from verticals.hospital.sample.medicines import Prescription, doses, give, prescribe
from verticals.hospital.sample.people import Person
from verticals.hospital.sample.results import LabOrder, run_order
from verticals.hospital.sample.scores import CALLS_FOR_ANTIBIOTIC, UNWELL, chart_round, draw_round, score
from verticals.hospital.sample.visits import Visit, tell_visit
from verticals.hospital.sample.wing import FAR, Wing
from verticals.hospital.sample.words import (
    ANTIBIOTICS,
    DAYS_CLINIC,
    DAYS_EMERGENCY,
    DRUGS,
    HOURS_ELECTIVE,
    HOURS_EMERGENCY,
    PANELS,
    Drug,
)

_EMERGENCIES = Pattern(0.0027, HOURS_EMERGENCY, DAYS_EMERGENCY)
_ELECTIVES = Pattern(0.0009, HOURS_ELECTIVE, DAYS_CLINIC)
_TRIES = 5


def run_wards(wing: Wing, house: House, people: list[Person]) -> None:
    """Play the wing's emergencies and elective admissions up to the feed's "now"."""
    emergencies = draw(wing.dice, _EMERGENCIES, len(people), wing.start, wing.now)
    electives = draw(wing.dice, _ELECTIVES, len(people), wing.start, wing.now)
    arrivals = [(at, True) for at in emergencies] + [(at, False) for at in electives]
    for at, emergency in sorted(arrivals):
        person = _somebody(wing, people, at)
        if person is None:
            continue
        if not emergency:
            _admit(wing, house, person, at, "outp")
        elif (left := _emergency(wing, house, person, at)) is not None and wing.dice.chance(0.6):
            _admit(wing, house, person, left, "emd")


def _somebody(wing: Wing, people: list[Person], at: int) -> Person | None:
    for _ in range(_TRIES):
        person = wing.dice.pick(people)
        if person.here(at) and not person.admitted(at, FAR):
            return person
    return None


def _emergency(wing: Wing, house: House, person: Person, at: int) -> int | None:
    """An emergency visit; its end, or None when the patient is still there."""
    dice = wing.dice
    left = dice.span(at + 2 * HOUR, at + 6 * HOUR)
    end = left if left <= wing.now else FAR
    visit = Visit(wing.new_id("enc"), person, "EMER", wing.practitioner(), at, end)
    visit.places.append((house.emergency, at, end))
    visit.admit_source = "emd"
    person.stays.append((at, end))
    last = min(end, wing.now)
    if at + 15 * MINUTE < last:
        chart_round(wing, visit, at + 10 * MINUTE, _well(wing))
    if at + 30 * MINUTE < last and dice.chance(0.7):
        priority = "stat" if dice.chance(0.3) else "urgent"
        run_order(wing, visit, LabOrder(dice.pick(PANELS), priority, at + 20 * MINUTE))
    if end != FAR:
        notes.condition(wing, visit, end - 30 * MINUTE)
        notes.note(wing, visit, end - 10 * MINUTE)
    tell_visit(wing, visit)
    return None if end == FAR else end


def _admit(wing: Wing, house: House, person: Person, at: int, source: str) -> None:
    dice = wing.dice
    length = int(min(20 * DAY, max(8 * HOUR, exp(0.95 + 0.7 * dice.normal()) * DAY)))
    left = at + length // MINUTE * MINUTE
    end = left if left <= wing.now else FAR
    visit = Visit(wing.new_id("enc"), person, "IMP", wing.practitioner(), at, end, admit_source=source)
    if not _bed_down(wing, house, visit):
        return
    if visit.open:
        visit.expected = max(left, wing.now + 3 * HOUR) + dice.span(0, DAY)
        visit.billed = False
    else:
        visit.expected = dice.span(end - 8 * HOUR, end + 12 * HOUR)
        visit.ordered = max(at, dice.span(end - 4 * HOUR, end - HOUR))
        visit.disposition = dice.pick(("home", "home", "home", "other-hcf"))
        if dice.chance(0.02):
            visit.disposition, person.deceased, person.gone_at = "exp", end, end
    chart_stay(wing, visit)
    tell_visit(wing, visit)


def _bed_down(wing: Wing, house: House, visit: Visit) -> bool:
    """Find the stay's beds, with a transfer in some; False when no bed is free."""
    last = min(visit.end, wing.now)
    moves = [visit.start, visit.end]
    if last - visit.start > DAY and wing.dice.chance(0.3):
        moves.insert(1, wing.dice.span(visit.start + 8 * HOUR, last - 8 * HOUR))
    for start, end in pairwise(moves):
        bed = house.bed(wing, start, end)
        if bed is None and not visit.places:
            return False
        if bed is not None:
            visit.places.append((bed.id, start, end))
    visit.person.stays.append((visit.start, visit.end))
    return True


def chart_stay(wing: Wing, visit: Visit) -> None:
    """What a stay on a ward leaves in the chart, up to its end or the feed's "now"."""
    last = min(visit.end, wing.now)
    _rounds(wing, visit, last)
    _daily_labs(wing, visit, last)
    for _ in range(1 + wing.dice.below(2)):
        _course(wing, visit, wing.dice.pick(DRUGS), visit.start + 30 * MINUTE)
    if visit.start + HOUR < last:
        notes.condition(wing, visit, visit.start + 50 * MINUTE)
    if visit.start + 6 * HOUR < last and wing.dice.chance(0.5):
        notes.procedure(wing, visit, wing.dice.span(visit.start + 2 * HOUR, last - 2 * HOUR))
    if not visit.open:
        notes.note(wing, visit, visit.end - 15 * MINUTE)


def _rounds(wing: Wing, visit: Visit, last: int) -> None:
    """A round every nine hours. Who scores high gets an antibiotic within the hour."""
    for at in range(visit.start + 40 * MINUTE, last - 3 * MINUTE, 9 * HOUR):
        septic = visit.antibiotics and at + 65 * MINUTE < last and wing.dice.chance(0.02)
        values = draw_round(wing, UNWELL) if septic else _well(wing)
        chart_round(wing, visit, at, values)
        if septic:
            give_antibiotic(wing, visit, at, wing.dice.span(15 * MINUTE, 55 * MINUTE))


def give_antibiotic(wing: Wing, visit: Visit, at: int, wait: int) -> str:
    """Order an antibiotic at an instant and give one dose after the wait; the dose's id is returned."""
    drug = wing.dice.pick(ANTIBIOTICS)
    order = Prescription(wing.new_id("mr"), drug, at + 5 * MINUTE, "completed")
    prescribe(wing, visit, order)
    return give(wing, visit, order, at + 10 * MINUTE, at + wait)


def _well(wing: Wing) -> dict[str, float]:
    """A round that calls for nothing."""
    while True:
        values = draw_round(wing)
        if score(values) < CALLS_FOR_ANTIBIOTIC:
            return values


def _daily_labs(wing: Wing, visit: Visit, last: int) -> None:
    if visit.start + 20 * MINUTE < last:
        priority = "urgent" if visit.admit_source == "emd" else "routine"
        run_order(wing, visit, LabOrder(PANELS[0], priority, visit.start + 15 * MINUTE))
    for at in range(visit.start + 20 * HOUR, last - HOUR, 24 * HOUR):
        status = "revoked" if wing.dice.chance(0.03) else None
        run_order(wing, visit, LabOrder(wing.dice.pick(PANELS), "routine", at, status=status))


def _course(wing: Wing, visit: Visit, drug: Drug, first: int) -> None:
    if first >= min(visit.end, wing.now):
        return
    status = "active" if visit.open else "completed"
    order = Prescription(wing.new_id("mr"), drug, first - 20 * MINUTE, status)
    prescribe(wing, visit, order)
    doses(wing, visit, order, first)
