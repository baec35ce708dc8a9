"""What else a visit leaves behind: conditions, procedures, immunizations and notes."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from substrate.clock import HOUR, MINUTE
from verticals.hospital.sample.people import instant
from verticals.hospital.sample.visits import Visit
from verticals.hospital.sample.wing import Wing
from verticals.hospital.sample.words import (
    CONDITIONS,
    CVX,
    LOINC,
    PROCEDURES,
    SNOMED,
    TERMS,
    VACCINES,
    coded,
)

_TITLES = {
    "AMB": ("11488-4", "Consultation note"),
    "EMER": ("34111-5", "Emergency department note"),
    "IMP": ("18842-5", "Discharge summary"),
}


def condition(wing: Wing, visit: Visit, at: int) -> None:
    """Keep a diagnosis made during the visit."""
    body = {
        "clinicalStatus": {"coding": [{"system": f"{TERMS}/condition-clinical", "code": "active"}]},
        "verificationStatus": {"coding": [{"system": f"{TERMS}/condition-ver-status", "code": "confirmed"}]},
        "category": [{"coding": [{"system": f"{TERMS}/condition-category", "code": "encounter-diagnosis"}]}],
        "code": coded(SNOMED, *wing.dice.pick(CONDITIONS)),
        **visit.links,
        "onsetDateTime": instant(visit.start),
        "recordedDate": instant(at),
    }
    wing.emit("Condition", wing.new_id("con"), at + MINUTE, body)


def procedure(wing: Wing, visit: Visit, at: int) -> None:
    """Keep a procedure of half an hour that began at this instant."""
    end = at + 30 * MINUTE
    body = {
        "status": "completed",
        "code": coded(SNOMED, *wing.dice.pick(PROCEDURES)),
        **visit.links,
        "performedPeriod": {"start": instant(at), "end": instant(end)},
        "performer": [{"actor": {"reference": visit.practitioner}}],
    }
    wing.emit("Procedure", wing.new_id("pro"), end + 5 * MINUTE, body)


def immunize(wing: Wing, visit: Visit, at: int, status: str = "completed") -> str:
    """Keep an immunization, or (`not-done`) one that was declined; its id is returned."""
    body: dict[str, Any] = {
        "status": status,
        "vaccineCode": coded(CVX, *wing.dice.pick(VACCINES)),
        "patient": visit.links["subject"],
        "encounter": visit.links["encounter"],
        "occurrenceDateTime": instant(at),
        "primarySource": True,
        "performer": [{"actor": {"reference": visit.practitioner}}],
    }
    if status == "not-done":
        body["statusReason"] = {"coding": [{"system": f"{TERMS}/v3-ActReason", "code": "PATOBJ"}]}
    ident = wing.new_id("imm")
    wing.emit("Immunization", ident, at + 2 * MINUTE, body)
    return ident


def note(wing: Wing, visit: Visit, at: int) -> None:
    """Keep a note; some are written anew within hours, and then the first is superseded."""
    first = wing.new_id("doc")
    again = at + wing.dice.span(HOUR, 5 * HOUR)
    rewritten = wing.dice.chance(0.12) and again <= wing.now
    body = _note(visit, at, "First version.")
    body["status"] = "superseded" if rewritten else "current"
    wing.emit("DocumentReference", first, again if rewritten else at, body)
    if rewritten:
        body = _note(visit, again, "Corrected after review: the medication list is complete now.")
        body["relatesTo"] = [{"code": "replaces", "target": {"reference": f"DocumentReference/{first}"}}]
        wing.emit("DocumentReference", wing.new_id("doc"), again, body)


def _note(visit: Visit, at: int, remark: str) -> dict[str, Any]:
    code, title = _TITLES[visit.kind]
    person = visit.person
    text = (
        f"{title}\nPatient: {person.given} {person.family}, born {person.born}\n"
        f"Seen: {instant(visit.start):%Y-%m-%d %H:%M}\n"
        f"The patient is stable; continue the present treatment.\n{remark}\n"
    )
    data = b64encode(text.encode()).decode()
    return {
        "status": "current",
        "docStatus": "final",
        "type": coded(LOINC, code, title),
        "subject": visit.links["subject"],
        "date": instant(at),
        "author": [{"reference": visit.practitioner}],
        "content": [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": data, "title": title}}],
        "context": {"encounter": [visit.links["encounter"]]},
    }
