"""One contact of a patient with the house, and how it is told as a FHIR Encounter."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from substrate.clock import MINUTE
from verticals.hospital.sample.people import Person, instant
from verticals.hospital.sample.wing import FAR, Wing
from verticals.hospital.sample.words import EXTENSION, TERMS

_CLASSES = {"AMB": "ambulatory", "EMER": "emergency", "IMP": "inpatient encounter"}


@dataclass(slots=True)
class Visit:
    """An ambulatory visit, an emergency, or a stay on a ward. Instants in micros; `FAR` is an open end."""

    id: str
    person: Person
    kind: str
    practitioner: str
    start: int
    end: int = FAR
    places: list[tuple[str, int, int]] = field(default_factory=list)
    """Location ids with the span spent there."""
    expected: int | None = None
    """When the patient is expected to leave."""
    ordered: int | None = None
    """When the discharge was ordered."""
    appointment: str | None = None
    admit_source: str | None = None
    disposition: str | None = None
    billed: bool = True
    """Whether its orders are billed by now."""
    antibiotics: bool = True
    """Whether the chart may hold antibiotics and the scores that call for them."""

    @property
    def open(self) -> bool:
        """Whether the patient has not left."""
        return self.end == FAR

    @property
    def links(self) -> dict[str, Any]:
        """The references to patient and encounter that everything charted carries."""
        return {
            "subject": {"reference": f"Patient/{self.person.id}"},
            "encounter": {"reference": f"Encounter/{self.id}"},
        }


def extension(name: str, key: str, value: object) -> dict[str, Any]:
    """One of the feed's extensions, such as `expected-discharge` with a `valueDateTime`."""
    return {"url": f"{EXTENSION}/{name}", key: value}


def period(start: int, end: int) -> dict[str, datetime]:
    """A FHIR Period; an open one has no end."""
    return {"start": instant(start)} if end == FAR else {"start": instant(start), "end": instant(end)}


def tell_visit(wing: Wing, visit: Visit) -> None:
    """Keep the Encounter of a visit."""
    code = {"system": f"{TERMS}/v3-ActCode", "code": visit.kind, "display": _CLASSES[visit.kind]}
    body: dict[str, Any] = {
        "status": "in-progress" if visit.open else "finished",
        "statusHistory": _history(visit, wing.now),
        "class": code,
        "subject": {"reference": f"Patient/{visit.person.id}"},
        "participant": [{"individual": {"reference": visit.practitioner}}],
        "period": period(visit.start, visit.end),
        "location": [_place(*place) for place in visit.places],
        "serviceProvider": {"reference": wing.organization},
    }
    if visit.appointment:
        body["appointment"] = [{"reference": f"Appointment/{visit.appointment}"}]
    if hospitalization := _hospitalization(visit):
        body["hospitalization"] = hospitalization
    dates = (("expected-discharge", visit.expected), ("discharge-ordered", visit.ordered))
    if extensions := [extension(name, "valueDateTime", instant(at)) for name, at in dates if at is not None]:
        body["extension"] = extensions
    wing.emit("Encounter", visit.id, _updated(visit), body)


def _history(visit: Visit, now: int) -> list[dict[str, Any]]:
    seen = min(visit.start + 5 * MINUTE, visit.end, now)
    history = [{"status": "arrived", "period": period(visit.start, seen)}]
    history.append({"status": "in-progress", "period": period(seen, visit.end)})
    return history


def _place(place: str, start: int, end: int) -> dict[str, Any]:
    status = "active" if end == FAR else "completed"
    return {"location": {"reference": f"Location/{place}"}, "status": status, "period": period(start, end)}


def _hospitalization(visit: Visit) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if visit.admit_source:
        told["admitSource"] = {"coding": [{"system": f"{TERMS}/admit-source", "code": visit.admit_source}]}
    if visit.disposition:
        coding = {"system": f"{TERMS}/discharge-disposition", "code": visit.disposition}
        told["dischargeDisposition"] = {"coding": [coding]}
    return told


def _updated(visit: Visit) -> int:
    if not visit.open:
        return visit.end + 10 * MINUTE
    moves = [start for _, start, _ in visit.places]
    return max([visit.start + 5 * MINUTE, visit.ordered or 0, *moves]) + 2 * MINUTE
