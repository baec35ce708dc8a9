"""From EPCIS events to tracking events and sensor readings, whether they were captured, polled or dropped as files.

An event that names many pieces is one tracking event with a part for each piece; only the whole counts as a scan of
its shipment. An event that is declared wrong stays, with when and why it was taken back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from substrate.mapping import Draft, Mapper, Reader
from substrate.quality import Reason, RowRefused
from substrate.sources.epcis_event import EVENT_TYPES, event_key, normal
from substrate.sources.epcis_fields import BadEventError, Json
from verticals.logistics import codes
from verticals.logistics.records import SensorReading, TrackingEvent
from verticals.logistics.sources.gs1_keys import local_number, product
from verticals.logistics.sources.kinds import offset_in

_STEPS = {
    "consigning": "created", "picking": "created", "packing": "created", "staging_outbound": "created",
    "collecting": "picked_up", "shipping": "in_transit", "departing": "in_transit", "loading": "in_transit",
    "transporting": "in_transit", "arriving": "in_transit", "unloading": "in_transit",
    "entering_exiting": "in_transit", "receiving": "delivered", "accepting": "delivered",
    "holding": "exception", "void_shipping": "exception",
}  # fmt: skip
"""What a business step says of a shipment; the others say nothing of it."""

_DISPOSITIONS = {
    "returned": "returned", "damaged": "exception", "destroyed": "exception", "stolen": "exception",
    "recalled": "exception", "expired": "exception", "disposed": "exception", "non_conformant": "exception",
}  # fmt: skip
"""Dispositions that say more than the step."""

_SHIPMENTS = ("desadv", "bol")
_PIECES = ("epcList", "childEPCs", "outputEPCList", "inputEPCList")
_QUANTITIES = ("quantityList", "childQuantityList", "outputQuantityList", "inputQuantityList")
_LAST_WORD = re.compile(r".*[:/#-](?P<word>\w+)")


def epcis_event(row: Json, reader: Reader) -> Draft:
    """One EPCIS event of any type, in any of the forms that the standard allows."""
    try:
        event = normal(row)
    except BadEventError as error:
        raise RowRefused(Reason(error.fault.value), error.detail) from None
    if event["type"] not in EVENT_TYPES:
        raise RowRefused(Reason.UNMAPPED, "type is no type of event of the standard")
    return _whole(event, reader)


MAPPERS: tuple[Mapper, ...] = tuple(
    Mapper(
        kind,
        TrackingEvent,
        epcis_event,
        parts={TrackingEvent: "whole_id"},
        also=(SensorReading,),
        key=event_key,
    )
    for kind in EVENT_TYPES
)


def _whole(event: Json, reader: Reader) -> Draft:
    key, values = event["eventID"], _said(event, reader)
    pieces = list(_pieces(event, reader))
    place, papers = _place(event), _documents(event)
    sent = next((papers[kind] for kind in _SHIPMENTS if kind in papers), None)
    whole = {
        **values,
        "shipment_id": _reference(reader, "shipment", sent),
        "order_id": _reference(reader, "order", papers.get("po")),
        "place_id": None if place is None else reader.id_of("place", place),
        "location": place,
        "equipment": event.get("parentID"),
        **(pieces[0] if len(pieces) == 1 else {"quantity": float(len(pieces)) if pieces else None}),
    }
    changed = _changed_at(values)
    draft = Draft(TrackingEvent, key, whole, changed_at=changed)
    if len(pieces) > 1:
        owner = {**values, "whole_id": reader.id_of(TrackingEvent.kind, key)}
        parts = ({**owner, **piece} for piece in pieces)
        draft.parts = tuple(
            Draft(TrackingEvent, f"{key}#{number}", part, changed_at=changed) for number, part in enumerate(parts, 1)
        )
    draft.also = tuple(_readings(event, reader, whole, changed))
    return draft


def _said(event: Json, reader: Reader) -> Json:
    """What the whole and its parts have in common."""
    happened = reader.instant(event["eventTime"], "eventTime")
    recorded = event.get("recordTime")
    declared = event.get("errorDeclaration")
    return {
        "type": _type(event),
        "code": event.get("bizStep"),
        "action": event.get("action"),
        "biz_step": event.get("bizStep"),
        "disposition": event.get("disposition"),
        "classifier": "ACT",
        "event_time": happened,
        "zone_offset": offset_in(event["eventTimeZoneOffset"]),
        "record_time": happened if recorded is None else reader.instant(recorded, "recordTime"),
        "retracted_at": None if declared is None else reader.instant(declared["declarationTime"], "declarationTime"),
        "retracted_reason": None if declared is None else declared.get("reason"),
    }


def _changed_at(values: Json) -> int:
    """By when versions of one event are ordered: it being taken back comes after it, however late it is sent again."""
    happened, retracted = values["event_time"], values["retracted_at"]
    return int(happened if retracted is None else max(retracted, happened + 1))


def _type(event: Json) -> str:
    """What the event says of a shipment, in the one list of all carriers."""
    step, disposition = event.get("bizStep"), event.get("disposition")
    if disposition in _DISPOSITIONS:
        return _DISPOSITIONS[disposition]
    found = _STEPS.get(step or "") or _foreign(step) or ("in_transit" if disposition == "in_transit" else "unknown")
    return "in_transit" if found == "delivered" and _is_elsewhere(event) else found


def _foreign(step: str | None) -> str | None:
    """A step of another vocabulary that ends in a word of ours: `https://example.com/steps/out_for_delivery`."""
    found = _LAST_WORD.fullmatch(step or "")
    return found["word"] if found is not None and found["word"] in codes.EVENT_TYPES else None


def _is_elsewhere(event: Json) -> bool:
    """Whether goods were received at another place than the one that they are bound for."""
    bound = [each["destination"] for each in event.get("destinationList", ()) if each["type"] == "location"]
    here = [event[name]["id"] for name in ("readPoint", "bizLocation") if name in event]
    return bool(bound and here) and not any(place in bound for place in here)


def _place(event: Json) -> str | None:
    return next((str(event[name]["id"]) for name in ("readPoint", "bizLocation") if name in event), None)


def _documents(event: Json) -> dict[str, str]:
    """The number of the first document of each type that the event names."""
    found: dict[str, str] = {}
    for each in event.get("bizTransactionList", ()):
        found.setdefault(each.get("type", ""), local_number(each["bizTransaction"]))
    return found


def _reference(reader: Reader, kind: str, key: str | None) -> int | None:
    return None if not key else reader.id_of(kind, key)


def _pieces(event: Json, reader: Reader) -> Iterator[Json]:
    """What each thing that the event is about says for itself."""
    for name in _PIECES:
        for epc in event.get(name, ()):
            yield {"epc": epc, **_goods(epc, reader)}
    for name in _QUANTITIES:
        for each in event.get(name, ()):
            counted = each.get("quantity")
            quantity = None if counted is None else float(counted)
            yield {
                "epc": each["epcClass"],
                "quantity": quantity,
                "unit": each.get("uom"),
                **_goods(each["epcClass"], reader),
            }


def _goods(epc: str, reader: Reader) -> Json:
    found = product(epc)
    if found is None:
        return {}
    lot = None if found.lot is None else reader.id_of("lot", f"{found.gtin}/{found.lot}")
    return {"item_id": reader.id_of("item", found.gtin), "lot_id": lot}


_MEASURES = {"Temperature": "temperature", "RelativeHumidity": "humidity"}
_UNITS = {"CEL": "Cel", "FAH": "[degF]", "KEL": "K", "P1": "%", "A93": None}


def _readings(event: Json, reader: Reader, whole: Json, changed: int) -> Iterator[Draft]:
    """A reading for each value of the climate that a sensor told; one that is taken back has no value any more."""
    for place, element in enumerate(event.get("sensorElementList", ()), 1):
        about = element.get("sensorMetadata", {})
        for number, report in enumerate(element["sensorReport"], 1):
            measure = _MEASURES.get(report.get("type", ""))
            device = report.get("deviceID") or about.get("deviceID")
            if measure is None or device is None:
                continue
            said = report.get("time") or about.get("time") or about.get("endTime") or event["eventTime"]
            at = reader.instant(said, "sensorReport.time")
            values = {
                "sensor_id": reader.id_of("sensor", device),
                "place_id": whole["place_id"],
                "shipment_id": whole["shipment_id"],
                "measure": measure,
                "unit": _UNITS.get(report.get("uom", "")),
                "at": at,
                "record_time": max(at, whole["record_time"]),
            }
            for name, value in _extremes(report):
                told = None if whole["retracted_at"] is not None else float(value)
                key = f"{event['eventID']}#{place}.{number}{name}"
                yield Draft(SensorReading, key, {**values, "value": told}, changed_at=changed)


def _extremes(report: Json) -> list[tuple[str, Any]]:
    """The value of a report; of a period its lowest and highest, since these are what limits are about."""
    if "value" in report:
        return [("", report["value"])]
    found = [(f".{name}", report[f"{name}Value"]) for name in ("min", "max") if f"{name}Value" in report]
    return found or [(".mean", report["meanValue"]) for _ in range("meanValue" in report)]
