"""Planted incidents in the clinics, each with near misses at which a rule must stay quiet."""

from __future__ import annotations

from substrate.clock import DAY, HOUR, MINUTE
from verticals.hospital.sample.buildings import House
from verticals.hospital.sample.clinics import Booking, attend, book, remind, tell_booking
from verticals.hospital.sample.notes import immunize
from verticals.hospital.sample.people import Person
from verticals.hospital.sample.wing import Case, Wing

_MISSED, _LOST = "follow_up_missed", "lost_to_follow_up"


class Clinic:
    """Books the planted appointments of one wing."""

    def __init__(self, wing: Wing, house: House) -> None:
        self.wing = wing
        self.house = house

    def person(self) -> Person:
        """A patient registered long enough ago for any case."""
        person = self.wing.new_person()
        person.registered = min(person.registered, self.wing.now - 200 * DAY)
        return person

    def book(self, person: Person, start: int, status: str = "booked", reason: str = "ROUTINE") -> Booking:
        """An appointment, kept as it is."""
        booking = book(self.wing, person, start, status)
        booking.reason = reason
        tell_booking(self.wing, self.house, booking)
        return booking

    def die(self, person: Person, ago: int) -> None:
        """Let the patient have died some micros ago."""
        person.deceased = person.gone_at = self.wing.now - ago


def plant_clinic_cases(wing: Wing, house: House) -> None:
    """Plant every kind of clinic incident once or more."""
    clinic = Clinic(wing, house)
    for plant in (_no_shows, _reminders, _follow_ups, _exempt_follow_ups, _immunizations):
        plant(clinic)


def _no_shows(clinic: Clinic) -> None:
    cases = [
        (True, 45 * MINUTE, "booked", "began 45 minutes ago, nobody arrived"),
        (True, 3 * HOUR, "booked", "began 3 hours ago, nobody arrived"),
        (False, 20 * MINUTE, "booked", "began 20 minutes ago, 30 are allowed"),
        (False, 2 * HOUR, "cancelled", "the appointment was cancelled"),
        (False, 2 * HOUR, "fulfilled", "the patient came"),
    ]
    wing = clinic.wing
    for fires, ago, status, why in cases:
        booking = book(wing, clinic.person(), wing.now - ago, status)
        booking.reason = "ROUTINE"
        if status == "fulfilled":
            attend(wing, clinic.house, booking)
        tell_booking(wing, clinic.house, booking)
        about = {"Patient": booking.person.id}
        at = booking.start + 30 * MINUTE
        wing.plant(Case("no_show", fires, "Appointment", booking.id, at, why, about))


def _reminders(clinic: Clinic) -> None:
    wing = clinic.wing
    people = [clinic.person() for _ in range(5)]
    alive, dead, merged, cancels, later = people
    clinic.die(dead, 3 * DAY)
    merged.replaced_by, merged.gone_at = alive.id, wing.now - 5 * DAY
    cases = [
        (True, alive, 20 * HOUR, "booked", "booked, starts within 24 hours"),
        (False, dead, 5 * HOUR, "booked", "the patient has died"),
        (False, merged, 6 * HOUR, "booked", "the record was merged into another"),
        (False, cancels, 7 * HOUR, "cancelled", "the appointment was cancelled"),
        (False, later, 25 * HOUR, "booked", "starts in 25 hours"),
    ]
    for fires, person, ahead, status, why in cases:
        booking = book(wing, person, wing.now + ahead, status)
        booking.created = min(booking.created, wing.now - 8 * DAY)
        tell_booking(wing, clinic.house, booking)
        remind(wing, booking, fires, why)


def _follow_ups(clinic: Clinic) -> None:
    for days in (10, 29, 33, 45):
        person = clinic.person()
        booking = clinic.book(person, clinic.wing.now - days * DAY, "noshow", "FOLLOWUP")
        why = f"missed a follow-up visit {days} days ago and has not come since"
        _judge(clinic.wing, booking, _MISSED if days <= 30 else _LOST, why)


def _exempt_follow_ups(clinic: Clinic) -> None:
    """Who must not be traced: the dead, the transferred, and those who came after all."""
    wing = clinic.wing
    for days in (12, 50):
        dead, moved, came = (clinic.person() for _ in range(3))
        clinic.die(dead, 5 * DAY)
        moved.transferred = wing.now - 6 * DAY
        reasons = ((dead, "the patient has died"), (moved, "the patient was transferred"), (came, "came later"))
        for person, why in reasons:
            booking = clinic.book(person, wing.now - days * DAY, "noshow", "FOLLOWUP")
            _judge(wing, booking, None, why)
        again = book(wing, came, wing.now - (days - 4) * DAY, "fulfilled")
        attend(wing, clinic.house, again)
        tell_booking(wing, clinic.house, again)


def _judge(wing: Wing, booking: Booking, fires: str | None, why: str) -> None:
    about = {"Appointment": booking.id}
    for kind, days in ((_MISSED, 1), (_LOST, 31)):
        at = booking.start + days * DAY
        wing.plant(Case(kind, kind == fires, "Patient", booking.person.id, at, why, about))


def _immunizations(clinic: Clinic) -> None:
    cases = [
        (True, 3 * DAY + 2 * HOUR, "completed", False, "given 3 days and 2 hours ago"),
        (True, 3 * DAY + 20 * HOUR, "completed", False, "given 3 days and 20 hours ago"),
        (False, 2 * DAY, "completed", False, "given 2 days ago"),
        (False, 3 * DAY + 2 * HOUR, "completed", True, "the patient has died since"),
        (False, 3 * DAY + 2 * HOUR, "not-done", False, "the immunization was declined"),
    ]
    wing = clinic.wing
    for fires, ago, status, dead, why in cases:
        booking = book(wing, clinic.person(), wing.now - ago - 15 * MINUTE)
        visit = attend(wing, clinic.house, booking)
        tell_booking(wing, clinic.house, booking)
        if dead:
            clinic.die(booking.person, DAY)
        found = immunize(wing, visit, wing.now - ago, status)
        about = {"Patient": booking.person.id, "Encounter": visit.id}
        at = wing.now - ago + 3 * DAY
        wing.plant(Case("immunization_follow_up", fires, "Immunization", found, at, why, about))
