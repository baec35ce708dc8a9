"""What a pushed body says, row by row, and who may be configured to push."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from substrate.sources.configured import SourceEntry, opened
from substrate.sources.push import PushOptions, form_of, rows_of
from substrate.sources.source import Fault
from tests.substrate.clinic import CLINIC

KEY = "k" * 16
OPTIONS = PushOptions.model_validate({"api_key": KEY})
PATIENT = {"resourceType": "Patient", "id": "p1"}
GONE = {"request": {"method": "DELETE", "url": "Patient/p2"}}
STATUS = {"resource": {"resourceType": "SubscriptionStatus", "type": "event-notification"}}


def rows(body: Any, content_type: str = "application/json", options: PushOptions = OPTIONS) -> list[Any]:
    text = body if isinstance(body, bytes) else orjson.dumps(body)
    found = rows_of(options, content_type, text, "here")
    return [(row.kind, row.fault, row.deleted_key or (row.payload or {}).get("id")) for row in found]


def bundle(*entries: Any, kind: str = "transaction") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (PATIENT, [("Patient", None, "p1")]),
        ([PATIENT, PATIENT], [("Patient", None, "p1")] * 2),
        (bundle({"resource": PATIENT}, GONE), [("Patient", None, "p1"), ("Patient", None, "p2")]),
        (bundle(STATUS, {"resource": PATIENT}, kind="subscription-notification"), [("Patient", None, "p1")]),
        (bundle(STATUS, {"fullUrl": "https://x/Patient/p1"}, kind="subscription-notification"), []),
        (bundle({"resource": {"resourceType": "Parameters"}}, kind="history"), []),
        (bundle(), []),
        ({"resourceType": "SubscriptionStatus", "type": "heartbeat"}, []),
        (b"", []),
        (b"{", [("", Fault.BAD_JSON, None)]),
        ([3], [("", Fault.NOT_AN_OBJECT, None)]),
        (bundle(3), [("", Fault.NOT_AN_OBJECT, None)]),
    ],
)
def test_a_document_gives_the_rows_that_it_carries(body: Any, expected: list[Any]) -> None:
    assert rows(body) == expected


def test_lines_give_a_row_each_and_a_bad_one_stops_no_other() -> None:
    body = orjson.dumps(PATIENT) + b"\n{\n" + orjson.dumps(PATIENT)
    found = rows(body, "application/x-ndjson; charset=utf-8")
    assert [fault for _, fault, _ in found] == [None, Fault.BAD_JSON, None]


def test_rows_without_a_type_are_of_the_kind_that_the_source_says() -> None:
    options = PushOptions.model_validate({"api_key": KEY, "kind": "Visit", "format": "json"})
    assert rows({"id": "v1"}, "text/plain", options) == [("Visit", None, "v1")]


@pytest.mark.parametrize(
    ("said", "form"),
    [("application/fhir+json", "json"), ("Application/JSON;x=y", "json"), ("application/ndjson", "ndjson"), ("", None)],
)
def test_the_content_type_says_the_form(said: str, form: str | None) -> None:
    assert form_of(OPTIONS, said) == form


@pytest.mark.parametrize("wrong", [{}, {"api_key": "short"}, {"secret": []}, {"secret": [KEY, "short"]}, {"key": KEY}])
def test_nobody_pushes_without_a_key_that_is_hard_to_guess(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        PushOptions.model_validate(wrong)


def test_no_secret_is_shown() -> None:
    assert KEY not in repr(OPTIONS)


@pytest.mark.parametrize(
    ("places", "sound"),
    [
        ({"push": {"api_key": KEY}}, True),
        ({"push": {"api_key": KEY}, "folder": {"path": "."}}, True),
        ({"folder": {"path": "."}, "fhir": {"base_url": "https://x"}}, False),
        ({}, False),
    ],
)
def test_a_source_is_pushed_alone_or_beside_one_poll(places: Any, sound: bool) -> None:
    said = {"name": "lab", "vertical": "clinic", **places}
    if sound:
        assert SourceEntry.model_validate(said).is_polled is ("folder" in places)
    else:
        with pytest.raises(ValidationError):
            SourceEntry.model_validate(said)


def test_a_poll_of_what_is_only_pushed_reads_and_confirms_nothing() -> None:
    entry = SourceEntry.model_validate({"name": "lab", "vertical": "clinic", "push": {"api_key": KEY}})
    with opened(entry, CLINIC) as source:
        assert ([*source.read(None, 0)], source.estimate(None)) == ([], 0)
