"""Rows out of what trackers of parcels push: AfterShip, EasyPost and Shippo, each scan brought to one form.

Such a body repeats the whole journey each time, and no scan has an id. So a scan is known by its parcel, its instant
and what it said; never by a place in free words. Its time stays as it was written: one without a zone is not given one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

from substrate.sources.ndjson import bad_json, raw_of, too_deep
from substrate.sources.source import Fault, Row

SCAN = "carrier_scan"
"""The kind of a row."""

STATUSES = (
    "created", "picked_up", "in_transit", "out_for_delivery", "delivery_attempt_failed", "available_for_pickup",
    "delivered", "exception", "returned", "unknown",
)  # fmt: skip
"""The one list that every tracker's words are brought to."""

Json = dict[str, Any]
_KEPT_RAW = 1_024

_AFTERSHIP = {
    "InfoReceived": "created", "InTransit": "in_transit", "OutForDelivery": "out_for_delivery",
    "AttemptFail": "delivery_attempt_failed", "AvailableForPickup": "available_for_pickup", "Delivered": "delivered",
    "Exception": "exception", "Expired": "exception", "InTransit_002": "picked_up", "Exception_011": "returned",
}  # fmt: skip
"""Tags, and the subtags that say more: 002 is the acceptance scan, 011 returned to the sender."""

_EASYPOST = {
    "pre_transit": "created", "in_transit": "in_transit", "out_for_delivery": "out_for_delivery",
    "available_for_pickup": "available_for_pickup", "delivered": "delivered", "return_to_sender": "returned",
    "failure": "exception", "cancelled": "exception", "error": "exception",
}  # fmt: skip

_SHIPPO = {
    "PRE_TRANSIT": "created", "TRANSIT": "in_transit", "DELIVERED": "delivered", "RETURNED": "returned",
    "FAILURE": "exception", "out_for_delivery": "out_for_delivery", "package_accepted": "picked_up",
    "delivery_attempted": "delivery_attempt_failed", "pickup_available": "available_for_pickup",
}  # fmt: skip
"""Statuses, and the codes of sub-statuses that say more."""


def aftership_rows(body: bytes, _content_type: str, place: str) -> list[Row]:
    """The scans of an AfterShip `tracking_update`."""
    return _rows(body, place, _aftership)


def easypost_rows(body: bytes, _content_type: str, place: str) -> list[Row]:
    """The scans of an EasyPost event about a tracker; other events have none."""
    return _rows(body, place, _easypost)


def shippo_rows(body: bytes, _content_type: str, place: str) -> list[Row]:
    """The scans of a Shippo `track_updated`; other events have none."""
    return _rows(body, place, _shippo)


def _rows(body: bytes, place: str, read: Callable[[Json], Iterator[Json]]) -> list[Row]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        row = bad_json(body, place, SCAN, 1)
        return [Row(SCAN, place, 1, body[:_KEPT_RAW], None, row.fault, row.detail)]
    if not isinstance(told, dict):
        detail = f"a JSON {type(told).__name__} where an object was expected"
        return [Row(SCAN, place, 1, body[:_KEPT_RAW], None, Fault.NOT_AN_OBJECT, detail)]
    known: dict[str, Row] = {}
    for number, scan in enumerate(read(told), 1):
        row = _row(scan, place, number)
        known.setdefault((row.payload or {}).get("id", f"{number}"), row)
    return list(known.values())


def _row(scan: Json, place: str, number: int) -> Row:
    raw = raw_of(scan)
    if raw is None:
        return too_deep(place, SCAN, number)
    for name in ("tracking_number", "at"):
        if not isinstance(scan.get(name), str) or not scan[name]:
            return Row(SCAN, place, number, raw, None, Fault.MISSING_VALUE, f"{_CALLED[name]} is missing")
    return Row(SCAN, place, number, raw, {"id": _key(scan), **scan})


_CALLED = {"tracking_number": "the tracking number", "at": "the time of the scan"}


def _key(scan: Json) -> str:
    sort = "" if scan["classifier"] == "ACT" else f":{scan['classifier']}"
    when = scan["at"] if scan["classifier"] == "ACT" else ""  # an estimate that changes is the same estimate
    return f"{scan['tracking_number']}:{_instant(when)}:{scan['status']}{sort}"


def _instant(said: str) -> str:
    """The same instant is written the same, whatever its offset; a time without one as it is."""
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return said
    return said if moment.tzinfo is None else moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _aftership(told: Json) -> Iterator[Json]:
    parcel = _object(told.get("msg"))
    about = {"tracking_number": parcel.get("tracking_number"), "carrier": parcel.get("slug")}
    for point in _objects(parcel.get("checkpoints")):
        tag, subtag = _text(point.get("tag")), _text(point.get("subtag"))
        yield {
            **about,
            "status": _AFTERSHIP.get(subtag or "") or _AFTERSHIP.get(tag or "", "unknown"),
            "classifier": "ACT",
            "at": point.get("checkpoint_time"),
            "recorded_at": _text(point.get("created_at")),
            "code": subtag or tag,
            "text": _text(point.get("message")),
            "location": _text(point.get("location")) or _where(point, "city", "state", "country_name"),
        }
    due = _object(parcel.get("courier_estimated_delivery_date")).get("estimated_delivery_date")
    yield from _estimate(about, due or parcel.get("expected_delivery"), parcel.get("updated_at"))


def _easypost(told: Json) -> Iterator[Json]:
    parcel = told if told.get("object") == "Tracker" else _object(told.get("result"))
    if parcel.get("object", "Tracker") != "Tracker" or "tracking_code" not in parcel:
        return
    about = {"tracking_number": parcel.get("tracking_code"), "carrier": parcel.get("carrier")}
    for detail in _objects(parcel.get("tracking_details")):
        status = _text(detail.get("status")) or ""
        yield {
            **about,
            "status": _EASYPOST.get(status, "unknown"),
            "classifier": "ACT",
            "at": detail.get("datetime"),
            "recorded_at": None,
            "code": _text(detail.get("status_detail")) or status,
            "text": _text(detail.get("message")),
            "location": _where(_object(detail.get("tracking_location")), "city", "state", "country"),
        }
    yield from _estimate(about, parcel.get("est_delivery_date"), parcel.get("updated_at"))


def _shippo(told: Json) -> Iterator[Json]:
    parcel = _object(told.get("data"))
    if "tracking_number" not in parcel:
        return
    about = {"tracking_number": parcel.get("tracking_number"), "carrier": parcel.get("carrier")}
    for scan in [*_objects(parcel.get("tracking_history")), *_objects([parcel.get("tracking_status")])]:
        status, more = _text(scan.get("status")) or "", _text(_object(scan.get("substatus")).get("code"))
        yield {
            **about,
            "status": _SHIPPO.get(more or "") or _SHIPPO.get(status, "unknown"),
            "classifier": "ACT",
            "at": scan.get("status_date"),
            "recorded_at": _text(scan.get("object_created")),
            "code": more or status,
            "text": _text(scan.get("status_details")),
            "location": _where(_object(scan.get("location")), "city", "state", "country"),
        }
    latest = _object(parcel.get("tracking_status"))
    yield from _estimate(about, parcel.get("eta"), latest.get("object_updated") or latest.get("status_date"))


def _estimate(about: Json, due: Any, told_at: Any) -> Iterator[Json]:
    """When the parcel is now expected; nothing, where nobody says since when it is."""
    if _text(due) and _text(told_at):
        words = {"code": None, "text": None, "location": None}
        yield {**about, "status": "delivered", "classifier": "EST", "at": due, "recorded_at": _text(told_at), **words}


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[Json]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _where(place: Json, *names: str) -> str | None:
    parts = [part for part in (_text(place.get(name)) for name in names) if part]
    return ", ".join(parts) or None
