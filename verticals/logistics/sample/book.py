"""The rows of one depot while it is made, as the lines that will stand in the files, and what was planted there."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any

import orjson

from substrate.clock import DAY, HOUR, MINUTE, SECOND, from_micros

HEADERS: dict[str, tuple[str, ...]] = {
    "party": ("id", "name", "form", "person", "country", "phone", "active", "weekends"),
    "place": ("id", "name", "form", "code", "country", "zone", "party"),
    "lane": ("id", "name", "origin", "destination", "carrier", "mode", "planned_hours"),
    "item": ("id", "sku", "name", "category", "unit", "lead_days", "vendor", "active"),
    "vehicle": (
        "id", "plate", "form", "carrier", "home", "odometer_km", "service_at", "service_km", "active", "updated_at",
    ),
    "driver": ("id", "name", "phone", "carrier", "home", "active"),
    "document": ("id", "form", "number", "vehicle", "driver", "issued_at", "expires_at", "replaced_at"),
    "order": (
        "id", "number", "customer", "place", "ordered_at", "promised_at", "status", "status_at", "priority", "value",
        "currency", "updated_at",
    ),
    "order_line": (
        "id", "number", "order", "shipment", "item", "vendor", "place", "since", "quantity", "promised_at",
        "delivered_at", "delivered_known_at", "cancelled_at", "updated_at",
    ),
    "shipment": (
        "id", "number", "tracking_no", "container_no", "order", "carrier", "origin", "destination", "lane", "mode",
        "since", "promised_at", "planned_depart", "planned_arrive", "eta", "eta_at", "actual_depart", "actual_arrive",
        "cutoff_at", "gate_in_at", "status", "status_at", "weight_kg", "updated_at",
    ),
    "leg": (
        "id", "number", "shipment", "seq", "vehicle", "driver", "carrier", "origin", "destination", "since",
        "planned_depart", "planned_arrive", "actual_depart", "actual_arrive", "cancelled_at", "cancelled_reason",
        "status", "turnaround_minutes", "previous", "updated_at",
    ),
    "lot": ("id", "number", "item", "expires_at", "alert_at", "status"),
    "stock_level": (
        "id", "item", "place", "lot", "on_hand", "reserved", "incoming", "reorder_point", "safety", "as_of",
        "updated_at",
    ),
    "stock_move": ("id", "item", "place", "lot", "stock_level", "reason", "quantity", "balance", "expected", "at"),
    "purchase_order": (
        "id", "number", "vendor", "place", "item", "ordered_at", "planned_receipt", "received_share", "received_at",
        "status", "status_at", "updated_at",
    ),
    "sensor": ("id", "name", "place", "measure", "unit", "low", "high", "interval_minutes", "active"),
    "sensor_reading": ("id", "sensor", "place", "measure", "value", "unit", "at"),
}  # fmt: skip
"""The columns of each CSV file. Instants are micros until they are written."""

EVENTS = "ObjectEvent"
"""The EPCIS events: an NDJSON file with a bare event a line."""
_OWN_STEP = "https://plumbline.example/steps/"
_GLN = "0614141000005"


@dataclass(frozen=True, slots=True)
class Flaw:
    """One planted defect, and what becomes of its row."""

    kind: str
    resource: str
    id: str | None
    expect: str
    """`quarantined`, `accepted` or `unchanged`."""
    reason: str


@dataclass(frozen=True, slots=True)
class Case:
    """One planted incident, or a near miss of it: what a correct rule does about a row at the feed's "now"."""

    kind: str
    fires: bool
    resource: str
    id: str
    at: int
    why: str

    def told(self) -> dict[str, Any]:
        """As it stands in `planted.json`."""
        return {
            "kind": self.kind,
            "expect": "fires" if self.fires else "quiet",
            "resource": self.resource,
            "id": self.id,
            "at": iso(self.at),
            "why": self.why,
        }


class Book:
    """One depot's rows, cases and flaws; `number` makes its ids unlike any other's."""

    def __init__(self, number: int, seed: int, start: int, now: int) -> None:
        self.number = number
        self.random = Random(f"{seed}/{number}")
        self.start = start
        self.now = now
        self.lines: defaultdict[str, list[bytes]] = defaultdict(list)
        self.flaws: defaultdict[str, dict[int, Flaw]] = defaultdict(dict)
        """By kind, the places of its flawed lines."""
        self.cases: list[Case] = []
        self._ids: Counter[str] = Counter()

    def new_id(self, prefix: str) -> str:
        """The next id of this prefix; unlike any other in the feed."""
        self._ids[prefix] += 1
        return f"{prefix}-{self.number}-{self._ids[prefix]}"

    def add(self, kind: str, **cells: Any) -> str:
        """Keep a row; an instant is an int in a column of times. Gives its id."""
        header = HEADERS[kind]
        if len(cells) != len(cells.keys() & set(header)):
            raise KeyError(f"{kind} has no column {sorted(cells.keys() - set(header))}")
        self.lines[kind].append((",".join([said(cells.get(name)) for name in header]) + "\n").encode())
        found: str = cells["id"]
        return found

    def event(self, shipment: str, kind: str, at: int, place: str, recorded: int, **more: Any) -> None:
        """Keep an event of a shipment, if it is recorded by now; `more` are further fields of EPCIS."""
        if recorded > self.now:
            return
        step, disposition = _STEPS[kind]
        row = {
            "type": "ObjectEvent", "eventID": f"https://plumbline.example/events/{self.new_id('ev')}",
            "eventTime": iso(at), "recordTime": iso(recorded), "eventTimeZoneOffset": "+00:00", "action": "OBSERVE",
            "epcList": [f"urn:epc:id:sscc:0614141.{serial(shipment):010}"], "bizStep": step,
            "disposition": disposition, "readPoint": {"id": place},
            "bizTransactionList": [
                {"type": "desadv", "bizTransaction": f"urn:epcglobal:cbv:bt:{_GLN}:{shipment}"},
            ],
            **more,
        }  # fmt: skip
        self.lines[EVENTS].append(orjson.dumps(row) + b"\n")

    def plant(self, kind: str, fires: bool, resource: str, ident: str, at: int, why: str) -> None:
        """Write down what a correct rule must say about a case."""
        self.cases.append(Case(kind, fires, resource, ident, at, why))


_STEPS = {
    "created": ("packing", "container_closed"),
    "picked_up": ("collecting", "in_transit"),
    "in_transit": ("transporting", "in_transit"),
    "out_for_delivery": (f"{_OWN_STEP}out_for_delivery", "in_transit"),
    "delivery_attempt_failed": (f"{_OWN_STEP}delivery_attempt_failed", "in_transit"),
    "delivered": ("receiving", "in_progress"),
    "exception": ("holding", "damaged"),
    "returned": ("receiving", "returned"),
}
"""Business step and disposition of what happened; a step that the vocabulary lacks is one of the carrier's own."""


def serial(ident: str) -> int:
    """The digits of an id, as a serial number of ten digits at most."""
    _, depot, number = ident.split("-")
    return int(depot) * 1_000_000 + int(number)


def said(cell: Any) -> str:
    """A cell as it is written; a whole number beyond a year after 1970 is an instant."""
    if cell is None:
        return ""
    if type(cell) is int and cell > 365 * DAY:
        return iso(cell)
    if type(cell) is bool:
        return "true" if cell else "false"
    return str(cell)


def iso(at: int) -> str:
    """An instant as ISO 8601, in UTC and whole seconds."""
    rest = at % DAY
    return f"{_date(at // DAY)}T{rest // HOUR:02}:{rest // MINUTE % 60:02}:{rest // SECOND % 60:02}Z"


@lru_cache(maxsize=2_000)
def _date(day: int) -> str:
    return from_micros(day * DAY).date().isoformat()
