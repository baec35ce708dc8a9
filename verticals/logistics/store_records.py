"""Logistics' records of the store: items, lots, stock, what is bought for it, and the climate that it is kept in.

A quantity is in the item's unit. `as_of` and `at` are when something was counted, moved or measured; what became known
later says so, as everywhere.
"""

from __future__ import annotations

from typing import ClassVar

from substrate.columns import Sensitivity, column, instant, reference
from substrate.records import Record
from verticals.logistics import codes

_INTERNAL = Sensitivity.INTERNAL


class Item(Record, table=True):
    """Something that is stored and sent: a product, by its stock-keeping unit."""

    __tablename__ = "logistics_item"
    kind: ClassVar[str] = "item"
    title: ClassVar[str] = "name"

    sku: str | None = column("Stock-keeping unit, GTIN or other number", _INTERNAL, default=None, index=True)
    name: str | None = column("Name of the item", _INTERNAL, label="item", default=None)
    category: str | None = column("Product group", _INTERNAL, default=None)
    unit: str | None = column("Unit in which it is counted", _INTERNAL, default=None)
    lead_days: float | None = column("How long a replenishment takes", _INTERNAL, unit="d", default=None)
    vendor_id: int | None = reference("The usual vendor", "party", _INTERNAL, label="vendor")
    active: bool | None = column("Whether it is still kept", _INTERNAL, codes=codes.ACTIVE, default=None)


class Lot(Record, table=True):
    """A batch of an item that was made together and expires together."""

    __tablename__ = "logistics_lot"
    kind: ClassVar[str] = "lot"
    title: ClassVar[str] = "number"
    about: ClassVar[tuple[str, ...]] = ("item.name",)

    number: str | None = column("Number of the lot", _INTERNAL, label="lot", default=None, index=True)
    item_id: int | None = reference("What it is a lot of", "item", _INTERNAL, label="item")
    expires_at: int | None = instant("When it expires", _INTERNAL, label="expires", default=None, index=True)
    alert_at: int | None = instant(
        "From when on the store should be warned of its expiry", _INTERNAL, label="to be warned of", default=None
    )
    status: str | None = column("released, quarantined, recalled …", _INTERNAL, label="state of the lot", default=None)


class PurchaseOrder(Record, table=True):
    """What we ordered from a vendor, or one line of it."""

    __tablename__ = "logistics_purchase_order"
    kind: ClassVar[str] = "purchase_order"
    occurs: ClassVar[str | None] = "ordered_at"
    title: ClassVar[str] = "number"
    about: ClassVar[tuple[str, ...]] = ("vendor.firm", "place.name")

    number: str | None = column("Number of the purchase order", _INTERNAL, label="purchase order", default=None)
    vendor_id: int | None = reference("Who delivers", "party", _INTERNAL, label="vendor")
    place_id: int | None = reference("Where it is received", "place", _INTERNAL, label="deliver to")
    item_id: int | None = reference("The item, where it is a single line", "item", _INTERNAL, label="item")
    ordered_at: int = instant("When it was ordered; 1970 where nobody wrote that down", _INTERNAL, index=True)
    planned_receipt: int | None = instant(
        "When the goods should come", _INTERNAL, label="should come", absent="no date is agreed", default=None,
        index=True,
    )  # fmt: skip
    received_share: float | None = column(
        "How much of it has come, 0 to 1", _INTERNAL, label="share received", known_at="received_known_at", before=0.0,
        default=None,
    )  # fmt: skip
    received_at: int | None = instant(
        "When the last of it came", _INTERNAL, label="received", absent="nothing has come",
        known_at="received_known_at", default=None,
    )  # fmt: skip
    received_known_at: int | None = instant(
        "From when on the receipt was known", _INTERNAL, known_at="received_known_at", default=None
    )
    status: str = column(
        "State of the purchase order, as last typed", _INTERNAL, label="state of the purchase order",
        codes=codes.PURCHASE_STATES, known_at="status_at", before="ordered",
    )  # fmt: skip
    status_at: int = instant("From when on the state is taken to hold", _INTERNAL, known_at="status_at")
    value: float | None = column("Value of the order, in the currency beside it", _INTERNAL, default=None)
    currency: str | None = column("Currency of the value, ISO 4217", _INTERNAL, default=None)


class StockLevel(Record, table=True):
    """How much of an item, or of one lot of it, lies at a place."""

    __tablename__ = "logistics_stock_level"
    kind: ClassVar[str] = "stock_level"
    about: ClassVar[tuple[str, ...]] = ("item.name", "place.name")

    item_id: int | None = reference("The item", "item", _INTERNAL, label="item")
    place_id: int | None = reference("Where it lies", "place", _INTERNAL, label="place")
    lot_id: int | None = reference("The lot, where stock is kept by lot", "lot", _INTERNAL, label="lot")
    on_hand: float = column("How much lies there", _INTERNAL, label="on hand")
    reserved: float | None = column("How much of it is promised away", _INTERNAL, label="reserved", default=None)
    incoming: float | None = column("How much is on order", _INTERNAL, label="on order", default=None)
    projected: float | None = column(
        "On hand, less what is reserved, and what is on order, as the source counts it", _INTERNAL, label="projected",
        default=None,
    )  # fmt: skip
    reorder_point: float | None = column("Below this it should be ordered again", _INTERNAL, label="reorder point",
                                         default=None)  # fmt: skip
    safety: float | None = column("Below this the store is in danger", _INTERNAL, label="safety stock", default=None)
    as_of: int = instant("When it was counted or computed", _INTERNAL, label="counted", index=True)


class StockMove(Record, table=True):
    """Something that went into, out of or was counted in a place."""

    __tablename__ = "logistics_stock_move"
    kind: ClassVar[str] = "stock_move"
    occurs: ClassVar[str | None] = "at"
    about: ClassVar[tuple[str, ...]] = ("item.name", "place.name")

    item_id: int | None = reference("The item", "item", _INTERNAL, label="item")
    place_id: int | None = reference("Where the stock changed", "place", _INTERNAL, label="place")
    lot_id: int | None = reference("The lot of the goods", "lot", _INTERNAL, label="lot")
    stock_level_id: int | None = reference("The stock that it changed", "stock_level", _INTERNAL)
    order_id: int | None = reference("The order that it serves", "order", _INTERNAL)
    purchase_order_id: int | None = reference("The purchase that it is a receipt of", "purchase_order", _INTERNAL)
    reason: str | None = column("sale, receipt, transfer, count, scrap …", _INTERNAL, codes=codes.MOVES, default=None)
    quantity: float = column("How much came in; below zero, how much went out", _INTERNAL, label="quantity")
    balance: float | None = column("How much lay there afterwards", _INTERNAL, label="balance", default=None)
    expected: float | None = column("Of a count: how much should have been there", _INTERNAL, default=None)
    at: int = instant("When it moved or was counted", _INTERNAL, label="moved", index=True)
    reorder_point: float | None = column(
        "The reorder point of the stock", _INTERNAL, inherits=("stock_level_id", "reorder_point"), default=None
    )


class Sensor(Record, table=True):
    """A device that measures the climate of a place, vehicle or shipment."""

    __tablename__ = "logistics_sensor"
    kind: ClassVar[str] = "sensor"
    title: ClassVar[str] = "name"
    about: ClassVar[tuple[str, ...]] = ("place.name", "vehicle.plate", "shipment.number")

    name: str | None = column("Name or serial number of the sensor", _INTERNAL, label="sensor", default=None)
    place_id: int | None = reference("Where it hangs", "place", _INTERNAL, label="place")
    vehicle_id: int | None = reference("The vehicle that it rides on", "vehicle", _INTERNAL, label="vehicle")
    shipment_id: int | None = reference("The shipment that it travels with", "shipment", _INTERNAL, label="shipment")
    measure: str | None = column("What it measures", _INTERNAL, codes=codes.MEASURES, default=None)
    unit: str | None = column("UCUM code of the unit", _INTERNAL, label="unit", codes=codes.UNITS, default=None)
    low: float | None = column("Lowest value that is allowed", _INTERNAL, label="allowed from", default=None)
    high: float | None = column("Highest value that is allowed", _INTERNAL, label="allowed up to", default=None)
    interval_minutes: float | None = column(
        "How often it should report", _INTERNAL, unit="min", label="reports every", default=None
    )
    active: bool | None = column("Whether it is in use", _INTERNAL, label="in use", codes=codes.ACTIVE, default=None)


class SensorReading(Record, table=True):
    """One value that a sensor told."""

    __tablename__ = "logistics_sensor_reading"
    kind: ClassVar[str] = "sensor_reading"
    occurs: ClassVar[str | None] = "record_time"
    title: ClassVar[str] = "measure"
    about: ClassVar[tuple[str, ...]] = ("sensor.name", "place.name")

    sensor_id: int | None = reference("The sensor", "sensor", _INTERNAL)
    place_id: int | None = reference("Where it was measured", "place", _INTERNAL, label="place")
    shipment_id: int | None = reference("The shipment that it travelled with", "shipment", _INTERNAL)
    measure: str | None = column("What was measured", _INTERNAL, codes=codes.MEASURES, default=None)
    value: float | None = column(
        "Measured value, in the unit beside it", _INTERNAL, label="value", absent="no value is recorded", default=None
    )
    unit: str | None = column("UCUM code of the unit", _INTERNAL, label="unit", codes=codes.UNITS, default=None)
    at: int = instant("When it was measured", _INTERNAL, label="measured", index=True)
    record_time: int = instant(
        "When it was recorded; where nobody wrote that down, when it was measured", _INTERNAL, label="recorded"
    )
    own_low: float | None = column("Lowest allowed value, where the reading tells it", _INTERNAL, default=None)
    own_high: float | None = column("Highest allowed value, where the reading tells it", _INTERNAL, default=None)
    low: float | None = column(
        "Lowest allowed value: the reading's own, else the sensor's", _INTERNAL, inherits=("sensor_id", "low"),
        own="own_low", default=None,
    )  # fmt: skip
    high: float | None = column(
        "Highest allowed value: the reading's own, else the sensor's", _INTERNAL, inherits=("sensor_id", "high"),
        own="own_high", default=None,
    )  # fmt: skip
    minutes: float | None = column(
        "For how long the value stands: the sensor's reporting interval", _INTERNAL, unit="min",
        inherits=("sensor_id", "interval_minutes"), default=None,
    )  # fmt: skip
