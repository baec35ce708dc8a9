"""Who comes when, and where they lie: Appointment, and Encounter with the stays that are part of it."""

from __future__ import annotations

from substrate.clock import HOUR
from substrate.mapping import Draft, Reader
from verticals.hospital.records import Appointment, Encounter, LocationStay
from verticals.hospital.sources.fhir import (
    APPOINTMENT,
    ENCOUNTER,
    LOCATION,
    ORGANIZATION,
    PATIENT,
    PRACTITIONER,
    Coded,
    Json,
    Target,
    code,
    concept,
    draft,
    extension,
    first,
    instant,
    many,
    missing,
    part,
    period,
    refer,
    site_of,
    text,
    wrong,
)

_BOOKED = (
    "proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow", "entered-in-error", "checked-in",
    "waitlist",
)  # fmt: skip
_UNDATED = ("proposed", "pending", "waitlist", "cancelled", "entered-in-error")
"""States in which FHIR lets an appointment have no time."""
_VISITED = (
    "planned", "arrived", "triaged", "in-progress", "onleave", "finished", "cancelled", "entered-in-error", "unknown",
)  # fmt: skip
_NEVER_WAS = ("planned", "cancelled", "entered-in-error")
"""States of an encounter in which nobody lies anywhere."""
_CLASSES = (
    "AMB", "EMER", "IMP", "ACUTE", "NONAC", "OBSENC", "PRENC", "SS", "VR", "HH", "FLD",
)  # fmt: skip
_IN_CHARGE = ("ATND", "PPRF")


def appointment(row: Json, reader: Reader) -> Draft:
    """An Appointment."""
    status = code(row, "status", _BOOKED)
    start, end = instant(reader, row, "start"), instant(reader, row, "end")
    if start is None and status not in _UNDATED:
        raise missing("start")
    booked = instant(reader, row, "created")
    arrived = instant(reader, extension(row, "arrived"), "valueDateTime", "arrived")
    since = booked if booked is not None else 0
    service = concept(first(row, "serviceType"), "serviceType[]")
    values = {
        "patient_id": _actor(reader, row, PATIENT),
        "practitioner_id": _actor(reader, row, PRACTITIONER),
        "location_id": _actor(reader, row, LOCATION),
        "service": service.text or text(row, "description"),
        "reason": concept(row.get("appointmentType"), "appointmentType").code,
        "since": since,
        "booked_at": booked,
        "start": start,
        "end": end,
        "status": status,
        "status_at": _settled(status, (since, arrived, start, end)),
        "arrived_at": arrived,
        "cancel_reason": _worded(concept(row.get("cancelationReason"), "cancelationReason")),
    }
    if values["patient_id"] is None:
        raise missing("participant[].actor that is a Patient")
    return draft(reader, Appointment, row, values)


def _settled(status: str, times: tuple[int, int | None, int | None, int | None]) -> int:
    """From when on an appointment's state holds. FHIR dates no cancellation, so a cancelled one always was."""
    since, arrived, start, end = times
    if status in ("arrived", "checked-in"):
        known = (arrived, start)
    elif status in ("fulfilled", "noshow"):
        known = (end, start)
    else:
        return since
    return next((at for at in known if at is not None), since)


def _actor(reader: Reader, row: Json, target: Target) -> int | None:
    actors = (each.get("actor") for each in many(row, "participant"))
    found = (
        refer(reader, actor, target, "participant[].actor") for actor in actors if actor and _may_be(actor, target)
    )
    return next((number for number in found if number is not None), None)


def _may_be(actor: Json, target: Target) -> bool:
    """Whether an actor is of a type. `urn:uuid:` and logical references hide it, unless `type` says it."""
    if type(actor) is not dict:
        raise wrong("participant[].actor", "an object")
    literal = actor.get("reference")
    hidden = literal is None or (type(literal) is str and literal.startswith("urn:"))
    return actor.get("type") in target.types if hidden else True


def encounter(row: Json, reader: Reader) -> Draft:
    """An Encounter with its stays."""
    status = code(row, "status", _VISITED)
    start, end = period(reader, row, "period")
    if start is None:
        raise missing("period.start")
    told = part(row, "hospitalization") or {}
    values = {
        "patient_id": refer(reader, row.get("subject"), PATIENT, "subject"),
        "class_code": code(part(row, "class") or {}, "code", _CLASSES),
        "type": concept(first(row, "type"), "type[]").text,
        "reason": concept(first(row, "reasonCode"), "reasonCode[]").text,
        "status": status,
        "status_at": _state_since(reader, row, status, start, end),
        "start": start,
        "end": end,
        "hours": None if end is None else (end - start) / HOUR,
        "expected_end": instant(reader, extension(row, "expected-discharge"), "valueDateTime", "expected-discharge"),
        "discharge_ordered_at": instant(
            reader, extension(row, "discharge-ordered"), "valueDateTime", "discharge-ordered"
        ),
        "admit_source": concept(told.get("admitSource"), "hospitalization.admitSource").code,
        "discharge_disposition": concept(told.get("dischargeDisposition"), "hospitalization.dischargeDisposition").code,
        "practitioner_id": _in_charge(reader, row),
        "organization_id": refer(reader, row.get("serviceProvider"), ORGANIZATION, "serviceProvider"),
        "appointment_id": refer(reader, first(row, "appointment"), APPOINTMENT, "appointment[]"),
    }
    if values["patient_id"] is None:
        raise missing("subject")
    made = draft(reader, Encounter, row, values, named=True)
    made.site = site_of(row.get("serviceProvider"))
    made.parts = tuple(_stays(reader, row, made))
    values["location_id"] = _last_place(made.parts)
    return made


def _state_since(reader: Reader, row: Json, status: str, start: int, end: int | None) -> int:
    for entry in reversed(many(row, "statusHistory")):
        if entry.get("status") == status and status != "finished":
            began = period(reader, entry, "period")[0]
            return start if began is None else began
    return end if status == "finished" and end is not None else start


def _in_charge(reader: Reader, row: Json) -> int | None:
    """The attending or primary practitioner, else the first."""
    chosen: int | None = None
    for participant in many(row, "participant"):
        number = refer(reader, participant.get("individual"), PRACTITIONER, "participant[].individual")
        if number is None:
            continue
        if any(concept(each, "participant[].type[]").code in _IN_CHARGE for each in many(participant, "type")):
            return number
        chosen = chosen if chosen is not None else number
    return chosen


def _stays(reader: Reader, row: Json, made: Draft) -> list[Draft]:
    """The places of an encounter; one without times of its own is taken to last as long as the encounter."""
    stays: list[Draft] = []
    owner = made.values
    if owner["status"] in _NEVER_WAS:
        return stays
    for index, entry in enumerate(many(row, "location"), 1):
        if entry.get("status") in ("planned", "reserved"):
            continue
        start, end = period(reader, entry, "period")
        values = {
            "encounter_id": reader.id_of(ENCOUNTER.kind, made.key),
            "patient_id": owner["patient_id"],
            "location_id": refer(reader, entry.get("location"), LOCATION, "location[].location"),
            "start": owner["start"] if start is None else start,
            "end": owner["end"] if end is None else end,
        }
        stays.append(Draft(LocationStay, f"{made.key}#{index}", values, changed_at=made.changed_at, site=made.site))
    return stays


def _last_place(stays: tuple[Draft, ...]) -> int | None:
    ordered = sorted(stays, key=lambda stay: (stay.values["end"] is None, stay.values["start"]))
    return ordered[-1].values["location_id"] if ordered else None


def _worded(said: Coded) -> str | None:
    return said.text or said.code
