"""Orders of every kind, and doses."""

from __future__ import annotations

from typing import Any

import pytest

from substrate.quality import Reason
from tests.verticals.hospital.fhir_rows import (
    AT,
    HALF_PAST_ELEVEN,
    LATER,
    NINE,
    extension,
    id_of,
    read,
    refused,
    values,
)

CEFTRIAXONE = {
    "coding": [
        {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "2193", "display": "Ceftriaxone"},
        {"system": "http://www.whocc.no/atc", "code": "J01DD04"},
    ]
}


@pytest.mark.parametrize(
    ("category", "kind"),
    [
        ([{"coding": [{"code": "108252007"}]}], "lab"),
        ([{"coding": [{"code": "LAB"}]}], "lab"),
        ([{"coding": [{"code": "363679005"}]}], "imaging"),
        ([{"coding": [{"code": "387713003"}]}], "procedure"),
        (None, "procedure"),
    ],
)
def test_a_request_is_sorted_by_its_category(category: Any, kind: str) -> None:
    assert values("ServiceRequest", category=category)["category"] == kind


def test_a_request_is_read() -> None:
    told = values("ServiceRequest", priority="stat", occurrencePeriod={"start": AT, "end": LATER},
                  extension=extension("billed", valueBoolean=False))  # fmt: skip
    assert (told["code"], told["text"], told["priority"]) == ("2823-3", "Potassium", "stat")
    assert (told["ordered_at"], told["due_at"], told["billed"]) == (NINE, HALF_PAST_ELEVEN, False)


def test_a_prescription_is_an_order_with_its_class() -> None:
    told = values("MedicationRequest", medicationCodeableConcept=CEFTRIAXONE)
    assert (told["category"], told["code"], told["atc"], told["text"]) == (
        "medication", "2193", "J01DD04", "Ceftriaxone",
    )  # fmt: skip


def test_a_medicine_may_only_be_named() -> None:
    told = values("MedicationRequest", medicationReference={"reference": "Medication/m1", "display": "Ibuprofen"})
    assert (told["code"], told["text"]) == (None, "Ibuprofen")


def test_requests_and_prescriptions_with_one_key_are_two_orders() -> None:
    assert read("ServiceRequest").key == "ServiceRequest/x1"
    assert read("MedicationRequest").key == "MedicationRequest/x1"
    told = values("MedicationAdministration", request={"reference": "MedicationRequest/x1"})
    assert told["order_id"] == id_of("order", "MedicationRequest/x1")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, (NINE, NINE, NINE)),
        ({"extension": extension("scheduled", valueDateTime=LATER)}, (HALF_PAST_ELEVEN, NINE, NINE)),
        (
            {"status": "not-done", "extension": extension("scheduled", valueDateTime=LATER)},
            (HALF_PAST_ELEVEN, None, HALF_PAST_ELEVEN),
        ),
        (
            {"status": "in-progress", "effectiveDateTime": None,
             "extension": extension("scheduled", valueDateTime=LATER)},
            (HALF_PAST_ELEVEN, None, HALF_PAST_ELEVEN),
        ),
    ],
)  # fmt: skip
def test_a_dose_is_due_and_given(said: dict[str, Any], expected: tuple[Any, ...]) -> None:
    told = values("MedicationAdministration", **said)
    assert (told["scheduled_at"], told["given_at"], told["status_at"]) == expected


ORDERED = ("ServiceRequest", "MedicationRequest")


@pytest.mark.parametrize("resource", [*ORDERED, "MedicationAdministration"])
def test_orders_and_doses_need_a_patient(resource: str) -> None:
    assert refused(resource, subject=None)[0] is Reason.MISSING_VALUE


@pytest.mark.parametrize(
    ("resource", "field"),
    [*((resource, "authoredOn") for resource in ORDERED), ("MedicationAdministration", "effectiveDateTime")],
)
def test_orders_and_doses_need_a_time(resource: str, field: str) -> None:
    assert refused(resource, **{field: None})[0] is Reason.MISSING_VALUE
