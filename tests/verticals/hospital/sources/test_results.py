"""Observations with their components, and reports."""

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


def pressure(code: str, value: float) -> dict[str, Any]:
    return {"code": {"coding": [{"code": code}]}, "valueQuantity": {"value": value, "unit": "mmHg", "code": "mm[Hg]"}}


def test_a_measurement_is_read() -> None:
    told = values(
        "Observation",
        issued=LATER,
        valueQuantity={"value": 6.9, "unit": "mmol per litre", "code": "mmol/L", "comparator": ">"},
        interpretation=[{"coding": [{"code": "HH"}]}],
        referenceRange=[{"low": {"value": 3.5}, "high": {"value": 5}}],
        basedOn=[{"reference": "ServiceRequest/s1"}],
    )
    assert (told["value"], told["unit"], told["comparator"], told["flag"]) == (6.9, "mmol/L", ">", "HH")
    assert (told["ref_low"], told["ref_high"]) == (3.5, 5.0)
    assert (told["effective_at"], told["issued_at"]) == (NINE, HALF_PAST_ELEVEN)
    assert told["order_id"] == id_of("order", "ServiceRequest/s1")


@pytest.mark.parametrize(
    ("said", "value", "words"),
    [
        ({"valueInteger": 7}, 7.0, None),
        ({"valueString": "clear"}, None, "clear"),
        ({"valueCodeableConcept": {"coding": [{"code": "1", "display": "Never smoker"}]}}, None, "Never smoker"),
        ({"valueBoolean": True}, None, "yes"),
        ({"valueRange": {"low": {"value": 1}}}, None, None),
        ({}, None, None),
    ],
)
def test_every_kind_of_value_has_its_place(said: dict[str, Any], value: float | None, words: str | None) -> None:
    told = values("Observation", **said)
    assert (told.get("value"), told.get("value_text")) == (value, words)


def test_an_acknowledgement_says_when_and_who() -> None:
    who = {"reference": "Practitioner/d1"}
    told = values("Observation", extension=extension("acknowledged", valueDateTime=LATER)
                  + extension("acknowledged-by", valueReference=who))  # fmt: skip
    assert (told["ack_at"], told["ack_by_id"]) == (HALF_PAST_ELEVEN, id_of("practitioner", "d1"))


def test_each_component_is_a_result_of_its_panel() -> None:
    draft = read("Observation", component=[pressure("8462-4", 75.4), pressure("8480-6", 122.0)])
    assert [(part.key, part.values["value"]) for part in draft.parts] == [("x1#8462-4", 75.4), ("x1#8480-6", 122.0)]
    assert {part.values["panel_id"] for part in draft.parts} == {id_of("result", "x1")}
    assert draft.parts[0].values["patient_id"] == id_of("patient", "p1")


def test_components_with_one_code_are_numbered() -> None:
    draft = read("Observation", component=[pressure("8480-6", 120), pressure("8480-6", 124)])
    assert [part.key for part in draft.parts] == ["x1#8480-6", "x1#8480-6#2"]


def test_a_component_does_not_inherit_the_panels_value() -> None:
    draft = read("Observation", valueQuantity={"value": 1, "unit": "x"}, component=[{"code": {"text": "empty"}}])
    assert draft.parts[0].values.get("value") is None


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"effectiveDateTime": None}, Reason.MISSING_VALUE),
        ({"subject": None}, Reason.MISSING_VALUE),
        ({"valueQuantity": {"value": float("inf")}}, Reason.OUT_OF_RANGE),
        ({"valueInteger": 1 << 60}, Reason.OUT_OF_RANGE),
        ({"component": [{"valueQuantity": {"value": "x"}}]}, Reason.WRONG_TYPE),
        ({"issued": "soon"}, Reason.BAD_TIME),
    ],
)
def test_a_measurement_is_refused(said: dict[str, Any], reason: Reason) -> None:
    assert refused("Observation", **said)[0] is reason


def test_an_instant_or_a_period_will_do() -> None:
    assert values("Observation", effectiveDateTime=None, effectiveInstant=AT)["effective_at"] == NINE
    assert values("Observation", effectiveDateTime=None, effectivePeriod={"start": AT})["issued_at"] == NINE


def test_a_report_is_read() -> None:
    told = values("DiagnosticReport", category=[{"coding": [{"code": "LAB"}]}], conclusion="Normal")
    assert (told["category"], told["code"], told["issued_at"], told["conclusion"]) == ("LAB", "2823-3", NINE, "Normal")
    assert refused("DiagnosticReport", issued=None)[0] is Reason.MISSING_VALUE
