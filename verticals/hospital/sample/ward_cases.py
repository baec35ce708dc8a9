"""Planted incidents on the wards, each with near misses at which a rule must stay quiet."""

from __future__ import annotations

from substrate.clock import DAY, HOUR, MINUTE
from verticals.hospital.sample.buildings import Bed, House
from verticals.hospital.sample.medicines import Prescription, give, prescribe, refuse
from verticals.hospital.sample.people import Person
from verticals.hospital.sample.results import LabOrder, run_order
from verticals.hospital.sample.scores import UNWELL, chart_round, draw_round
from verticals.hospital.sample.visits import Visit, tell_visit
from verticals.hospital.sample.wards import chart_stay, give_antibiotic
from verticals.hospital.sample.wing import FAR, Case, Wing
from verticals.hospital.sample.words import (
    BLOOD_COUNT,
    DIASTOLIC,
    DRUGS,
    HEMOGLOBIN,
    METABOLIC,
    POTASSIUM,
    PULSE,
    SYSTOLIC,
    Analyte,
    Panel,
)

_LIMITS = {"stat": HOUR, "urgent": 4 * HOUR, "routine": DAY}
"""Until when a laboratory order of each priority must have its result."""
_HIGH: dict[str, float] = {POTASSIUM.code: 6.9}
_LOW: dict[str, float] = {HEMOGLOBIN.code: 6.2}
_CALM: dict[str, float] = {SYSTOLIC.code: 125.0, DIASTOLIC.code: 78.0}
_NEARLY: dict[str, float] = {**UNWELL, **_CALM, PULSE.code: 82.0}
"""Scores 4."""


class Ward:
    """Admits the planted patients of one wing."""

    def __init__(self, wing: Wing, house: House) -> None:
        self.wing = wing
        self.house = house

    def admit(self, days: int = 1, *, bed: Bed | None = None, person: Person | None = None) -> Visit:
        """A patient on the ward since some days, with an ordinary chart to come; `settle` keeps it."""
        wing = self.wing
        start = wing.dice.span(wing.now - days * DAY - 8 * HOUR, wing.now - days * DAY - 7 * HOUR)
        person = person or wing.new_person()
        visit = Visit(wing.new_id("enc"), person, "IMP", wing.practitioner(), start, admit_source="outp")
        visit.expected = wing.dice.span(wing.now + 6 * HOUR, wing.now + 40 * HOUR)
        visit.billed = visit.antibiotics = False
        if bed is None:
            bed = self.house.bed(wing, start, FAR)
        else:
            bed.taken.append((start, FAR))
        if bed is not None:
            visit.places.append((bed.id, start, FAR))
        person.stays.append((start, FAR))
        return visit

    def leave(self, visit: Visit, ago: int) -> None:
        """Let the patient have gone home some micros ago."""
        visit.end = self.wing.now - ago
        visit.disposition, visit.billed = "home", True
        [(place, start, _)] = visit.places
        visit.places = [(place, start, visit.end)]
        for bed in self.house.beds:
            if bed.id == place:
                bed.taken = [(begin, visit.end if begin == start else end) for begin, end in bed.taken]

    def settle(self, *visits: Visit) -> None:
        """Keep the charts and encounters of these visits."""
        for visit in visits:
            chart_stay(self.wing, visit)
            tell_visit(self.wing, visit)

    def order(self, visit: Visit, panel: Panel, priority: str, ago: int) -> LabOrder:
        """A laboratory order authored some micros ago; nothing is kept yet."""
        return LabOrder(panel, priority, self.wing.now - ago)

    def plant(self, kind: str, fires: bool, visit: Visit, at: int, why: str) -> None:
        """Write down a case whose resource is the encounter itself."""
        self.note(kind, fires, ("Encounter", visit.id), visit, (at, why))

    def note(self, kind: str, fires: bool, what: tuple[str, str], visit: Visit, when: tuple[int, str]) -> None:
        """Write down a case about any resource of a visit: (type, id), and (instant, why)."""
        about = {"Patient": visit.person.id, "Encounter": visit.id}
        about.pop(what[0], None)
        self.wing.plant(Case(kind, fires, *what, *when, about))


def plant_ward_cases(wing: Wing, house: House) -> None:
    """Plant every kind of ward incident once or more."""
    ward = Ward(wing, house)
    for plant in (_critical, _turnaround, _overdue, _stalled, _beds, _doses, _sepsis, _unbilled):
        plant(ward)


def _critical(ward: Ward) -> None:
    now = ward.wing.now
    cases: list[tuple[bool, int, int | None, Analyte, str]] = [
        (True, 75 * MINUTE, 0, POTASSIUM, "critical, told 75 minutes ago, not acknowledged"),
        (True, 5 * HOUR, 0, HEMOGLOBIN, "critical, told 5 hours ago, not acknowledged"),
        (False, 3 * HOUR, now - 3 * HOUR + 12 * MINUTE, POTASSIUM, "acknowledged after 12 minutes"),
        (False, 12 * MINUTE, 0, HEMOGLOBIN, "told 12 minutes ago, 30 are allowed"),
    ]
    for fires, ago, acknowledged, analyte, why in cases:
        visit = ward.admit()
        panel, values = (METABOLIC, _HIGH) if analyte is POTASSIUM else (BLOOD_COUNT, _LOW)
        order = ward.order(visit, panel, "urgent", ago + 50 * MINUTE)
        order.resulted, order.values, order.acknowledged = now - ago, values, acknowledged
        found = run_order(ward.wing, visit, order).observations[analyte.code]
        ward.note("critical_unacknowledged", fires, ("Observation", found), visit, (now - ago + 30 * MINUTE, why))
        ward.settle(visit)


def _turnaround(ward: Ward) -> None:
    cases = [
        (True, "stat", 3 * HOUR, None, FAR, "stat, ordered 3 hours ago, no result"),
        (True, "urgent", 9 * HOUR, None, FAR, "urgent, ordered 9 hours ago, no result"),
        (True, "routine", 30 * HOUR, None, FAR, "routine, ordered 30 hours ago, no result"),
        (False, "stat", 15 * MINUTE, None, FAR, "stat, ordered 15 minutes ago, one hour is allowed"),
        (False, "urgent", 9 * HOUR, "revoked", FAR, "the order was revoked"),
        (False, "urgent", 9 * HOUR, None, ward.wing.now - 2 * HOUR, "the result came late, but it came"),
    ]
    for fires, priority, ago, status, resulted, why in cases:
        visit = ward.admit(2)
        order = ward.order(visit, BLOOD_COUNT, priority, ago)
        order.status, order.resulted = status, resulted
        found = ("ServiceRequest", run_order(ward.wing, visit, order).order)
        due = order.authored + _LIMITS[priority]
        ward.note("turnaround_breached", fires, found, visit, (due, why))
        ward.settle(visit)


def _overdue(ward: Ward) -> None:
    cases = [
        (True, -5 * HOUR, None, "expected to leave 5 hours ago, still here"),
        (True, -26 * HOUR, None, "expected to leave 26 hours ago, still here"),
        (False, 45 * MINUTE, None, "expected to leave in 45 minutes"),
        (False, -3 * HOUR, HOUR, "left an hour ago, late but gone"),
    ]
    for fires, expected, left, why in cases:
        visit = ward.admit(2)
        visit.expected = ward.wing.now + expected
        if left is not None:
            ward.leave(visit, left)
        ward.plant("discharge_overdue", fires, visit, visit.expected, why)
        ward.settle(visit)


def _stalled(ward: Ward) -> None:
    cases = [
        (True, 6 * HOUR, None, "discharge ordered 6 hours ago, still in bed, though the bed says unoccupied"),
        (True, 5 * HOUR, None, "discharge ordered 5 hours ago, still in bed"),
        (False, 2 * HOUR, None, "discharge ordered 2 hours ago, 4 are allowed"),
        (False, 6 * HOUR, HOUR, "left an hour ago"),
    ]
    for number, (fires, ago, left, why) in enumerate(cases):
        visit = ward.admit()
        visit.ordered, visit.billed = ward.wing.now - ago, True
        if left is not None:
            ward.leave(visit, left)
        if number == 0:
            next(bed for bed in ward.house.beds if bed.id == visit.places[0][0]).says = "U"
        ward.plant("discharge_stalled", fires, visit, visit.ordered + 4 * HOUR, why)
        ward.settle(visit)


def _beds(ward: Ward) -> None:
    _share(ward, True, (2, 1), "two patients have open stays in this bed")
    _share(ward, False, (2, 1), "both open stays are the same patient's, registered twice")
    before, after = ward.admit(2), None
    ward.leave(before, 20 * HOUR)
    bed = next(bed for bed in ward.house.beds if bed.id == before.places[0][0])
    after = ward.admit(0, bed=bed)
    ward.note("bed_conflict", False, ("Location", bed.id), after, (after.start, "the patient before has left"))
    ward.settle(before, after)


def _share(ward: Ward, fires: bool, days: tuple[int, int], why: str) -> None:
    first = ward.admit(days[0])
    bed = next(bed for bed in ward.house.beds if bed.id == first.places[0][0])
    second = ward.admit(days[1], bed=bed, person=None if fires else first.person)
    about = {"Patient": second.person.id, "Encounter": second.id, "Other encounter": first.id}
    ward.wing.plant(Case("bed_conflict", fires, "Location", bed.id, second.start, why, about))
    ward.settle(first, second)


def _doses(ward: Ward) -> None:
    cases = [
        (True, 2 * HOUR, "active", False, "scheduled 2 hours ago, not given, order active"),
        (True, 85 * MINUTE, "active", False, "scheduled 85 minutes ago, not given, order active"),
        (False, 35 * MINUTE, "active", False, "scheduled 35 minutes ago, 60 are allowed"),
        (False, 3 * HOUR, "stopped", False, "the order was stopped"),
        (False, 3 * HOUR, "active", True, "knowingly not given, with a reason"),
    ]
    wing = ward.wing
    for fires, ago, status, refused, why in cases:
        visit, scheduled = ward.admit(), wing.now - ago
        order = Prescription(wing.new_id("mr"), wing.dice.pick(DRUGS), scheduled - 5 * HOUR, status)
        prescribe(wing, visit, order)
        found = refuse(wing, visit, order, scheduled) if refused else give(wing, visit, order, scheduled, None)
        what = ("MedicationAdministration", found)
        ward.note("missed_dose", fires, what, visit, (scheduled + HOUR, why))
        ward.settle(visit)


def _sepsis(ward: Ward) -> None:
    wing = ward.wing
    cases: list[tuple[bool, int, dict[str, float], int, str]] = [
        (True, 2 * HOUR, {**UNWELL, **_CALM}, 0, "score of 5 or more 2 hours ago, no antibiotic"),
        (True, 80 * MINUTE, {**UNWELL, **_CALM}, 0, "score of 5 or more 80 minutes ago, no antibiotic"),
        (False, 2 * HOUR, {**UNWELL, **_CALM}, 40 * MINUTE, "antibiotic after 40 minutes"),
        (False, 30 * MINUTE, {**UNWELL, **_CALM}, 0, "score of 5 or more 30 minutes ago, 60 are allowed"),
        (False, 2 * HOUR, _NEARLY, 0, "the score is below 5"),
    ]
    for fires, ago, values, wait, why in cases:
        visit, at = ward.admit(), wing.now - ago
        found = chart_round(wing, visit, at, draw_round(wing, values))
        if wait:
            give_antibiotic(wing, visit, at, wait)
        ward.note("antibiotic_delayed", fires, ("Observation", found), visit, (at + HOUR, why))
        ward.settle(visit)


def _unbilled(ward: Ward) -> None:
    cases = [
        (True, True, None, "discharge ordered, a completed service is not billed"),
        (False, True, "revoked", "discharge ordered, the only unbilled service was revoked"),
        (False, False, None, "unbilled services, but no discharge ordered"),
    ]
    for fires, ordered, status, why in cases:
        visit = ward.admit()
        at = ward.wing.now - 2 * HOUR
        visit.ordered, visit.billed = (at, True) if ordered else (None, False)
        order = ward.order(visit, METABOLIC, "urgent", 10 * HOUR)
        order.resulted, order.status, order.billed = ward.wing.now - 9 * HOUR, status, False
        run_order(ward.wing, visit, order)
        ward.plant("discharge_unbilled", fires, visit, at, why)
        ward.settle(visit)
