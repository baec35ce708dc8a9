"""Medicines: the order, and each dose that was due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from substrate.clock import DAY, HOUR, MINUTE
from verticals.hospital.sample.people import instant
from verticals.hospital.sample.visits import Visit, extension
from verticals.hospital.sample.wing import Wing
from verticals.hospital.sample.words import ABSENT, ATC, RXNORM, TERMS, UCUM, Drug

_UNKNOWN = {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}
_PLANNED = 12 * HOUR


@dataclass(slots=True)
class Prescription:
    """A medication order, told as a MedicationRequest. Instants in micros."""

    id: str
    drug: Drug
    authored: int
    status: str = "active"


def prescribe(wing: Wing, visit: Visit, order: Prescription) -> None:
    """Keep the MedicationRequest."""
    drug = order.drug
    repeat = {"frequency": 1, "period": drug.hours, "periodUnit": "h"}
    quantity = _quantity(drug)
    body = {
        "status": order.status,
        "intent": "order",
        "category": [{"coding": [{"system": f"{TERMS}/medicationrequest-category", "code": _setting(visit)}]}],
        "medicationCodeableConcept": _medication(drug),
        **visit.links,
        "authoredOn": instant(order.authored),
        "requester": {"reference": visit.practitioner},
        "dosageInstruction": [{"timing": {"repeat": repeat}, "doseAndRate": [{"doseQuantity": quantity}]}],
    }
    updated = order.authored if order.status == "active" else order.authored + DAY
    wing.emit("MedicationRequest", order.id, updated + MINUTE, body)


def give(wing: Wing, visit: Visit, order: Prescription, scheduled: int, given: int | None) -> str:
    """Keep one dose, given at an instant or (None) still waiting; its id is returned."""
    status = "in-progress" if given is None else "completed"
    updated = given or max(order.authored, scheduled - DAY)
    return _dose(wing, visit, order, scheduled, {"status": status, "at": given, "updated": updated})


def refuse(wing: Wing, visit: Visit, order: Prescription, scheduled: int) -> str:
    """Keep one dose that was knowingly not given; its id is returned."""
    return _dose(wing, visit, order, scheduled, {"status": "not-done", "at": None, "updated": scheduled})


def doses(wing: Wing, visit: Visit, order: Prescription, first: int) -> None:
    """Every dose from the first on: those past are given, those of the next hours wait."""
    last = min(visit.end, wing.now + _PLANNED)
    for scheduled in range(first, last, order.drug.hours * HOUR):
        if visit.open and scheduled > wing.now - 25 * MINUTE:
            give(wing, visit, order, scheduled, None)
        elif wing.dice.chance(0.015):
            refuse(wing, visit, order, scheduled)
        else:
            given = wing.dice.span(scheduled - 5 * MINUTE, scheduled + 20 * MINUTE)
            give(wing, visit, order, scheduled, min(given, last))


def _dose(wing: Wing, visit: Visit, order: Prescription, scheduled: int, what: dict[str, Any]) -> str:
    body: dict[str, Any] = {
        "status": what["status"],
        "medicationCodeableConcept": _medication(order.drug),
        "subject": visit.links["subject"],
        "context": visit.links["encounter"],
        "request": {"reference": f"MedicationRequest/{order.id}"},
        "dosage": {"dose": _quantity(order.drug)},
        "extension": [extension("scheduled", "valueDateTime", instant(scheduled))],
    }
    if what["at"] is None:
        body["_effectiveDateTime"] = _UNKNOWN
    else:
        body["effectiveDateTime"] = instant(what["at"])
        body["performer"] = [{"actor": {"reference": visit.practitioner}}]
    if what["status"] == "not-done":
        reason = {"system": f"{TERMS}/reason-medication-not-given", "code": "c", "display": "Patient refused"}
        body["statusReason"] = [{"coding": [reason]}]
    ident = wing.new_id("ma")
    wing.emit("MedicationAdministration", ident, what["updated"] + MINUTE, body)
    return ident


def _setting(visit: Visit) -> str:
    return "outpatient" if visit.kind == "AMB" else "inpatient"


def _medication(drug: Drug) -> dict[str, Any]:
    codings = [
        {"system": RXNORM, "code": drug.rxnorm, "display": drug.name},
        {"system": ATC, "code": drug.atc, "display": drug.name},
    ]
    return {"coding": codings, "text": drug.name}


def _quantity(drug: Drug) -> dict[str, Any]:
    return {"value": drug.dose, "unit": drug.unit, "system": UCUM, "code": drug.unit}
