"""DCSA events as tracking events: planned, estimated and done, of which shipment and where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from substrate.clock import parse_instant
from substrate.mapping import Draft, Reader
from substrate.quality import RowRefused
from substrate.records import record_id
from substrate.sources.dcsa_rows import dcsa_rows, event_key
from substrate.sources.source import Fault
from verticals.logistics import codes
from verticals.logistics.records import Shipment
from verticals.logistics.sources.dcsa import dcsa_event, dcsa_event_and_shipment

LOADED: dict[str, Any] = {
    "eventID": "84db923d-2a19-4eb0-beb5-446c1ec57d34",
    "eventType": "EQUIPMENT",
    "eventCreatedDateTime": "2026-02-09T14:12:56+01:00",
    "eventClassifierCode": "EST",
    "eventDateTime": "2026-03-12T07:41:00+08:30",
    "equipmentEventTypeCode": "LOAD",
    "equipmentReference": "APZU4812090",
    "emptyIndicatorCode": "LADEN",
    "transportCall": {
        "transportCallID": "123e4567",
        "modeOfTransport": "VESSEL",
        "UNLocationCode": "NLAMS",
        "location": {"locationName": "Port of Amsterdam", "UNLocationCode": "NLAMS"},
        "vessel": {"vesselIMONumber": "9321483"},
    },
    "documentReferences": [
        {"documentReferenceType": "TRD", "documentReferenceValue": "85943567"},
        {"documentReferenceType": "BKG", "documentReferenceValue": "ABC123123123"},
    ],
    "references": [{"referenceType": "PO", "referenceValue": "PO-7"}],
}
ARRIVED = {
    **{name: value for name, value in LOADED.items() if name != "equipmentEventTypeCode"},
    "eventType": "TRANSPORT",
    "transportEventTypeCode": "ARRI",
    "delayReasonCode": "WEA",
}
BOOKED = {
    **{name: LOADED[name] for name in ("eventID", "eventCreatedDateTime")},
    "eventType": "SHIPMENT",
    "eventClassifierCode": "ACT",
    "eventDateTime": "2026-02-09T14:12:56+01:00",
    "shipmentEventTypeCode": "CONF",
    "documentTypeCode": "BKG",
    "documentID": "ABC123123123",
}


def draft(event: dict[str, Any] = LOADED, **changes: Any) -> Draft:
    return dcsa_event({**event, **changes}, Reader("carrier"))


def fault(event: Any) -> tuple[Fault | None, str]:
    (row,) = dcsa_rows(orjson.dumps(event), "", "here")
    return row.fault, row.detail


def test_an_estimate_is_read_with_its_two_times_and_all_that_it_names() -> None:
    values = draft().values
    assert (values["classifier"], values["type"], values["code"]) == ("EST", "in_transit", "LOAD")
    assert values["event_time"] == parse_instant("2026-03-11T23:11:00Z")
    assert values["record_time"] == parse_instant("2026-02-09T13:12:56Z")
    assert (values["zone_offset"], values["equipment"]) == (510, "APZU4812090")
    assert values["shipment_id"] == record_id("carrier", "shipment", "ABC123123123")
    assert values["order_id"] == record_id("carrier", "order", "PO-7")
    assert values["vehicle_id"] == record_id("carrier", "vehicle", "9321483")
    assert (values["place_id"], values["location"]) == (record_id("carrier", "place", "NLAMS"), "Port of Amsterdam")


@pytest.mark.parametrize(
    ("event", "changes", "kind"),
    [
        (LOADED, {"equipmentEventTypeCode": "PICK"}, "picked_up"),
        (LOADED, {"equipmentEventTypeCode": "DROP"}, "delivered"),
        (LOADED, {"equipmentEventTypeCode": "DROP", "emptyIndicatorCode": "EMPTY"}, "unknown"),
        (LOADED, {"equipmentEventTypeCode": "INSP"}, "unknown"),
        (ARRIVED, {}, "in_transit"),
        (ARRIVED, {"facilityTypeCode": "CLOC"}, "delivered"),
        (BOOKED, {}, "created"),
        (BOOKED, {"shipmentEventTypeCode": "CANC"}, "exception"),
        (BOOKED, {"documentTypeCode": "TRD"}, "unknown"),
    ],
)
def test_what_happened_is_said_in_the_one_list(event: dict[str, Any], changes: dict[str, Any], kind: str) -> None:
    assert draft(event, **changes).values["type"] == kind


def test_why_it_is_late_is_kept() -> None:
    assert draft(ARRIVED, changeRemark="Storm").values["reason"] == "WEA"
    assert draft(ARRIVED, changeRemark="Storm").values["text"] == "Storm"


def test_the_dialect_brings_the_shipment_and_the_same_one_each_time() -> None:
    found = [dcsa_event_and_shipment(event, Reader("carrier")).also for event in (LOADED, ARRIVED, BOOKED)]
    assert found[0] == found[1] == found[2]
    assert (found[0][0].record, found[0][0].key) == (Shipment, "ABC123123123")


def test_older_names_are_understood() -> None:
    old = {name: value for name, value in LOADED.items() if name != "equipmentEventTypeCode"}
    assert draft(old, eventTypeCode="GTIN").values["code"] == "GTIN"


def test_a_time_without_a_zone_needs_one_that_the_source_declares() -> None:
    told = {**LOADED, "eventDateTime": "2026-03-12T07:41:00"}
    with pytest.raises(RowRefused, match="no time zone"):
        dcsa_event(told, Reader("carrier"))
    assert dcsa_event(told, Reader("carrier", "Europe/Amsterdam")).values["zone_offset"] is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"eventType": "OPERATIONS"}, Fault.UNKNOWN_CODE),
        ({"eventType": None}, Fault.MISSING_VALUE),
        ({"equipmentEventTypeCode": None}, Fault.MISSING_VALUE),
        ({"eventClassifierCode": "REQ"}, Fault.UNKNOWN_CODE),
        ({"eventDateTime": "12-03-2026"}, Fault.BAD_TIME),
        ({"eventCreatedDateTime": None}, Fault.MISSING_VALUE),
    ],
)
def test_a_bad_event_is_refused_with_its_reason(changes: dict[str, Any], expected: Fault) -> None:
    assert fault({**LOADED, **changes})[0] is expected


def test_an_event_without_an_id_has_the_same_key_whenever_it_is_made() -> None:
    nameless = {name: value for name, value in LOADED.items() if name != "eventID"}
    again = {**nameless, "eventCreatedDateTime": "2026-02-10T00:00:00Z"}
    assert event_key(nameless) == event_key(again) != event_key(LOADED)


def test_version_3_parts_message_and_content_and_takes_events_back() -> None:
    message = {name: LOADED[name] for name in ("eventID", "eventType", "eventCreatedDateTime")}
    said = {name: value for name, value in LOADED.items() if name not in message}
    told = {"metadata": {**message, "retractedEventID": "e0"}, "payload": said}
    gone, row = dcsa_rows(orjson.dumps([told]), "", "here")
    assert (gone.deleted_key, row.payload) == ("e0", {**LOADED, "retractedEventID": "e0"})


def examples(node: Any) -> list[dict[str, Any]]:
    """The events that a contract gives as examples."""
    if isinstance(node, list):
        return [event for each in node for event in examples(each)]
    if not isinstance(node, dict):
        return []
    if "metadata" in node and "payload" in node and "eventID" in node["metadata"]:
        return [node]
    return [event for each in node.values() for event in examples(each)]


def test_the_events_of_the_contract_become_records(shared_data: Path) -> None:
    contract = yaml.safe_load((shared_data / "logistics/dcsa/tnt_v3.0.0-Beta-1.yaml").read_text("utf-8"))
    events = examples(contract)
    rows = dcsa_rows(orjson.dumps(events, default=str), "", "contract")
    sound = [row for row in rows if row.payload is not None]
    drafts = [dcsa_event(row.payload or {}, Reader("carrier")) for row in sound]
    assert (len(events), len(sound), [row.detail for row in rows if row.fault]) == (9, 9, [])
    assert {one.values["type"] for one in drafts} <= set(codes.EVENT_TYPES)
    assert [one.values["equipment"] for one in drafts if one.values["shipment_id"] is None] == ["APNR7744962"]
