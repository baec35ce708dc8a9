"""One sound row of each resource, as small as it may be, and how a test reads a changed copy of it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from substrate.clock import parse_instant
from substrate.mapping import Draft, Reader
from substrate.quality import Reason, RowRefused
from substrate.records import record_id
from verticals.hospital import vertical

SOURCE = "his"
AT = "2024-03-01T09:00:00+01:00"
LATER = "2024-03-01T11:30:00Z"
NINE, HALF_PAST_ELEVEN = parse_instant(AT), parse_instant(LATER)
WHO: dict[str, Any] = {"subject": {"reference": "Patient/p1"}}
CODE = {"coding": [{"system": "http://loinc.org", "code": "2823-3", "display": "Potassium"}]}
PERIOD = {"start": AT, "end": LATER}

ROWS: dict[str, dict[str, Any]] = {
    "Organization": {"name": "General"},
    "Location": {"name": "Bed 3"},
    "Practitioner": {"name": [{"family": "Rossi", "given": ["Ada"]}]},
    "PractitionerRole": {"practitioner": {"reference": "Practitioner/d1"}},
    "Patient": {"name": [{"family": "Sato", "given": ["Mei"]}], "birthDate": "1980-05-01"},
    "Appointment": {"status": "booked", "start": AT, "participant": [{"actor": {"reference": "Patient/p1"}}]},
    "Encounter": {"status": "finished", "class": {"code": "IMP"}, "period": PERIOD, **WHO},
    "Condition": {"code": CODE, "onsetDateTime": AT, **WHO},
    "ServiceRequest": {"status": "active", "intent": "order", "authoredOn": AT, "code": CODE, **WHO},
    "MedicationRequest": {"status": "active", "intent": "order", "authoredOn": AT, **WHO},
    "MedicationAdministration": {"status": "completed", "effectiveDateTime": AT, **WHO},
    "Observation": {"status": "final", "effectiveDateTime": AT, "code": CODE, **WHO},
    "DiagnosticReport": {"status": "final", "issued": AT, "code": CODE, **WHO},
    "Procedure": {"status": "completed", "performedDateTime": AT, **WHO},
    "Immunization": {"status": "completed", "occurrenceDateTime": AT, "patient": WHO["subject"]},
    "DocumentReference": {"status": "current", "date": AT, **WHO},
}


def row(resource: str, **changes: Any) -> dict[str, Any]:
    """A sound row with some fields set; None takes a field out."""
    made = {"resourceType": resource, "id": "x1", **deepcopy(ROWS[resource]), **changes}
    return {name: value for name, value in made.items() if value is not None}


def read(resource: str, *, zone: str | None = None, **changes: Any) -> Draft:
    """The draft of a changed row."""
    draft = vertical.mappers_by_resource[resource].read(row(resource, **changes), Reader(SOURCE, zone))
    assert isinstance(draft, Draft)
    return draft


def values(resource: str, **changes: Any) -> dict[str, Any]:
    """The columns of a changed row."""
    return read(resource, **changes).values


def refused(resource: str, **changes: Any) -> tuple[Reason, str]:
    """Why a changed row is refused."""
    with pytest.raises(RowRefused) as caught:
        read(resource, **changes)
    return caught.value.reason, caught.value.detail


def id_of(kind: str, key: str) -> int:
    """The id that a reference to this key must give."""
    return record_id(SOURCE, kind, key)


def extension(name: str, **value: Any) -> list[dict[str, Any]]:
    """One extension of somebody's, by the end of its URL."""
    return [{"url": f"https://his.example/fhir/{name}", **value}]
