"""From DCSA Track & Trace events to tracking events: what is planned, estimated and done, as the carrier says it.

A shipment is known by its carrier booking, else by its transport document. An estimate that changes is another event,
so what was expected when can be looked up.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from substrate.mapping import Draft, Mapper, Reader
from substrate.quality import Reason, RowRefused
from substrate.sources.dcsa_rows import EVENT_TYPES, TYPE_CODES, event_key
from verticals.logistics.records import Shipment, TrackingEvent
from verticals.logistics.sources.kinds import offset_in

Json = dict[str, Any]

_AT_CUSTOMER = "CLOC"
_BOOKINGS = ("CBR", "BKG")
_STATES = {
    "RECE": "created", "REQS": "created", "DRFT": "created", "PENA": "created", "PENU": "created", "PENC": "created",
    "CONF": "created", "REJE": "exception", "CANC": "exception", "VOID": "exception", "HOLD": "exception",
}  # fmt: skip
"""What the state of a booking says of its shipment; other papers say nothing of where it is."""

_MOVES = {
    "PICK": "picked_up", "DROP": "delivered", "LOAD": "in_transit", "DISC": "in_transit", "GTIN": "in_transit",
    "GTOT": "in_transit", "STUF": "in_transit", "ARRI": "in_transit", "DEPA": "in_transit",
}  # fmt: skip


def dcsa_event(row: Json, reader: Reader) -> Draft:
    """One event of a carrier."""
    key, code = event_key(row), _code(row)
    if key is None:
        raise RowRefused(Reason.MISSING_KEY, "eventID is missing")
    happened = reader.instant(row.get("eventDateTime"), "eventDateTime")
    recorded = reader.instant(row.get("eventCreatedDateTime"), "eventCreatedDateTime")
    call, papers = _object(row.get("transportCall")), _papers(row)
    unlocode, place = _place(row, call)
    vessel = _text(_object(call.get("vessel")).get("vesselIMONumber"))
    sent = shipment_key(row)
    values = {
        "shipment_id": None if sent is None else reader.id_of("shipment", sent),
        "order_id": None if "PO" not in papers else reader.id_of("order", papers["PO"]),
        "vehicle_id": None if vessel is None else reader.id_of("vehicle", vessel),
        "equipment": _text(row.get("equipmentReference")) or papers.get("EQ"),
        "type": _type(row, code),
        "code": code,
        "text": _text(row.get("changeRemark")) or _text(row.get("vesselScheduleChangeRemark")),
        "classifier": row["eventClassifierCode"],
        "event_time": happened,
        "zone_offset": offset_in(row["eventDateTime"]),
        "record_time": recorded,
        "place_id": None if unlocode is None else reader.id_of("place", unlocode),
        "location": place or unlocode,
        "reason": _text(row.get("delayReasonCode")) or _text(row.get("reason")),
    }
    return Draft(TrackingEvent, key, values, changed_at=recorded)


def dcsa_event_and_shipment(row: Json, reader: Reader) -> Draft:
    """The same where nobody else tells of the shipments: the event brings its own."""
    draft = dcsa_event(row, reader)
    sent = shipment_key(row)
    if sent is not None:
        values = {"number": sent, "mode": "ocean", "since": 0, "status": "created", "status_at": 0}
        draft.also = (Draft(Shipment, sent, values),)
    return draft


PLAIN: tuple[Mapper, ...] = tuple(Mapper(kind, TrackingEvent, dcsa_event, key=event_key) for kind in EVENT_TYPES)
"""Beside the shipments of an own system, which are known by the carrier's booking."""

MAPPERS: tuple[Mapper, ...] = tuple(replace(mapper, read=dcsa_event_and_shipment, also=(Shipment,)) for mapper in PLAIN)


def shipment_key(row: Json) -> str | None:
    """The booking that an event is about, else the transport document."""
    papers = _papers(row)
    own = (
        (_text(row.get("documentID")) or _text(row.get("documentReference")))
        if row.get("documentTypeCode") in (*_BOOKINGS, "TRD")
        else None
    )
    return papers.get("BKG") or papers.get("TRD") or own


def _code(row: Json) -> str:
    """What happened, under its name in this version or an older one."""
    name = TYPE_CODES.get(str(row.get("eventType")), "")
    code = _text(row.get(name)) or _text(row.get("eventTypeCode"))
    if code is None:
        raise RowRefused(Reason.MISSING_VALUE, f"{name or 'eventType'} is missing")
    return code


def _type(row: Json, code: str) -> str:
    """What the event says of the shipment, in the one list of all carriers."""
    if row["eventType"] == "SHIPMENT":
        return _STATES.get(code, "unknown") if row.get("documentTypeCode") in _BOOKINGS else "unknown"
    if code in ("PICK", "DROP") and row.get("emptyIndicatorCode") == "EMPTY":
        return "unknown"  # the empty container leaves its depot, or goes back to it
    facility = row.get("facilityTypeCode") or _object(row.get("transportCall")).get("facilityTypeCode")
    if code == "ARRI" and facility == _AT_CUSTOMER:
        return "delivered"
    return _MOVES.get(code, "unknown")


def _papers(row: Json) -> dict[str, str]:
    """The documents and references of an event by type; of several of one type the first."""
    found: dict[str, str] = {}
    for listed, prefix in _LISTS.items():
        told_here = row.get(listed)
        for each in map(_object, told_here if isinstance(told_here, list) else ()):
            told = _text(each.get(f"{prefix}Type")) or _text(each.get("type"))
            number = _text(each.get(f"{prefix}Value")) or _text(each.get("value"))
            if told and number:
                found.setdefault(told, number)
    return found


_LISTS = {
    "documentReferences": "documentReference",
    "relatedDocumentReferences": "documentReference",
    "references": "reference",
}
"""Where documents and references are listed, and what their fields begin with; version 3 has `type` and `value`."""


def _place(row: Json, call: Json) -> tuple[str | None, str | None]:
    """The UN location code and the name of where it was."""
    for place in (*map(_object, (row.get("eventLocation"), row.get("location"))), _object(call.get("location")), call):
        code = _text(place.get("UNLocationCode"))
        if code is not None:
            return code, _text(place.get("locationName"))
    return None, _text(_object(call.get("location")).get("locationName"))


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
