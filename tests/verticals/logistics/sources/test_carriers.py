"""Parcel trackers' webhooks as tracking events: one list of statuses, keys that do not move, and no invented zone."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from substrate.mapping import Draft, Reader
from substrate.quality import Reason, RowRefused
from substrate.records import record_id
from substrate.sources.carrier_rows import STATUSES
from substrate.sources.push import PushOptions, rows_of
from verticals.logistics import codes
from verticals.logistics.records import Shipment
from verticals.logistics.sources.carriers import carrier_scan, carrier_scan_and_shipment

PARCEL = "9405511899223197428490"


def aftership(*points: dict[str, Any], **parcel: Any) -> dict[str, Any]:
    told = {"tracking_number": PARCEL, "slug": "usps", "checkpoints": list(points), **parcel}
    return {"event": "tracking_update", "event_id": "e1", "msg": told, "ts": 1_770_000_000}


def point(tag: str = "InTransit", at: str = "2026-02-09T14:12:56+01:00", **more: Any) -> dict[str, Any]:
    return {"tag": tag, "checkpoint_time": at, "created_at": "2026-02-09T13:20:00Z", "message": "Scan", **more}


def easypost(*details: dict[str, Any], **parcel: Any) -> dict[str, Any]:
    told = {
        "object": "Tracker",
        "tracking_code": PARCEL,
        "carrier": "USPS",
        "tracking_details": list(details),
        **parcel,
    }
    return {"object": "Event", "id": "evt_1", "description": "tracker.updated", "result": told}


def detail(status: str = "in_transit", at: str = "2026-02-09T13:12:56Z") -> dict[str, Any]:
    where = {"object": "TrackingLocation", "city": "HOUSTON", "state": "TX", "country": "US", "zip": "77063"}
    return {
        "status": status,
        "status_detail": "status_update",
        "datetime": at,
        "message": "x",
        "tracking_location": where,
    }


def shippo(*scans: dict[str, Any], **parcel: Any) -> dict[str, Any]:
    told = {"tracking_number": PARCEL, "carrier": "usps", "tracking_history": list(scans), **parcel}
    return {"event": "track_updated", "data": told}


def scan(status: str = "TRANSIT", code: str | None = None) -> dict[str, Any]:
    more = None if code is None else {"code": code, "text": "", "action_required": False}
    return {"status": status, "substatus": more, "status_date": "2026-02-09T13:12:56Z", "status_details": "x"}


def drafts(form: str, body: Any, zone: str | None = None) -> list[Draft]:
    options = PushOptions.model_validate({"api_key": "k" * 16, "format": form})
    rows = rows_of(options, "application/json", orjson.dumps(body), "here")
    assert [row.fault for row in rows] == [None] * len(rows)
    return [carrier_scan(row.payload or {}, Reader("parcels", zone)) for row in rows]


def test_the_one_list_is_the_verticals_list() -> None:
    assert set(STATUSES) == set(codes.EVENT_TYPES)


@pytest.mark.parametrize(
    ("form", "body", "status"),
    [
        ("aftership", aftership(point("InfoReceived")), "created"),
        ("aftership", aftership(point("InTransit", subtag="InTransit_002")), "picked_up"),
        ("aftership", aftership(point("InTransit", subtag="InTransit_003")), "in_transit"),
        ("aftership", aftership(point("OutForDelivery")), "out_for_delivery"),
        ("aftership", aftership(point("AttemptFail")), "delivery_attempt_failed"),
        ("aftership", aftership(point("AvailableForPickup")), "available_for_pickup"),
        ("aftership", aftership(point("Delivered")), "delivered"),
        ("aftership", aftership(point("Exception", subtag="Exception_011")), "returned"),
        ("aftership", aftership(point("Exception")), "exception"),
        ("aftership", aftership(point("Expired")), "exception"),
        ("aftership", aftership(point("Pending")), "unknown"),
        ("easypost", easypost(detail("pre_transit")), "created"),
        ("easypost", easypost(detail("return_to_sender")), "returned"),
        ("easypost", easypost(detail("failure")), "exception"),
        ("easypost", easypost(detail("unheard_of")), "unknown"),
        ("shippo", shippo(scan("PRE_TRANSIT")), "created"),
        ("shippo", shippo(scan("TRANSIT", "out_for_delivery")), "out_for_delivery"),
        ("shippo", shippo(scan("TRANSIT", "delivery_attempted")), "delivery_attempt_failed"),
        ("shippo", shippo(scan("FAILURE")), "exception"),
        ("shippo", shippo(scan("UNKNOWN")), "unknown"),
    ],
)
def test_every_trackers_words_are_brought_to_one_list(form: str, body: Any, status: str) -> None:
    assert [one.values["type"] for one in drafts(form, body)] == [status]


@pytest.mark.parametrize(
    ("form", "body"), [("aftership", aftership(point())), ("easypost", easypost(detail())), ("shippo", shippo(scan()))]
)
def test_a_scan_is_known_by_parcel_instant_and_status_whoever_tells_it(form: str, body: Any) -> None:
    (found,) = drafts(form, body)
    assert found.key == f"{PARCEL}:20260209T131256Z:in_transit"
    assert found.values["shipment_id"] == record_id("parcels", "shipment", PARCEL)


def test_the_place_in_free_words_is_no_part_of_the_key() -> None:
    here, there = (drafts("aftership", aftership(point(location=place)))[0] for place in ("Houston", "HOUSTON TX"))
    assert (here.key, here.values["location"]) == (there.key, "Houston")


def test_the_newest_scan_that_is_told_twice_is_one() -> None:
    assert len(drafts("shippo", shippo(scan(), tracking_status=scan()))) == 1


def test_no_zone_is_invented() -> None:
    body = aftership(point(at="2026-02-09T14:12:56"))
    with pytest.raises(RowRefused) as refused:
        drafts("aftership", body)
    assert refused.value.reason is Reason.BAD_TIME
    assert drafts("aftership", body, "Europe/Berlin")[0].values["zone_offset"] is None


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("aftership", aftership(expected_delivery="2026-02-12T17:00:00Z", updated_at="2026-02-09T14:00:00Z")),
        ("easypost", easypost(est_delivery_date="2026-02-12T17:00:00Z", updated_at="2026-02-09T14:00:00Z")),
        (
            "shippo",
            shippo(eta="2026-02-12T17:00:00Z", tracking_status={**scan(), "object_updated": "2026-02-09T14:00:00Z"}),
        ),
    ],
)
def test_what_is_expected_is_one_estimate_that_changes(form: str, body: Any) -> None:
    found = drafts(form, body)[-1]
    assert (found.key, found.values["classifier"], found.values["type"]) == (
        f"{PARCEL}::delivered:EST",
        "EST",
        "delivered",
    )
    assert found.values["record_time"] < found.values["event_time"]


def test_a_bare_date_of_delivery_is_expected_and_says_no_offset() -> None:
    (found,) = drafts("easypost", easypost(est_delivery_date="2026-02-12", updated_at="2026-02-09T14:00:00Z"))
    assert (found.values["type"], found.values["zone_offset"]) == ("delivered", None)


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("easypost", {"object": "Event", "result": {"object": "Batch"}}),
        ("shippo", {"event": "transaction_created", "data": {"object_id": "x"}}),
        ("aftership", {"msg": None}),
        ("easypost", {"result": []}),
    ],
)
def test_what_is_about_no_parcel_gives_no_row(form: str, body: Any) -> None:
    assert drafts(form, body) == []


@pytest.mark.parametrize(("body", "fault"), [(b"{", "bad_json"), (b"[]", "not_an_object")])
def test_what_cannot_be_read_is_a_faulty_row(body: bytes, fault: str) -> None:
    options = PushOptions.model_validate({"api_key": "k" * 16, "format": "easypost"})
    assert [str(row.fault) for row in rows_of(options, "", body, "here")] == [fault]


def test_a_scan_without_a_time_is_refused() -> None:
    options = PushOptions.model_validate({"api_key": "k" * 16, "format": "aftership"})
    body = orjson.dumps(aftership({"tag": "InTransit"}, point()))
    assert [str(row.fault) for row in rows_of(options, "", body, "x")] == ["missing_value", "None"]


def test_the_dialect_brings_the_parcel() -> None:
    options = PushOptions.model_validate({"api_key": "k" * 16, "format": "aftership"})
    (row,) = rows_of(options, "", orjson.dumps(aftership(point())), "here")
    (parcel,) = carrier_scan_and_shipment(row.payload or {}, Reader("parcels")).also
    assert (parcel.record, parcel.key, parcel.values["mode"]) == (Shipment, PARCEL, "parcel")
    assert options.language == "carrier"
