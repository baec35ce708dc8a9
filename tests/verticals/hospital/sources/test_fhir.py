"""FHIR's datatypes: every way to refer, to date and to code, and every refusal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from substrate.clock import parse_instant
from substrate.mapping import Reader, stand_in_id
from substrate.quality import Reason, RowRefused
from tests.verticals.hospital.fhir_rows import ROWS, SOURCE, id_of, read, refused, row, values
from verticals.hospital import vertical

ALIAS = stand_in_id(SOURCE, "practitioner", "npi|77")


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/p1",
        "urn:uuid:p1",
        "https://his.example/fhir/Patient/p1",
        "http://his.example:8080/Patient/p1/_history/3",
        "Patient/p1/_history/3",
    ],
)
def test_every_literal_reference_leads_to_the_same_record(reference: str) -> None:
    assert values("Observation", subject={"reference": reference})["patient_id"] == id_of("patient", "p1")


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "Practitioner?identifier=npi|77"},
        {"identifier": {"system": "npi", "value": "77"}},
        {"identifier": {"system": "npi", "value": "77"}, "display": "Dr. Rossi"},
    ],
)
def test_a_conditional_or_logical_reference_waits_under_its_alias(reference: dict[str, Any]) -> None:
    assert values("ServiceRequest", requester=reference)["practitioner_id"] == ALIAS


def test_a_record_bears_its_identifiers_as_aliases() -> None:
    told = [{"system": "npi", "value": "77"}, {"value": "8"}, {"system": "empty"}]
    assert read("Practitioner", identifier=told).aliases == ("npi|77", "|8")


@pytest.mark.parametrize(
    "reference", [None, {"reference": "#inside"}, {"display": "somebody"}, {"reference": "Group/g1"}]
)
def test_a_reference_elsewhere_is_no_patient(reference: Any) -> None:
    assert refused("Observation", subject=reference) == (Reason.MISSING_VALUE, "subject is missing")
    assert values("Observation", encounter=reference)["encounter_id"] is None


@pytest.mark.parametrize("literal", ["pt#000123", "p1", "patient/p1", "Patient/", "ftp://x/y", "Patient?name=Mei"])
def test_what_is_no_reference_is_refused_without_its_value(literal: str) -> None:
    detail = "subject.reference is no reference that FHIR knows"
    assert refused("Observation", subject={"reference": literal}) == (Reason.BAD_REFERENCE, detail)


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("2011", "2011-01-01"),
        ("2011-10", "2011-10-01"),
        ("2011-10-14", "2011-10-14"),
        ("2011-10-14T23:37:54.530+00:00", "2011-10-14T23:37:54.530Z"),
        ("2011-10-14T23:37:54-05:00", "2011-10-15T04:37:54Z"),
        ("2015-02-07T13:28:17.239999999Z", "2015-02-07T13:28:17.239999Z"),
    ],
)
def test_a_date_counts_from_its_first_moment(written: str, means: str) -> None:
    assert values("Condition", onsetDateTime=written)["onset_at"] == parse_instant(means)


@pytest.mark.parametrize(
    ("end", "means"),
    [
        ("2011-12", "2011-12-31T23:59:59Z"),
        ("2011-10-14", "2011-10-14T23:59:59Z"),
        ("2012", "2012-12-31T23:59:59Z"),
    ],
)
def test_a_period_that_ends_on_a_date_includes_the_day(end: str, means: str) -> None:
    told = values("Encounter", period={"start": "2011-10-14T10:00:00Z", "end": end})
    assert told["end"] == parse_instant(means)


@pytest.mark.parametrize("written", ["2024-02-31", "yesterday", "20", "2024-13", "0000", "2024-03-01T25:00:00Z"])
def test_what_is_no_date_is_refused(written: str) -> None:
    assert refused("Condition", onsetDateTime=written)[0] is Reason.BAD_TIME


def test_a_time_without_a_zone_is_refused_unless_the_source_declares_one() -> None:
    assert refused("Observation", effectiveDateTime="2024-07-01T12:00:00")[0] is Reason.BAD_TIME
    draft = read("Observation", zone="Europe/Madrid", effectiveDateTime="2024-07-01T12:00:00")
    assert draft.values["effective_at"] == parse_instant("2024-07-01T10:00:00Z")


@pytest.mark.parametrize("resource", ROWS)
def test_a_row_without_an_id_is_refused(resource: str) -> None:
    assert refused(resource, id=None) == (Reason.MISSING_KEY, "id is missing")
    assert refused(resource, id="") == (Reason.MISSING_KEY, "id is missing")
    assert refused(resource, id=7) == (Reason.WRONG_TYPE, "id is not text")


@pytest.mark.parametrize("resource", ROWS)
def test_unknown_fields_are_passed_over(resource: str) -> None:
    assert read(resource, somethingNew={"a": [1]}).values == read(resource).values


@pytest.mark.parametrize("resource", ROWS)
def test_the_change_time_may_be_missing(resource: str) -> None:
    assert read(resource).changed_at is None
    told = read(resource, meta={"lastUpdated": "2024-03-02T00:00:00Z"})
    assert told.changed_at == parse_instant("2024-03-02")


@pytest.mark.parametrize("resource", [name for name, made in ROWS.items() if "status" in made])
def test_a_status_is_one_of_fhirs(resource: str) -> None:
    reason, detail = refused(resource, status="underway")
    assert (reason, "underway" in detail) == (Reason.UNKNOWN_CODE, False)
    assert refused(resource, status=None) == (Reason.MISSING_VALUE, "status is missing")
    assert refused(resource, status=1) == (Reason.WRONG_TYPE, "status is not text")


@pytest.mark.parametrize(
    ("resource", "field", "value", "detail"),
    [
        ("Patient", "name", "Mei", "name is not a list"),
        ("Patient", "name", ["Mei"], "name[] is not an object"),
        ("Patient", "name", [{"given": "Mei"}], "name[].given is not a list of texts"),
        ("Patient", "birthDate", 1980, "birthDate is not text"),
        ("Patient", "active", "yes", "active is not true or false"),
        ("Patient", "deceasedBoolean", "no", "deceasedBoolean is not true or false"),
        ("Patient", "identifier", [7], "identifier[] is not an object"),
        ("Patient", "meta", "v1", "meta is not an object"),
        ("Encounter", "period", "today", "period is not an object"),
        ("Encounter", "subject", "p1", "subject is not an object"),
        ("Encounter", "subject", {"reference": 7}, "subject.reference is not text"),
        ("Appointment", "participant", [{"actor": "p1"}], "participant[].actor is not an object"),
        ("Observation", "code", "2823-3", "code is not an object"),
        ("Observation", "category", "lab", "category is not a list"),
        ("Observation", "valueQuantity", {"value": "abc"}, "valueQuantity.value is not a number"),
        ("Observation", "valueQuantity", {"value": True}, "valueQuantity.value is not a number"),
        ("Observation", "valueInteger", 1.5, "valueInteger is not a whole number"),
        ("Observation", "valueBoolean", "no", "valueBoolean is not true or false"),
        ("MedicationRequest", "medicationReference", {"display": 1}, "medicationReference.display is not text"),
    ],
)
def test_a_wrong_type_names_the_field(resource: str, field: str, value: Any, detail: str) -> None:
    assert refused(resource, **{field: value}) == (Reason.WRONG_TYPE, detail)


SECRET = "Mei-1980-secret"
_KEYS = st.sampled_from(["reference", "coding", "value", "code", "start", "valueDateTime", "url", "identifier"])
_leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.sampled_from([SECRET, "", "2024"])
_json = st.recursive(_leaves, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_KEYS, inner), max_leaves=5)


@given(resource=st.sampled_from(sorted(ROWS)), data=st.data())
def test_whatever_a_field_holds_the_row_is_read_or_refused_without_its_value(
    resource: str, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted({*ROWS[resource], "extension", "meta", "encounter", "identifier"})))
    assert SECRET not in _said(resource, row(resource) | {name: data.draw(_json)})


def _said(resource: str, changed: dict[str, Any]) -> str:
    try:
        vertical.mappers_by_resource[resource].read(changed, Reader(SOURCE))
    except RowRefused as refusal:
        return refusal.detail
    return ""
