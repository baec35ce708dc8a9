"""Measurements and laboratory work: Observation, ServiceRequest and DiagnosticReport."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from orjson import Fragment, dumps

from substrate.clock import MINUTE
from verticals.hospital.sample.dice import Dice
from verticals.hospital.sample.people import instant
from verticals.hospital.sample.visits import Visit, extension
from verticals.hospital.sample.wing import Wing
from verticals.hospital.sample.words import LOINC, TERMS, UCUM, Analyte, Panel, coded

_FLAGS = {
    code: Fragment(dumps([coded(f"{TERMS}/v3-ObservationInterpretation", code, display)]))
    for code, display in (
        ("N", "Normal"),
        ("L", "Low"),
        ("H", "High"),
        ("LL", "Critical low"),
        ("HH", "Critical high"),
    )
}
_CATEGORIES = {
    name: Fragment(dumps([{"coding": [{"system": f"{TERMS}/observation-category", "code": name}]}]))
    for name in ("vital-signs", "laboratory", "survey")
}
_TURNAROUND = {
    "stat": (20 * MINUTE, 50 * MINUTE),
    "urgent": (30 * MINUTE, 100 * MINUTE),
    "routine": (120 * MINUTE, 600 * MINUTE),
}


@dataclass(slots=True)
class Reading:
    """One measured value, when it was taken and when it was told (micros)."""

    analyte: Analyte
    value: float
    effective: int
    issued: int
    category: str = "vital-signs"
    acknowledged: int | None = None
    order: str | None = None


@dataclass(slots=True)
class LabOrder:
    """A laboratory order. What is not said is drawn: the values, the turn-around, the acknowledgement."""

    panel: Panel
    priority: str
    authored: int
    resulted: int | None = None
    """When the results come, in micros; drawn within the usual turn-around when None."""
    values: dict[str, float] = field(default_factory=dict)
    """Values by analyte code that are given rather than drawn."""
    acknowledged: int | None = None
    """When a critical value is acknowledged; 0 for never, None for soon."""
    status: str | None = None
    billed: bool | None = None


@dataclass(slots=True)
class Resulted:
    """What an order brought: its id, its report (None while pending) and the observations by analyte code."""

    order: str
    report: str | None = None
    observations: dict[str, str] = field(default_factory=dict)


def flag(analyte: Analyte, value: float) -> str:
    """N, L, H, or LL and HH where somebody must be told at once."""
    if value <= analyte.critical_low:
        return "LL"
    if value >= analyte.critical_high:
        return "HH"
    if value < analyte.low:
        return "L"
    return "H" if value > analyte.high else "N"


def draw_value(dice: Dice, analyte: Analyte) -> float:
    """A plausible value; whole where the analyte is counted in whole numbers."""
    value = max(0.0, analyte.mean + analyte.spread * dice.normal())
    if analyte.unit == "%":
        value = min(value, 100.0)
    return round(value, analyte.digits) if analyte.digits else round(value)


def observe(wing: Wing, visit: Visit, reading: Reading) -> str:
    """Keep an Observation and return its id."""
    analyte = reading.analyte
    unit = analyte.unit
    body: dict[str, Any] = {
        "status": "final",
        "category": _CATEGORIES[reading.category],
        "code": _code(analyte.system, analyte.code, analyte.name),
        **visit.links,
        "effectiveDateTime": instant(reading.effective),
        "issued": instant(reading.issued),
        "valueQuantity": {"value": reading.value, "unit": unit, "system": UCUM, "code": unit},
        "interpretation": _FLAGS[flag(analyte, reading.value)],
        "referenceRange": _range(analyte.low, analyte.high, unit),
    }
    if reading.order:
        body["basedOn"] = [{"reference": f"ServiceRequest/{reading.order}"}]
    updated = reading.issued
    if reading.acknowledged:
        updated = reading.acknowledged
        who = {"reference": visit.practitioner}
        body["extension"] = [
            extension("acknowledged", "valueDateTime", instant(updated)),
            extension("acknowledged-by", "valueReference", who),
        ]
    ident = wing.new_id("obs")
    wing.emit("Observation", ident, updated, body)
    return ident


def run_order(wing: Wing, visit: Visit, order: LabOrder) -> Resulted:
    """Keep an order, and its report and observations if they have come by the feed's "now"."""
    ident = wing.new_id("sr")
    resulted = order.resulted
    if resulted is None:
        resulted = wing.dice.span(*(order.authored + wait for wait in _TURNAROUND[order.priority]))
    done = resulted <= wing.now and order.status is None
    status = order.status or ("completed" if done else "active")
    billed = order.billed if order.billed is not None else visit.billed and status != "revoked"
    body = {
        "status": status,
        "intent": "order",
        "category": [coded("http://snomed.info/sct", "108252007", "Laboratory procedure")],
        "priority": order.priority,
        "code": coded(LOINC, order.panel.code, order.panel.name),
        **visit.links,
        "authoredOn": instant(order.authored),
        "requester": {"reference": visit.practitioner},
        "extension": [extension("billed", "valueBoolean", billed)],
    }
    wing.emit("ServiceRequest", ident, resulted if done else order.authored + MINUTE, body)
    return _results(wing, visit, order, Resulted(ident), resulted) if done else Resulted(ident)


def _results(wing: Wing, visit: Visit, order: LabOrder, given: Resulted, issued: int) -> Resulted:
    drawn = order.authored + min(15 * MINUTE, (issued - order.authored) // 3)
    for analyte in order.panel.analytes:
        value = order.values.get(analyte.code)
        value = draw_value(wing.dice, analyte) if value is None else value
        reading = Reading(analyte, value, drawn, issued, "laboratory", order=given.order)
        if flag(analyte, value) in ("LL", "HH"):
            reading.acknowledged = _acknowledged(wing, order, issued)
        given.observations[analyte.code] = observe(wing, visit, reading)
    given.report = wing.new_id("dr")
    body = {
        "status": "final",
        "category": [{"coding": [{"system": f"{TERMS}/v2-0074", "code": "LAB"}]}],
        "code": coded(LOINC, order.panel.code, order.panel.name),
        **visit.links,
        "basedOn": [{"reference": f"ServiceRequest/{given.order}"}],
        "effectiveDateTime": instant(drawn),
        "issued": instant(issued),
        "result": [{"reference": f"Observation/{ident}"} for ident in given.observations.values()],
    }
    wing.emit("DiagnosticReport", given.report, issued, body)
    return given


@cache
def _code(system: str, code: str, name: str) -> Fragment:
    return Fragment(dumps(coded(system, code, name)))


@cache
def _range(low: float, high: float, unit: str) -> Fragment:
    return Fragment(dumps([{"low": {"value": low, "unit": unit}, "high": {"value": high, "unit": unit}}]))


def _acknowledged(wing: Wing, order: LabOrder, issued: int) -> int | None:
    at = order.acknowledged
    if at is None:
        at = wing.dice.span(issued + 3 * MINUTE, issued + 25 * MINUTE)
    return at if 0 < at <= wing.now else None
