"""What an EPCIS document says, event by event, and why an event is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from substrate.sources.epcis_event import EVENT_TYPES, OUR_DIGEST, event_key, normal
from substrate.sources.epcis_rows import epcis_rows
from substrate.sources.source import Fault, Row
from tests.substrate.sources.epcis_samples import (
    AGGREGATION,
    ASSOCIATION,
    EPC,
    EVENTS,
    OBJECT,
    TRANSACTION,
    TRANSFORMATION,
    WHEN,
    XML_OBJECT,
    document,
    query_document,
    xml_document,
)

RESOURCES = "logistics/openepcis_resources/core/src/main/resources"
MIXED_UP = "2.0/EPCIS/XML/Capture/Invalid/ObjectEvent_with_wrong_element_order.xml"
"""The one document that its folder calls invalid and we take: the order of an event's fields says nothing."""


def rows(body: Any, content_type: str = "application/ld+json") -> list[Row]:
    return epcis_rows(body if isinstance(body, bytes) else orjson.dumps(body), content_type, "here")


def refusal(event: Any) -> tuple[Fault | None, str]:
    (row,) = rows(event)
    return row.fault, row.detail


@pytest.mark.parametrize("event", EVENTS)
def test_each_type_of_event_is_read_and_its_normal_form_is_stable(event: Any) -> None:
    (row,) = rows(document(event))
    assert (row.kind, row.fault) == (event["type"], None)
    assert row.payload is not None
    assert normal(row.payload) == row.payload


@pytest.mark.parametrize(
    "told", [[OBJECT, AGGREGATION], document(OBJECT, AGGREGATION), [document(OBJECT), AGGREGATION]]
)
def test_documents_arrays_and_bare_events_are_read(told: Any) -> None:
    assert [(row.kind, row.line) for row in rows(told)] == [("ObjectEvent", 1), ("AggregationEvent", 2)]


def test_the_answer_to_a_query_is_read() -> None:
    assert [row.payload for row in rows(query_document(OBJECT))] == [OBJECT]


@pytest.mark.parametrize(
    "body",
    [xml_document(XML_OBJECT), xml_document(XML_OBJECT, version="1"), XML_OBJECT.encode(), b"\n" + XML_OBJECT.encode()],
)
@pytest.mark.parametrize("content_type", ["application/xml", "text/xml; charset=utf-8", ""])
def test_xml_and_json_give_the_same_event(body: bytes, content_type: str) -> None:
    assert [row.payload for row in rows(body, content_type)] == [OBJECT]


def test_what_version_1_2_hides_in_extensions_is_found() -> None:
    hidden = (
        "<extension><sourceList><source type='urn:epcglobal:cbv:sdt:location'>urn:x</source></sourceList></extension>"
    )
    event = XML_OBJECT.replace("</ObjectEvent>", hidden + "</ObjectEvent>")
    (row,) = rows(xml_document(f"<extension>{event}</extension>", version="1"), "text/xml")
    assert row.payload == {**OBJECT, "sourceList": [{"type": "location", "source": "urn:x"}]}


def test_extensions_are_kept_with_what_their_prefix_stands_for() -> None:
    context = {"ext": "http://example.com/ext/"}
    extended = XML_OBJECT.replace("<epcList>", '<e:a xmlns:e="http://e/"><e:b>1</e:b><e:b>2</e:b></e:a><epcList>')
    (xml,), (json,) = (
        rows(extended.encode(), ""),
        rows(document({**OBJECT, "ext:a": 1}, **{"@context": ["x:y", context]})),
    )
    assert xml.payload == {**OBJECT, "e:a": {"e:b": ["1", "2"]}, "@context": {"e": "http://e/"}}
    assert json.payload == {**OBJECT, "ext:a": 1, "@context": context}


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("name", ["eventTime", "eventTimeZoneOffset"])
def test_when_it_was_must_be_said(event: Any, name: str) -> None:
    assert refusal({**event, name: None}) == (Fault.MISSING_VALUE, f"{name} is missing")


@pytest.mark.parametrize(
    ("event", "fault", "about"),
    [
        ({**OBJECT, "eventTime": "22-07-2026"}, Fault.BAD_TIME, "eventTime"),
        ({**OBJECT, "eventTime": "2026-07-22T06:45:00"}, Fault.BAD_TIME, "eventTime"),
        ({**OBJECT, "eventTime": "2026-02-30T06:45:00Z"}, Fault.BAD_TIME, "eventTime"),
        ({**OBJECT, "eventTime": 7}, Fault.WRONG_TYPE, "eventTime"),
        ({**OBJECT, "eventTimeZoneOffset": "+25:00"}, Fault.BAD_TIME, "eventTimeZoneOffset"),
        ({**OBJECT, "eventTimeZoneOffset": "CET"}, Fault.BAD_TIME, "eventTimeZoneOffset"),
        ({**OBJECT, "type": "ObjectEventInvalid"}, Fault.UNKNOWN_CODE, "type"),
        ({**OBJECT, "type": None}, Fault.MISSING_VALUE, "type"),
        ({**OBJECT, "action": "OBSERV"}, Fault.UNKNOWN_CODE, "action"),
        ({**WHEN, "type": "ObjectEvent", "epcList": []}, Fault.MISSING_VALUE, "action"),
        ({**WHEN, "type": "ObjectEvent", "action": "ADD"}, Fault.MISSING_VALUE, "epcList"),
        ({**OBJECT, "bizStep": "transforming"}, Fault.UNKNOWN_CODE, "bizStep"),
        ({**OBJECT, "bizStep": "urn:epcglobal:cbv:bizstep:transforming"}, Fault.UNKNOWN_CODE, "bizStep"),
        ({**OBJECT, "disposition": "http://a b"}, Fault.UNKNOWN_CODE, "disposition"),
        ({**OBJECT, "eventID": "4711"}, Fault.WRONG_TYPE, "eventID"),
        ({**OBJECT, "epcList": EPC}, Fault.WRONG_TYPE, "epcList"),
        ({**OBJECT, "epcList": ["no URI"]}, Fault.WRONG_TYPE, r"epcList\[0\]"),
        ({**OBJECT, "quantityList": [{"epcClass": EPC, "quantity": "20"}]}, Fault.WRONG_TYPE, "quantity"),
        ({**OBJECT, "quantityList": [{"epcClass": EPC, "weight": 5}]}, Fault.BAD_COLUMNS, "weight"),
        ({**OBJECT, "sourceList": [{"type": "place", "source": EPC}]}, Fault.UNKNOWN_CODE, "type"),
        ({**OBJECT, "ilmd": {"material": "soil"}}, Fault.BAD_COLUMNS, "material"),
        ({**OBJECT, "made up": 1}, Fault.BAD_COLUMNS, "a field"),
        ({**OBJECT, "errorDeclaration": {"reason": "incorrect_data"}}, Fault.MISSING_VALUE, "declarationTime"),
        ({**ASSOCIATION, "parentID": None}, Fault.WRONG_TYPE, "parentID"),
        ({**AGGREGATION, "childEPCs": []}, Fault.MISSING_VALUE, "childEPCs"),
        ({**TRANSACTION, "bizTransactionList": []}, Fault.MISSING_VALUE, "bizTransactionList"),
        ({**TRANSFORMATION, "outputEPCList": []}, Fault.MISSING_VALUE, "output"),
        ([7], Fault.NOT_AN_OBJECT, "int"),
        (document(7), Fault.NOT_AN_OBJECT, "int"),
        (document(OBJECT, epcisBody={}), Fault.MISSING_VALUE, "eventList"),
        (document(OBJECT, epcisBody={"eventList": {}}), Fault.WRONG_TYPE, "eventList"),
        (document(OBJECT, epcisBody=[]), Fault.WRONG_TYPE, "epcisBody"),
        (document(OBJECT, creationDate="today"), Fault.BAD_TIME, "creationDate"),
        (b"{", Fault.BAD_JSON, ""),
        (b"<x", Fault.UNREADABLE, "line 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_without_its_value(event: Any, fault: Fault, about: str) -> None:
    (row,) = rows(event, "")
    assert (row.fault, row.payload) == (fault, None)
    assert about.replace("\\", "") in row.detail
    assert not any(value in row.detail for value in ("transforming", "no URI", "4711", "made up", "OBSERV is"))


def test_a_bad_event_stops_no_other() -> None:
    found = rows(document(OBJECT, {**OBJECT, "action": None}, AGGREGATION))
    assert [row.fault for row in found] == [None, Fault.UNKNOWN_CODE, None]


def test_an_event_without_an_id_has_a_key_that_its_error_declaration_shares() -> None:
    wrong = {**AGGREGATION, "errorDeclaration": {"declarationTime": WHEN["eventTime"]}, "recordTime": WHEN["eventTime"]}
    assert event_key(AGGREGATION) == event_key(wrong)
    assert str(event_key(wrong)).startswith(OUR_DIGEST)
    assert event_key({**AGGREGATION, "action": "DELETE"}) != event_key(AGGREGATION)
    assert event_key({"type": "ObjectEvent"}) is None


def _invalid(path: Path) -> bool:
    return "Invalid" in path.parts or "Queries" in path.parts


def _given(shared_data: Path) -> list[Path]:
    folder = shared_data / RESOURCES
    return sorted([*folder.rglob("*.json"), *folder.rglob("*.xml")])


def test_every_document_of_openepcis_is_taken_or_refused_as_its_folder_says(shared_data: Path) -> None:
    paths, disagreements = _given(shared_data), []
    for path in paths:
        refused = any(row.fault is not None for row in rows(path.read_bytes(), ""))
        if refused is not _invalid(path):
            disagreements.append(path.relative_to(shared_data / RESOURCES).as_posix())
    assert (len(paths), disagreements) == (157, [MIXED_UP])


def test_the_events_of_openepcis_have_a_stable_normal_form(shared_data: Path) -> None:
    told = [row.payload for path in _given(shared_data) for row in rows(path.read_bytes(), "")]
    found = [event for event in told if event is not None]
    assert len(found) == 250
    assert {event["type"] for event in found} == set(EVENT_TYPES)
    assert all(normal(event) == event for event in found)
