"""The clinics: appointments past and to come, and the visits that they become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from substrate.clock import DAY, HOUR, MINUTE
from verticals.hospital.sample import notes
from verticals.hospital.sample.arrivals import Pattern, draw
from verticals.hospital.sample.buildings import House
from verticals.hospital.sample.medicines import Prescription, prescribe
from verticals.hospital.sample.people import Person, instant
from verticals.hospital.sample.results import LabOrder, draw_value, run_order
from verticals.hospital.sample.scores import chart
from verticals.hospital.sample.visits import Visit, extension, tell_visit
from verticals.hospital.sample.wing import FAR, Case, Wing
from verticals.hospital.sample.words import (
    CLINICS,
    DAYS_CLINIC,
    DIASTOLIC,
    HOME_DRUGS,
    HOURS_CLINIC,
    PANELS,
    PULSE,
    SNOMED,
    SYSTOLIC,
    TERMS,
    WEIGHT,
    coded,
)

_BOOKINGS = Pattern(0.024, HOURS_CLINIC, DAYS_CLINIC, slot=15 * MINUTE)
_SETTLED = 2 * DAY
"""How long ago an appointment must lie for the house itself to have marked a no-show."""
_QUIET = 6 * DAY
"""How long ago a background immunization lies at least, so that its message is not due now."""
_LENGTH = 30 * MINUTE


@dataclass(slots=True)
class Booking:
    """One appointment. Instants in micros."""

    id: str
    person: Person
    start: int
    created: int
    status: str
    clinic: int
    practitioner: str
    reason: str = "ROUTINE"
    arrived: int | None = None


def run_clinics(wing: Wing, house: House, people: list[Person]) -> None:
    """Play the wing's appointments, from the history's start to two weeks after the feed's "now"."""
    for at in draw(wing.dice, _BOOKINGS, len(people), wing.start, wing.future):
        start = at + HOUR if abs(at - wing.now - DAY) <= _LENGTH else at
        person = wing.dice.pick(people)
        if start <= wing.now:
            _past(wing, house, book(wing, person, start))
        elif person.here(FAR - 1):
            _future(wing, house, book(wing, person, start))


def book(wing: Wing, person: Person, start: int, status: str = "booked") -> Booking:
    """An appointment made some days before; nothing is kept yet."""
    dice = wing.dice
    latest = min(start - HOUR, wing.now - 10 * MINUTE)
    created = dice.span(latest - 30 * DAY, latest)
    clinic = dice.below(len(CLINICS))
    reason = "FOLLOWUP" if dice.chance(0.25) else "ROUTINE"
    ident = wing.new_id("apt")
    return Booking(ident, person, start, created, status, clinic, wing.practitioner(), reason)


def tell_booking(wing: Wing, house: House, booking: Booking) -> None:
    """Keep the Appointment."""
    actors = (f"Patient/{booking.person.id}", booking.practitioner, f"Location/{house.clinics[booking.clinic]}")
    body: dict[str, Any] = {
        "status": booking.status,
        "serviceType": [coded(SNOMED, *CLINICS[booking.clinic])],
        "appointmentType": {"coding": [{"system": f"{TERMS}/v2-0276", "code": booking.reason}]},
        "start": instant(booking.start),
        "end": instant(booking.start + _LENGTH),
        "minutesDuration": 30,
        "created": instant(booking.created),
        "participant": [{"actor": {"reference": actor}, "status": "accepted"} for actor in actors],
    }
    if booking.status == "cancelled":
        reason = {"system": f"{TERMS}/appointment-cancellation-reason", "code": "pat"}
        body["cancelationReason"] = {"coding": [reason]}
    if booking.arrived is not None:
        body["extension"] = [extension("arrived", "valueDateTime", instant(booking.arrived))]
    wing.emit("Appointment", booking.id, _updated(booking), body)


def remind(wing: Wing, booking: Booking, fires: bool, why: str) -> None:
    """Write down whether the reminder of a day ahead is due for this appointment."""
    about = {"Patient": booking.person.id}
    at = booking.start - DAY
    wing.plant(Case("reminder_due", fires, "Appointment", booking.id, at, why, about))


def _updated(booking: Booking) -> int:
    if booking.status == "booked":
        return booking.created
    if booking.status == "cancelled":
        return (booking.created + booking.start) // 2
    if booking.status == "arrived" and booking.arrived:
        return booking.arrived
    return booking.start + 2 * _LENGTH


def _future(wing: Wing, house: House, booking: Booking) -> None:
    if wing.dice.chance(0.06):
        booking.status = "cancelled"
    elif booking.start <= wing.now + DAY:
        remind(wing, booking, fires=True, why="booked, starts within 24 hours")
    tell_booking(wing, house, booking)


def _past(wing: Wing, house: House, booking: Booking) -> None:
    dice, person, start = wing.dice, booking.person, booking.start
    follow_up = booking.reason == "FOLLOWUP"
    if not person.here(start) or person.admitted(start, start + HOUR):
        booking.status, booking.reason = "cancelled", "ROUTINE"
    elif not follow_up and dice.chance(0.07):
        booking.status = "cancelled"
    elif not follow_up and start < wing.now - _SETTLED and dice.chance(person.no_show):
        booking.status = "noshow"
    else:
        attend(wing, house, booking)
    tell_booking(wing, house, booking)


def attend(wing: Wing, house: House, booking: Booking) -> Visit:
    """Let the patient arrive; the visit and its chart are kept, the appointment is not yet."""
    dice = wing.dice
    arrived = dice.span(booking.start - 20 * MINUTE, booking.start + 10 * MINUTE)
    booking.arrived = min(arrived, wing.now - MINUTE)
    left = booking.start + dice.span(25 * MINUTE, 55 * MINUTE)
    end = left if left <= wing.now else FAR
    booking.status = "arrived" if end == FAR else "fulfilled"
    visit = Visit(wing.new_id("enc"), booking.person, "AMB", booking.practitioner, booking.arrived, end)
    visit.appointment = booking.id
    visit.places.append((house.clinics[booking.clinic], booking.arrived, end))
    if end != FAR:
        _chart(wing, visit)
    tell_visit(wing, visit)
    return visit


def _chart(wing: Wing, visit: Visit) -> None:
    dice = wing.dice
    at = visit.end - 12 * MINUTE
    for analyte in (SYSTOLIC, DIASTOLIC, PULSE, WEIGHT):
        chart(wing, visit, analyte, draw_value(dice, analyte), at)
    if dice.chance(0.15):
        run_order(wing, visit, LabOrder(dice.pick(PANELS), "routine", at + 5 * MINUTE))
    if dice.chance(0.3):
        notes.condition(wing, visit, at)
    if dice.chance(0.25):
        notes.note(wing, visit, visit.end)
    if dice.chance(0.12) and at < wing.now - _QUIET:
        notes.immunize(wing, visit, at)
    if dice.chance(0.15):
        prescribe(wing, visit, Prescription(wing.new_id("mr"), dice.pick(HOME_DRUGS), at))
