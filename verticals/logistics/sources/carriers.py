"""From the scans of parcel trackers to tracking events; a shipment is known by its tracking number.

A scan that gives no zone is refused, unless the source declares one: nobody knows when it was.
"""

from __future__ import annotations

from typing import Any

from substrate.mapping import Draft, Mapper, Reader
from substrate.sources.carrier_rows import SCAN
from verticals.logistics.records import Shipment, TrackingEvent
from verticals.logistics.sources.kinds import offset_in
from verticals.logistics.sources.table import key_of

Json = dict[str, Any]


def carrier_scan(row: Json, reader: Reader) -> Draft:
    """One scan of a parcel, or when it is now expected."""
    happened = reader.instant(row["at"], "the time of the scan")
    noted = row.get("recorded_at")
    recorded = happened if noted is None else reader.instant(noted, "when the scan was noted")
    done = row["classifier"] == "ACT"
    values = {
        "shipment_id": reader.id_of("shipment", row["tracking_number"]),
        "type": row["status"],
        "code": row["code"],
        "text": row["text"],
        "classifier": row["classifier"],
        "event_time": happened,
        "zone_offset": offset_in(row["at"]),
        "record_time": max(happened, recorded) if done else recorded,
        "location": row["location"],
    }
    return Draft(TrackingEvent, key_of(row), values, changed_at=None if done else recorded)


def carrier_scan_and_shipment(row: Json, reader: Reader) -> Draft:
    """The same where nobody else tells of the parcels: the scan brings its own."""
    draft, number = carrier_scan(row, reader), row["tracking_number"]
    values = {
        "number": number,
        "tracking_no": number,
        "mode": "parcel",
        "since": 0,
        "status": "created",
        "status_at": 0,
    }
    draft.also = (Draft(Shipment, number, values),)
    return draft


PLAIN: tuple[Mapper, ...] = (Mapper(SCAN, TrackingEvent, carrier_scan),)
"""Beside the shipments of an own system, which are known by their tracking numbers."""

MAPPERS: tuple[Mapper, ...] = (Mapper(SCAN, TrackingEvent, carrier_scan_and_shipment, also=(Shipment,)),)
