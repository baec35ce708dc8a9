"""What a logistics row must satisfy before it counts: what cannot be true is kept out, and says why.

A value that is only unlikely passes, and stock below zero is what some ERPs really keep. Bounds leave a day's slack
where a source may write a bare date.
"""

from __future__ import annotations

from substrate.quality import Check, OnFailure
from substrate.records import Record
from verticals.logistics.records import (
    Document,
    Leg,
    Lot,
    Order,
    OrderLine,
    PurchaseOrder,
    Sensor,
    SensorReading,
    Shipment,
    StockLevel,
    StockMove,
    TrackingEvent,
)

_NOT_AHEAD = 'now + duration("1d")'


def _refuse(name: str, record: type[Record], condition: str, text: str) -> Check:
    return Check(name, record, condition, text)


def _drop(name: str, record: type[Record], condition: str, text: str, *values: str) -> Check:
    return Check(name, record, condition, text, OnFailure.DISCARD, values)


CHECKS: tuple[Check, ...] = (
    _refuse("order_in_past", Order, f"ordered_at <= {_NOT_AHEAD}", "It was ordered in the future"),
    _drop(
        "order_promised_after_ordered", Order, 'promised_at >= ordered_at - duration("1d")',
        "It was promised for a time before the order", "promised_at",
    ),
    _refuse(
        "shipment_arrives_after_departure", Shipment, 'actual_arrive >= actual_depart - duration("1d")',
        "The shipment arrives before it leaves",
    ),
    _refuse(
        "shipment_arrival_in_past", Shipment,
        f"actual_arrive <= {_NOT_AHEAD} && actual_depart <= {_NOT_AHEAD}",
        "The shipment left or arrived in the future",
    ),
    _drop(
        "shipment_planned_in_order", Shipment, 'planned_arrive >= planned_depart - duration("1d")',
        "It is planned to arrive before it leaves", "planned_depart", "planned_arrive",
    ),
    _drop("shipment_weight_possible", Shipment, "weight_kg >= 0.0", "No goods weigh less than nothing", "weight_kg"),
    _refuse("line_delivered_in_past", OrderLine, f"delivered_at <= {_NOT_AHEAD}", "It was delivered in the future"),
    _refuse("leg_arrives_after_departure", Leg, "actual_arrive >= actual_depart", "The leg arrives before it leaves"),
    _refuse(
        "leg_in_past", Leg, f"actual_arrive <= {_NOT_AHEAD} && actual_depart <= {_NOT_AHEAD}",
        "The leg left or arrived in the future",
    ),
    _refuse(
        "leg_cancelled_or_arrived", Leg, "!(has(cancelled_at) && has(actual_arrive))",
        "The leg is cancelled, and arrived all the same",
    ),
    _drop(
        "leg_planned_in_order", Leg, "planned_arrive >= planned_depart", "It is planned to arrive before it leaves",
        "planned_depart", "planned_arrive",
    ),
    _refuse(
        "event_in_past", TrackingEvent, f'classifier != "ACT" || event_time <= {_NOT_AHEAD}',
        "What is said to have happened lies in the future",
    ),
    _refuse(
        "event_recorded_in_past", TrackingEvent, f"record_time <= {_NOT_AHEAD}", "It was recorded in the future"
    ),
    _refuse(
        "event_recorded_after_it_happened", TrackingEvent,
        'classifier != "ACT" || record_time >= event_time - duration("1d")',
        "It was recorded more than a day before it happened",
    ),
    _drop(
        "document_expires_after_issue", Document, "expires_at >= issued_at", "It runs out before it was issued",
        "issued_at",
    ),
    _drop("lot_warned_before_expiry", Lot, "alert_at <= expires_at", "The warning comes after the expiry", "alert_at"),
    _refuse("stock_counted_in_past", StockLevel, f"as_of <= {_NOT_AHEAD}", "The stock was counted in the future"),
    _drop("stock_reserved_possible", StockLevel, "reserved >= 0.0", "Less than nothing is reserved", "reserved"),
    _refuse("move_in_past", StockMove, f"at <= {_NOT_AHEAD}", "The stock moved in the future"),
    _refuse(
        "purchase_received_in_past", PurchaseOrder, f"received_at <= {_NOT_AHEAD}", "It was received in the future"
    ),
    _refuse(
        "purchase_received_after_ordered", PurchaseOrder, 'received_at >= ordered_at - duration("1d")',
        "It was received before it was ordered",
    ),
    _drop(
        "purchase_share_possible", PurchaseOrder, "received_share >= 0.0 && received_share <= 1.0",
        "The share received is not between nothing and all", "received_share",
    ),
    _drop("sensor_bounds_in_order", Sensor, "low <= high", "The lower bound is above the upper", "low", "high"),
    _refuse("reading_in_past", SensorReading, f"at <= {_NOT_AHEAD}", "The value was measured in the future"),
    _refuse(
        "reading_unit_fits", SensorReading,
        'measure == "temperature" ? unit in ["Cel", "[degF]", "K"] : measure == "humidity" ? unit == "%" : true',
        "The unit does not fit what was measured",
    ),
    _refuse(
        "reading_possible", SensorReading,
        'unit == "Cel" ? value >= -200.0 && value <= 200.0 : unit == "[degF]" ? value >= -328.0 && value <= 392.0'
        ' : unit == "K" ? value >= 73.0 && value <= 473.0 : unit == "%" ? value >= 0.0 && value <= 100.0 : true',
        "No store or vehicle has this climate",
    ),
)  # fmt: skip
