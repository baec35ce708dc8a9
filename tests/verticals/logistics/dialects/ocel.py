"""The order management log (OCEL): each row is one event about many objects; a package is a shipment."""

from __future__ import annotations

from typing import Any

from substrate.mapping import Draft, Mapper, Reader
from substrate.quality import Reason, RowRefused
from substrate.records import Record
from verticals.logistics import records

Json = dict[str, Any]
RESOURCE = "order-management"
_SCANS = {
    "send_package": "picked_up",
    "failed_delivery": "delivery_attempt_failed",
    "package_delivered": "delivered",
    "item_out_of_stock": "exception",
    "confirm_order": "created",
    "pay_order": "unknown",
    "payment_reminder": "unknown",
    "pick_item": "in_transit",
}


def first(row: Json, name: str) -> str | None:
    """The first of the objects that a row names."""
    return row[name].split(",")[0] or None


def read(row: Json, reader: Reader) -> Draft:
    """An order, a shipment, a purchase, or something that happened to one of them."""
    at = reader.instant(row["time"], "time")
    if row["type"] == "place_order":
        order = {"number": row["orders"], "customer_id": reader.id_of("party", row["customers"]), "ordered_at": at}
        return _main(records.Order, row["orders"], {**order, "status": "open", "status_at": at}, row)
    if row["type"] == "create_package":
        package = {"number": row["packages"], "order_id": reader.id_of("order", str(first(row, "orders")))}
        return _main(records.Shipment, row["packages"], {**package, "since": at, "status": "created", "status_at": at})
    if row["type"] == "reorder_item":
        bought = {"number": row["id"], "item_id": _item(row, reader), "ordered_at": at}
        return _main(records.PurchaseOrder, row["id"], {**bought, "status": "ordered", "status_at": at})
    if row["type"] not in _SCANS:
        raise RowRefused(Reason.UNKNOWN_CODE, "type is no activity of the log")
    return _main(records.TrackingEvent, row["id"], _event(row, reader, at))


def _event(row: Json, reader: Reader, at: int) -> Json:
    package, order = first(row, "packages"), first(row, "orders")
    return {
        "shipment_id": None if package is None else reader.id_of("shipment", package),
        "order_id": None if order is None else reader.id_of("order", order),
        "item_id": _item(row, reader),
        "type": _SCANS[row["type"]],
        "code": row["type"],
        "reason": "out of stock" if row["type"] == "item_out_of_stock" else None,
        "classifier": "ACT",
        "event_time": at,
        "record_time": at,
    }


def _item(row: Json, reader: Reader) -> int | None:
    product = first(row, "products")
    return None if product is None else reader.id_of("item", product)


def _main(record: type[Record], key: str, values: Json, row: Json | None = None) -> Draft:
    also: tuple[Draft, ...] = ()
    if row is not None:
        also = (Draft(records.Party, row["customers"], _named(row["customers"])),)
    return Draft(record, key, values, also=also)


def _named(name: str) -> Json:
    return {"name": name, "firm": name, "form": "customer"}


MAPPER = Mapper(
    RESOURCE,
    records.TrackingEvent,
    read,
    instead=(records.Order, records.Shipment, records.PurchaseOrder),
    also=(records.Party,),
)
