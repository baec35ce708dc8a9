"""The house: organization, wards, rooms, beds, clinics and staff, and which bed is free when."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from substrate.clock import DAY, MINUTE
from verticals.hospital.sample.wing import PRACTITIONERS, Wing
from verticals.hospital.sample.words import CLINICS, FAMILY, GIVEN, TERMS, WARDS

_ROOMS = 4
_BEDS = 6


@dataclass(slots=True)
class Bed:
    """One bed, where it stands, and when it is taken (micros, `FAR` for open)."""

    id: str
    name: str
    room: str
    taken: list[tuple[int, int]] = field(default_factory=list)
    says: str | None = None
    """Set: the status that the house claims, whatever is true."""

    def free(self, start: int, end: int) -> bool:
        """Whether nobody lies in it during this span."""
        return all(until <= start or end <= begin for begin, until in self.taken)


@dataclass(slots=True)
class House:
    """The places of one wing."""

    emergency: str
    clinics: list[str]
    beds: list[Bed]

    def bed(self, wing: Wing, start: int, end: int) -> Bed | None:
        """A bed that is free from start to end, taken from now on; None when the wing is full."""
        first = wing.dice.below(len(self.beds))
        for bed in self.beds[first:] + self.beds[:first]:
            if bed.free(start, end):
                bed.taken.append((start, end))
                return bed
        return None


def build(wing: Wing) -> House:
    """Put up the wing: rows for its organization, places and staff; beds come last, with `tell_beds`."""
    if wing.number % 10 == 0:
        name = f"Plumbline General Hospital {wing.number // 10 + 1}"
        body = {"active": True, "name": name, "type": [_type("organization-type", "prov")]}
        wing.emit("Organization", wing.organization.partition("/")[2], wing.start, body)
    top = _place(wing, "wi", f"Wing {wing.number + 1}", None)
    emergency = _place(wing, "wa", "Emergency department", top)
    clinics = [_place(wing, "ro", f"{name} clinic", top) for _, name in CLINICS]
    beds = [bed for name, short in WARDS for bed in _ward(wing, name, short, top)]
    _staff(wing)
    return House(emergency, clinics, beds)


def _ward(wing: Wing, name: str, short: str, top: str) -> list[Bed]:
    ward = _place(wing, "wa", f"{name} {wing.number + 1}", top)
    beds = []
    for room in range(1, _ROOMS + 1):
        place = _place(wing, "ro", f"{short} room {room}", ward)
        beds += [Bed(wing.new_id("loc"), f"{short} {room}-{bed}", place) for bed in range(1, _BEDS + 1)]
    return beds


def tell_beds(wing: Wing, house: House) -> None:
    """Rows for the beds as they stand at the feed's "now"."""
    for bed in house.beds:
        changes = [at for span in bed.taken for at in span if at <= wing.now]
        taken = any(begin <= wing.now < until for begin, until in bed.taken)
        code = bed.says or ("O" if taken else "U")
        body = _location(wing, "bd", bed.name, bed.room)
        body["operationalStatus"] = {"system": f"{TERMS}/v2-0116", "code": code}
        wing.emit("Location", bed.id, max(changes, default=wing.start) + 5 * MINUTE, body)


def _type(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"{TERMS}/{system}", "code": code}]}


def _place(wing: Wing, physical: str, name: str, part_of: str | None) -> str:
    ident = wing.new_id("loc")
    wing.emit("Location", ident, wing.start, _location(wing, physical, name, part_of))
    return ident


def _location(wing: Wing, physical: str, name: str, part_of: str | None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "status": "active",
        "name": name,
        "mode": "instance",
        "physicalType": _type("location-physical-type", physical),
        "managingOrganization": {"reference": wing.organization},
    }
    if part_of:
        body["partOf"] = {"reference": f"Location/{part_of}"}
    return body


def _staff(wing: Wing) -> None:
    for serial in range(1, PRACTITIONERS + 1):
        gender = "female" if serial % 2 else "male"
        name = {"family": wing.dice.pick(FAMILY), "given": [wing.dice.pick(GIVEN[gender])], "prefix": ["Dr."]}
        body = {
            "active": True,
            "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": f"9{wing.number:05}{serial:04}"}],
            "name": [name],
            "gender": gender,
        }
        wing.emit("Practitioner", f"prac-{wing.number}-{serial}", wing.start - 30 * DAY, body)
