"""EPCIS events as tracking events: what happened to which shipment, and what was taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from substrate.clock import parse_instant
from substrate.database import Database
from substrate.ingest import Intake
from substrate.mapping import Draft, Reader
from substrate.migrate import upgrade
from substrate.quality import Reason, RowRefused
from substrate.records import history_of, record_id, table_of
from substrate.sources.epcis_rows import epcis_rows
from substrate.sweep import Limits, Sweep
from tests.substrate.sources.epcis_samples import AGGREGATION, EPC, EVENTS, OBJECT, TRANSFORMATION
from verticals.logistics import codes, vertical
from verticals.logistics.records import TrackingEvent
from verticals.logistics.sources.epcis import epcis_event
from verticals.logistics.sources.gs1_keys import Product, local_number, product

RESOURCES = "logistics/openepcis_resources/core/src/main/resources"
HAPPENED = parse_instant("2026-07-22T04:45:00Z")
DECLARED = {"declarationTime": "2026-07-23T08:00:00Z", "reason": "did_not_occur"}
TAKEN_BACK = {**OBJECT, "errorDeclaration": DECLARED}


def draft(**changes: Any) -> Draft:
    return epcis_event({**OBJECT, **changes}, Reader("wms"))


def test_an_event_is_read_with_its_two_times() -> None:
    values = draft(recordTime="2026-07-22T05:00:00Z").values
    assert (values["event_time"], values["record_time"]) == (HAPPENED, HAPPENED + 15 * 60 * 1_000_000)
    assert (values["zone_offset"], values["classifier"], values["biz_step"]) == (120, "ACT", "shipping")


@pytest.mark.parametrize("event", EVENTS)
def test_each_type_of_event_is_read(event: dict[str, Any]) -> None:
    found = epcis_event(event, Reader("wms"))
    assert found.values["type"] in codes.EVENT_TYPES
    assert found.key


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "in_transit"),
        ({"bizStep": "https://ref.gs1.org/cbv/BizStep-receiving"}, "delivered"),
        ({"bizStep": "packing", "disposition": None}, "created"),
        ({"bizStep": "collecting"}, "picked_up"),
        ({"bizStep": "https://example.com/steps/out_for_delivery"}, "out_for_delivery"),
        ({"bizStep": "https://example.com/steps/odd"}, "in_transit"),
        ({"bizStep": "inspecting", "disposition": "conformant"}, "unknown"),
        ({"disposition": "damaged"}, "exception"),
        ({"disposition": "returned"}, "returned"),
    ],
)
def test_step_and_disposition_say_what_happened(changes: dict[str, Any], kind: str) -> None:
    event = {name: value for name, value in {**OBJECT, **changes}.items() if value is not None}
    assert epcis_event(event, Reader("wms")).values["type"] == kind


@pytest.mark.parametrize(("bound_for", "kind"), [(OBJECT["readPoint"]["id"], "delivered"), ("urn:x:hub", "in_transit")])
def test_receipt_on_the_way_is_no_delivery(bound_for: str, kind: str) -> None:
    bound = [{"type": "location", "destination": bound_for}]
    assert draft(bizStep="receiving", destinationList=bound).values["type"] == kind


def test_papers_name_the_shipment_and_the_order() -> None:
    papers = [
        {"type": "po", "bizTransaction": "http://transaction.acme.com/po/12345678"},
        {"type": "urn:epcglobal:cbv:btt:desadv", "bizTransaction": "urn:epcglobal:cbv:bt:9521141000005:S-17"},
    ]
    values = draft(bizTransactionList=papers).values
    assert values["shipment_id"] == record_id("wms", "shipment", "S-17")
    assert values["order_id"] == record_id("wms", "order", "12345678")


def test_one_piece_is_told_by_the_event_and_many_by_its_parts() -> None:
    alone, many = (
        draft(),
        draft(epcList=[EPC, EPC + "8"], quantityList=[{"epcClass": EPC, "quantity": 3, "uom": "KGM"}]),
    )
    assert (alone.values["epc"], alone.parts) == (EPC, ())
    assert (many.values["quantity"], len(many.parts)) == (3.0, 3)
    assert all(part.values["whole_id"] == record_id("wms", "tracking_event", many.key) for part in many.parts)
    assert not any("shipment_id" in part.values for part in many.parts)


def test_goods_are_known_by_gtin_and_lot() -> None:
    values = draft(epcList=[], quantityList=[{"epcClass": "urn:epc:class:lgtin:4012345.012345.998877"}]).values
    assert values["item_id"] == record_id("wms", "item", "04012345123456")
    assert values["lot_id"] == record_id("wms", "lot", "04012345123456/998877")


@pytest.mark.parametrize(
    ("identifier", "found"),
    [
        ("urn:epc:id:sgtin:0614141.107346.2017", Product("10614141073464", None)),
        ("urn:epc:idpat:sgtin:4012345.066666.*", Product("04012345666663", None)),
        ("https://id.gs1.org/01/09521141012345/10/ABC/21/2017", Product("09521141012345", "ABC")),
        ("https://example.com/some/path/01/9521141012345?17=261231", Product("09521141012345", None)),
        ("urn:epc:id:sscc:9521141.0123456789", None),
        ("urn:epc:id:sgtin:0614141.1073467.2017", None),
    ],
)
def test_products_are_found_in_identifiers(identifier: str, found: Product | None) -> None:
    assert product(identifier) == found


def test_papers_of_any_form_have_a_number() -> None:
    assert local_number("http://a.example/po/17/?x=1#y") == "17"
    assert local_number("urn:uuid:f81d4fae") == "urn:uuid:f81d4fae"


SENSED = {
    "sensorMetadata": {"deviceID": "urn:epc:id:giai:4000001.111", "time": "2026-07-22T04:40:00Z"},
    "sensorReport": [
        {"type": "gs1:Temperature", "value": 9.5, "uom": "CEL"},
        {"type": "Temperature", "minValue": 2, "maxValue": 9, "uom": "CEL"},
        {"type": "Speed", "value": 3},
    ],
}


def test_the_climate_is_read_and_of_a_period_its_extremes() -> None:
    found = draft(sensorElementList=[SENSED]).also
    assert [(one.values["measure"], one.values["value"], one.values["unit"]) for one in found] == [
        ("temperature", value, "Cel") for value in (9.5, 2.0, 9.0)
    ]
    assert {one.values["sensor_id"] for one in found} == {record_id("wms", "sensor", "urn:epc:id:giai:4000001.111")}


def test_a_reading_that_is_taken_back_has_no_value() -> None:
    found = draft(sensorElementList=[SENSED], errorDeclaration=DECLARED).also
    assert [one.values["value"] for one in found] == [None] * 3


def test_a_bad_event_is_refused_with_its_reason() -> None:
    with pytest.raises(RowRefused, match="bizStep") as refused:
        draft(bizStep="transforming")
    assert refused.value.reason is Reason.UNKNOWN_CODE


def taken(database: Database, *events: dict[str, Any]) -> list[Any]:
    """The tracking events after these events came, one document each."""
    upgrade(database, [vertical])
    intake = Intake(vertical, Reader("wms"), Sweep(vertical, "wms", Limits(), tracking=False))
    now = parse_instant("2026-07-24T00:00:00Z")
    for event in events:
        with database.write() as connection:
            intake.take(connection, epcis_rows(orjson.dumps(event), "", "here"), now)
    with database.read() as connection:
        return list(connection.execute(select(table_of(TrackingEvent)).order_by(table_of(TrackingEvent).c.source_key)))


def test_an_event_taken_back_stays_so_when_it_is_sent_again(database: Database) -> None:
    (row,) = taken(database, OBJECT, TAKEN_BACK, OBJECT, {**OBJECT, "recordTime": "2026-07-23T23:00:00Z"})
    assert (row.retracted_at, row.retracted_reason) == (parse_instant("2026-07-23T08:00:00Z"), "did_not_occur")


def test_an_event_without_an_id_is_taken_back_by_its_content(database: Database) -> None:
    nameless = {name: value for name, value in OBJECT.items() if name != "eventID"}
    (row,) = taken(database, nameless, {**nameless, "errorDeclaration": DECLARED})
    assert row.retracted_at is not None


def test_an_event_sent_twice_changes_nothing(database: Database) -> None:
    assert len(taken(database, AGGREGATION, AGGREGATION, TRANSFORMATION, TRANSFORMATION)) == 4
    with database.read() as connection:
        assert connection.execute(select(history_of(TrackingEvent))).all() == []


def test_every_sound_event_of_openepcis_becomes_a_record(shared_data: Path) -> None:
    rows = [row for path in (shared_data / RESOURCES).rglob("*.*ml") for row in epcis_rows(path.read_bytes(), "", "x")]
    rows += [
        row for path in (shared_data / RESOURCES).rglob("*.json") for row in epcis_rows(path.read_bytes(), "", "x")
    ]
    drafts = [epcis_event(row.payload, Reader("wms")) for row in rows if row.payload is not None]
    assert len(drafts) == 250
    assert sum(one.values["retracted_at"] is not None for one in drafts) == 39
