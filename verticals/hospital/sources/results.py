"""What was found: Observation (the hot path) and DiagnosticReport."""

from __future__ import annotations

import math
from typing import Any

from substrate.mapping import Draft, Reader
from substrate.quality import Reason, RowRefused
from verticals.hospital.records import DiagnosticReport, Result
from verticals.hospital.sources.fhir import (
    ENCOUNTER,
    ORDER,
    PATIENT,
    PRACTITIONER,
    Json,
    code,
    concept,
    draft,
    extension,
    first,
    first_code,
    instant,
    many,
    missing,
    number,
    part,
    refer,
    text,
    when,
    wrong,
)

_OBSERVED = frozenset(
    ("registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown")
)
_REPORTED = _OBSERVED | {"partial", "appended"}
_VALUES = ("valueString", "valueDateTime", "valueTime")
_LARGEST = 1 << 53


def observation(row: Json, reader: Reader) -> Draft:
    """An Observation; each component is a part, named by the observation's id and its own code."""
    get = row.get
    status = code(row, "status", _OBSERVED)
    coded = concept(get("code"), "code")
    patient = refer(reader, get("subject"), PATIENT, "subject")
    if patient is None:
        raise missing("subject")
    effective, issued = _times(row, reader)
    values: Json = {
        "order_id": refer(reader, first(row, "basedOn"), ORDER, "basedOn[]") if "basedOn" in row else None,
        "panel_id": None,
        "patient_id": patient,
        "encounter_id": refer(reader, get("encounter"), ENCOUNTER, "encounter"),
        "practitioner_id": refer(reader, first(row, "performer"), PRACTITIONER, "performer[]")
        if "performer" in row
        else None,
        "category": first_code(row, "category"),
        "code": coded.code,
        "text": coded.text,
        "status": status,
        "effective_at": effective,
        "issued_at": issued,
    }
    _measure(row, values)
    if "extension" in row:
        _acknowledge(row, reader, values)
    made = draft(reader, Result, row, values)
    if "component" in row:
        made.parts = tuple(_components(reader, row, made))
    return made


def diagnostic_report(row: Json, reader: Reader) -> Draft:
    """A DiagnosticReport."""
    coded = concept(row.get("code"), "code")
    effective, issued = _times(row, reader)
    patient = refer(reader, row.get("subject"), PATIENT, "subject")
    if patient is None:
        raise missing("subject")
    values = {
        "order_id": refer(reader, first(row, "basedOn"), ORDER, "basedOn[]"),
        "patient_id": patient,
        "encounter_id": refer(reader, row.get("encounter"), ENCOUNTER, "encounter"),
        "practitioner_id": refer(reader, first(row, "performer"), PRACTITIONER, "performer[]"),
        "category": first_code(row, "category"),
        "code": coded.code,
        "text": coded.text,
        "status": code(row, "status", _REPORTED),
        "effective_at": effective,
        "issued_at": issued,
        "conclusion": text(row, "conclusion"),
    }
    return draft(reader, DiagnosticReport, row, values)


def _times(row: Json, reader: Reader) -> tuple[int | None, int]:
    """When it was taken, and when it was released (else taken)."""
    effective, _ = when(reader, row, "effective")
    if effective is None:
        effective = instant(reader, row, "effectiveInstant")
    issued = instant(reader, row, "issued")
    issued = effective if issued is None else issued
    if issued is None:
        raise missing("issued and effectiveDateTime")
    return effective, issued


def _measure(row: Json, values: Json) -> None:
    """What was measured: a quantity, a number, or words; other datatypes are passed over."""
    quantity = part(row, "valueQuantity")
    if quantity is not None:
        values["value"] = number(quantity, "value", "valueQuantity.value")
        values["unit"] = text(quantity, "code") or text(quantity, "unit")
        values["comparator"] = text(quantity, "comparator")
    elif "valueInteger" in row:
        values["value"] = _integer(row["valueInteger"])
    elif "valueCodeableConcept" in row:
        said = concept(row["valueCodeableConcept"], "valueCodeableConcept")
        values["value_text"] = said.text or said.code
    elif "valueBoolean" in row:
        values["value_text"] = _yes_or_no(row["valueBoolean"])
    else:
        values["value_text"] = next((text(row, name) for name in _VALUES if name in row), None)
    values["flag"] = first_code(row, "interpretation")
    normal = first(row, "referenceRange") if "referenceRange" in row else None
    if normal is not None:
        for name, end in (("ref_low", "low"), ("ref_high", "high")):
            limit = part(normal, end)
            values[name] = number(limit, "value", f"referenceRange[].{end}.value") if limit else None
    _finite(values)


def _finite(values: Json) -> None:
    value = values.get("value")
    if value is not None and not math.isfinite(value):
        raise RowRefused(Reason.OUT_OF_RANGE, "valueQuantity.value is too large to be a number")


def _integer(value: Any) -> float:
    if type(value) is not int:
        raise wrong("valueInteger", "a whole number")
    if abs(value) > _LARGEST:
        raise RowRefused(Reason.OUT_OF_RANGE, "valueInteger is too large to be a measurement")
    return float(value)


def _yes_or_no(value: Any) -> str:
    if type(value) is not bool:
        raise wrong("valueBoolean", "true or false")
    return "yes" if value else "no"


def _acknowledge(row: Json, reader: Reader, values: Json) -> None:
    values["ack_at"] = instant(reader, extension(row, "acknowledged"), "valueDateTime", "acknowledged")
    who = extension(row, "acknowledged-by").get("valueReference")
    values["ack_by_id"] = refer(reader, who, PRACTITIONER, "acknowledged-by")


def _components(reader: Reader, row: Json, panel: Draft) -> list[Draft]:
    """The components; of several with one code the later ones are numbered."""
    inherited = {**panel.values, "panel_id": reader.id_of("result", panel.key)}
    for name in ("value", "unit", "comparator", "value_text", "flag", "ref_low", "ref_high"):
        inherited.pop(name, None)
    seen: dict[str, int] = {}
    parts = []
    for component in many(row, "component"):
        coded = concept(component.get("code"), "component[].code")
        name = coded.code or coded.text or ""
        seen[name] = seen.get(name, 0) + 1
        key = f"{panel.key}#{name}" if seen[name] == 1 else f"{panel.key}#{name}#{seen[name]}"
        values = {**inherited, "code": coded.code, "text": coded.text}
        _measure(component, values)
        parts.append(Draft(Result, key, values, changed_at=panel.changed_at, site=panel.site))
    return parts
