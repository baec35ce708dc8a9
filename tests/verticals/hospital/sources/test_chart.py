"""Conditions, procedures, vaccines and notes."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from substrate.quality import Reason
from tests.verticals.hospital.fhir_rows import AT, HALF_PAST_ELEVEN, LATER, NINE, id_of, refused, values


def attachment(data: bytes, media: str | None = "text/plain; charset=utf-8", **more: Any) -> list[dict[str, Any]]:
    body = {"data": b64encode(data).decode(), "contentType": media, **more}
    return [{"attachment": {name: value for name, value in body.items() if value is not None}}]


def test_a_condition_that_ended_was_active_until_then() -> None:
    told = values("Condition", abatementDateTime=LATER, clinicalStatus={"coding": [{"code": "resolved"}]})
    assert (told["since"], told["abated_at"]) == (NINE, HALF_PAST_ELEVEN)
    assert (told["status"], told["status_at"]) == ("resolved", HALF_PAST_ELEVEN)


@pytest.mark.parametrize(
    ("said", "since"),
    [({}, NINE), ({"onsetDateTime": None, "recordedDate": LATER}, HALF_PAST_ELEVEN), ({"onsetDateTime": None}, 0)],
)
def test_a_condition_exists_from_onset_or_note_or_always(said: dict[str, Any], since: int) -> None:
    assert values("Condition", **said)["since"] == since


def test_an_unknown_clinical_status_is_refused() -> None:
    assert refused("Condition", clinicalStatus={"coding": [{"code": "odd"}]})[0] is Reason.UNKNOWN_CODE


def test_a_procedure_is_read() -> None:
    told = values("Procedure", performedDateTime=None, performedPeriod={"start": AT, "end": LATER},
                  performer=[{"actor": {"reference": "Practitioner/d1"}}])  # fmt: skip
    assert (told["start"], told["end"], told["status_at"]) == (NINE, HALF_PAST_ELEVEN, HALF_PAST_ELEVEN)
    assert told["practitioner_id"] == id_of("practitioner", "d1")


def test_a_vaccine_is_read() -> None:
    told = values("Immunization", vaccineCode={"coding": [{"code": "140", "display": "Influenza"}]})
    assert (told["given_at"], told["code"], told["text"]) == (NINE, "140", "Influenza")


@pytest.mark.parametrize(
    ("resource", "field"),
    [("Procedure", "performedDateTime"), ("Immunization", "occurrenceDateTime"), ("DocumentReference", "date"),
     ("Procedure", "subject"), ("Condition", "subject"), ("Immunization", "patient")],
)  # fmt: skip
def test_what_the_record_cannot_do_without(resource: str, field: str) -> None:
    assert refused(resource, **{field: None})[0] is Reason.MISSING_VALUE


def test_a_note_is_decoded() -> None:
    told = values("DocumentReference", content=attachment("Zoë, stable".encode()), type={"text": "Discharge summary"})
    assert (told["text"], told["heading"], told["status"]) == ("Zoë, stable", "Discharge summary", "current")
    assert told["content_type"] == "text/plain; charset=utf-8"


def test_a_note_is_decoded_in_the_charset_that_it_names() -> None:
    content = attachment("Zoë".encode("latin-1"), "text/plain; charset=iso-8859-1")
    assert values("DocumentReference", content=content)["text"] == "Zoë"


def test_other_media_are_left_where_they_lie() -> None:
    told = values("DocumentReference", content=attachment(b"%PDF", "application/pdf", url="https://his.example/1.pdf"))
    assert (told["text"], told["url"]) == (None, "https://his.example/1.pdf")


def test_a_superseded_note_and_its_successor() -> None:
    assert values("DocumentReference", status="superseded")["status"] == "superseded"
    relation = [{"code": "replaces", "target": {"reference": "DocumentReference/n0"}}]
    assert values("DocumentReference", relatesTo=relation)["replaces_id"] == id_of("note", "n0")
    appended = [{"code": "appends", "target": {"reference": "DocumentReference/n0"}}]
    assert values("DocumentReference", relatesTo=appended)["replaces_id"] is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([{"attachment": {"data": "***"}}], Reason.WRONG_TYPE),
        (attachment(b"\xff\xfe\xfa"), Reason.BAD_ENCODING),
        (attachment(b"x", "text/plain; charset=klingon"), Reason.BAD_ENCODING),
        ([{"attachment": {"data": 7}}], Reason.WRONG_TYPE),
    ],
)
def test_text_that_cannot_be_decoded_is_refused(content: list[dict[str, Any]], reason: Reason) -> None:
    assert refused("DocumentReference", content=content)[0] is reason


def test_a_note_may_take_its_date_from_its_period() -> None:
    assert values("DocumentReference", date=None, context={"period": {"start": AT}})["date"] == NINE
