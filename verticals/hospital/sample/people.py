"""The patients of a wing and how they are told in FHIR."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from substrate.clock import DAY, SECOND
from verticals.hospital.sample.dice import Dice
from verticals.hospital.sample.words import CITIES, EXTENSION, FAMILY, GIVEN, STREETS, TERMS


def instant(micros: int) -> datetime:
    """An instant to the second, in UTC, as it is put into a row; the JSON writer tells it as a FHIR dateTime."""
    return datetime.fromtimestamp(micros // SECOND, UTC)


@dataclass(slots=True)
class Person:
    """One patient as the simulation knows them."""

    id: str
    number: int
    gender: str
    given: str
    family: str
    born: date
    registered: int
    practitioner: str
    no_show: float
    """How likely they are to miss an appointment."""
    gone_at: int | None = None
    """From when nothing happens with this record any more: death, or merged into another."""
    deceased: int | None = None
    replaced_by: str | None = None
    transferred: int | None = None
    stays: list[tuple[int, int]] = field(default_factory=list)
    """When they are in the emergency department or on a ward; an open stay ends at `FAR`."""

    def here(self, at: int) -> bool:
        """Whether they can turn up at this instant."""
        return self.gone_at is None or at < self.gone_at

    def admitted(self, start: int, end: int) -> bool:
        """Whether a stay of theirs overlaps this span."""
        return any(begin < end and start < until for begin, until in self.stays)


def draw_person(dice: Dice, ident: str, number: int, practitioner: str, start: int) -> Person:
    """A new patient, registered in the year before `start` (micros)."""
    gender = "female" if dice.chance(0.52) else "male"
    age_days = 18 * 365 + int(dice.unit() ** 0.8 * 74 * 365)
    return Person(
        id=ident,
        number=number,
        gender=gender,
        given=dice.pick(GIVEN[gender]),
        family=dice.pick(FAMILY),
        born=datetime.fromtimestamp(start // SECOND, UTC).date() - timedelta(days=age_days),
        registered=dice.span(start - 365 * DAY, start),
        practitioner=practitioner,
        no_show=0.03 + 0.5 * dice.unit() ** 4,
    )


def tell_person(person: Person, organization: str) -> tuple[dict[str, Any], int]:
    """The body of a Patient, and the instant (micros) of its last change."""
    city, postcode = CITIES[person.number % len(CITIES)]
    body: dict[str, Any] = {
        "active": person.replaced_by is None,
        "identifier": [_mrn(person.number)],
        "name": [{"use": "official", "family": person.family, "given": [person.given]}],
        "gender": person.gender,
        "birthDate": person.born.isoformat(),
        "telecom": _telecom(person),
        "address": [
            {
                "use": "home",
                "line": [f"{person.number % 97 + 1} {STREETS[person.number % len(STREETS)]}"],
                "city": city,
                "postalCode": postcode,
            }
        ],
        "generalPractitioner": [{"reference": person.practitioner}],
        "managingOrganization": {"reference": organization},
    }
    if person.deceased is not None:
        body["deceasedDateTime"] = instant(person.deceased)
    if person.replaced_by is not None:
        body["link"] = [{"other": {"reference": f"Patient/{person.replaced_by}"}, "type": "replaced-by"}]
    if person.transferred is not None:
        body["extension"] = [{"url": f"{EXTENSION}/transferred-out", "valueDateTime": instant(person.transferred)}]
    changes = (person.registered, person.gone_at, person.deceased, person.transferred)
    return body, max(change for change in changes if change is not None)


def _mrn(number: int) -> dict[str, Any]:
    return {
        "use": "usual",
        "type": {"coding": [{"system": f"{TERMS}/v2-0203", "code": "MR"}]},
        "system": f"{EXTENSION}/mrn",
        "value": f"MRN{number:08}",
    }


def _telecom(person: Person) -> list[dict[str, str]]:
    phone = f"+1-555-{person.number // 10_000 % 1000:03}-{person.number % 10_000:04}"
    return [
        {"system": "phone", "use": "mobile", "value": phone},
        {"system": "email", "value": f"patient{person.number}@example.org"},
    ]
