"""The SCMS delivery history: one wide row a shipment's line, dates in two styles, and words where numbers should be.

Two readings of the same file. `LINE` takes what each line says of itself, its order, item, vendor and country, and
knows the three phrases that stand in for a date. `FREIGHT` takes weight and cost, and refuses the words in their place.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from substrate.clock import DAY, SECOND, to_micros
from substrate.mapping import Draft, Mapper, Reader
from substrate.quality import Reason, RowRefused
from verticals.logistics import records
from verticals.logistics.sources.kinds import recorded
from verticals.logistics.sources.table import number

Json = dict[str, Any]
NO_DATE = ("Pre-PQ Process", "N/A - From RDC", "Date Not Captured")
_STYLES = ("%d-%b-%y", "%m/%d/%Y", "%m/%d/%y")
_MODES = {"Air": "air", "Air Charter": "charter", "Ocean": "ocean", "Truck": "road", "N/A": None, "": None}


def day(row: Json, name: str) -> int | None:
    """The midnight of a date; None where one of the known phrases says that there is none."""
    said = row[name]
    if said in NO_DATE:
        return None
    for style in _STYLES:
        try:
            return to_micros(datetime.strptime(said, style).replace(tzinfo=UTC))
        except ValueError:
            continue
    raise RowRefused(Reason.BAD_TIME, f"{name} is no date")


def line(row: Json, reader: Reader) -> Draft:
    """A line, and what else its row tells."""
    scheduled = day(row, "scheduled delivery date")
    order, shipment, vendor, place, item = _keys(row)
    values = {
        "number": row["id"],
        "order_id": reader.id_of("order", order),
        "shipment_id": reader.id_of("shipment", shipment),
        "item_id": reader.id_of("item", item),
        "vendor_id": reader.id_of("party", vendor),
        "place_id": reader.id_of("place", place),
        "since": day(row, "po sent to vendor date") or 0,
        "quantity": number(row["line item quantity"], "line item quantity", reader),
        "value": number(row["line item value"], "line item value", reader),
        "promised_at": None if scheduled is None else scheduled + DAY - SECOND,
        "delivered_at": day(row, "delivered to client date"),
        "delivered_known_at": day(row, "delivery recorded date"),
    }
    recorded(values, "delivered_at", "delivered_known_at")
    return Draft(records.OrderLine, row["id"], values, also=_also(row, reader))


def freight(row: Json, reader: Reader) -> Draft:
    """What a line's shipment weighed and cost; the words that stand there for most lines are refused."""
    values = {
        "number": row["asn/dn #"],
        "mode": _MODES[row["shipment mode"]],
        "weight_kg": number(row["weight (kilograms)"], "weight (kilograms)", reader),
        "freight_cost": number(row["freight cost (usd)"], "freight cost (usd)", reader),
        "currency": "USD",
        "since": 0,
        "status": "created",
        "status_at": 0,
    }
    return Draft(records.Shipment, row["id"], values)


def _keys(row: Json) -> tuple[str, str, str, str, str]:
    return row["po / so #"], row["asn/dn #"], row["vendor"], row["country"], row["item description"]


def _also(row: Json, reader: Reader) -> tuple[Draft, ...]:
    order, _, vendor, place, item = _keys(row)
    held = {"status": "open", "status_at": 0, "number": order, "ordered_at": 0}
    return (
        Draft(records.Order, order, held),
        Draft(records.Party, vendor, {"name": vendor, "firm": vendor, "form": "vendor"}),
        Draft(records.Place, place, {"name": place, "form": "site", "country": place}),
        Draft(records.Item, item, {"name": item, "category": row["product group"]}),
    )


RESOURCE = "supply_chain_shipment"
LINE = Mapper(RESOURCE, records.OrderLine, line, also=(records.Order, records.Party, records.Place, records.Item))
FREIGHT = Mapper(RESOURCE, records.Shipment, freight)
