"""What is ordered and what is given: ServiceRequest, MedicationRequest and MedicationAdministration."""

from __future__ import annotations

from typing import Any

from substrate.mapping import Draft, Reader
from verticals.hospital.records import MedicationDose, Order
from verticals.hospital.sources.fhir import (
    ENCOUNTER,
    MEDICATION_ORDER,
    PATIENT,
    PRACTITIONER,
    Json,
    code,
    code_in,
    concept,
    draft,
    extension,
    first,
    flag,
    instant,
    many,
    missing,
    part,
    refer,
    text,
    when,
    wrong,
)

REQUESTED, PRESCRIBED = "ServiceRequest/", "MedicationRequest/"
"""Both become orders, and may use the same keys."""
_REQUESTED = ("draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown")
_PRESCRIBED = ("active", "on-hold", "cancelled", "completed", "entered-in-error", "stopped", "draft", "unknown")
_GIVEN = ("in-progress", "not-done", "on-hold", "completed", "entered-in-error", "stopped", "unknown")
_CATEGORIES = {
    "108252007": "lab", "laboratory": "lab", "lab": "lab",
    "363679005": "imaging", "imaging": "imaging", "rad": "imaging", "radiology": "imaging",
}  # fmt: skip


def service_request(row: Json, reader: Reader) -> Draft:
    """A ServiceRequest; what is neither laboratory work nor imaging is a procedure."""
    due = when(reader, row, "occurrence")
    coded = concept(row.get("code"), "code")
    values = {
        "category": _category(row),
        "code": coded.code,
        "atc": None,
        "text": coded.text,
        "status": code(row, "status", _REQUESTED),
        "due_at": due[1] if due[1] is not None else due[0],
        **_shared(row, reader),
    }
    return draft(reader, Order, row, values, prefix=REQUESTED, named=True)


def medication_request(row: Json, reader: Reader) -> Draft:
    """A MedicationRequest."""
    values = {
        "category": "medication",
        **_medicine(row),
        "status": code(row, "status", _PRESCRIBED),
        "due_at": None,
        **_shared(row, reader),
    }
    return draft(reader, Order, row, values, prefix=PRESCRIBED, named=True)


def medication_administration(row: Json, reader: Reader) -> Draft:
    """A MedicationAdministration: one dose, due at the extension `scheduled`, given at its effective time."""
    status = code(row, "status", _GIVEN)
    effective, _ = when(reader, row, "effective")
    scheduled = instant(reader, extension(row, "scheduled"), "valueDateTime", "scheduled")
    scheduled = effective if scheduled is None else scheduled
    if scheduled is None:
        raise missing("effectiveDateTime, effectivePeriod.start and the extension `scheduled`")
    given = effective if status not in ("not-done", "entered-in-error") else None
    performer = first(row, "performer") or {}
    values = {
        "order_id": refer(reader, row.get("request"), MEDICATION_ORDER, "request"),
        "patient_id": _patient(row, reader),
        "encounter_id": refer(reader, row.get("context"), ENCOUNTER, "context"),
        "practitioner_id": refer(reader, performer.get("actor"), PRACTITIONER, "performer[].actor"),
        **_medicine(row),
        "scheduled_at": scheduled,
        "given_at": given,
        "status": status,
        "status_at": scheduled if given is None else given,
    }
    return draft(reader, MedicationDose, row, values)


def _shared(row: Json, reader: Reader) -> Json:
    ordered = instant(reader, row, "authoredOn")
    if ordered is None:
        raise missing("authoredOn")
    return {
        "intent": text(row, "intent"),
        "priority": text(row, "priority"),
        "patient_id": _patient(row, reader),
        "encounter_id": refer(reader, row.get("encounter"), ENCOUNTER, "encounter"),
        "practitioner_id": refer(reader, row.get("requester"), PRACTITIONER, "requester"),
        "ordered_at": ordered,
        "billed": flag(extension(row, "billed"), "valueBoolean"),
    }


def _patient(row: Json, reader: Reader) -> int:
    number = refer(reader, row.get("subject"), PATIENT, "subject")
    if number is None:
        raise missing("subject")
    return number


def _category(row: Json) -> str:
    for each in many(row, "category"):
        for coding in many(each, "coding"):
            if known := _CATEGORIES.get((text(coding, "code") or "").lower()):
                return known
    return "procedure"


def _medicine(row: Json) -> dict[str, Any]:
    """The medicine: coded here, or only named by the reference to it."""
    said: Any = row.get("medicationCodeableConcept")
    coded = concept(said, "medicationCodeableConcept")
    pointed = part(row, "medicationReference") or {}
    display = pointed.get("display")
    if display is not None and type(display) is not str:
        raise wrong("medicationReference.display", "text")
    return {"code": coded.code, "atc": code_in(said, "whocc.no/atc"), "text": coded.text or display}
