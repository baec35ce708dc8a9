"""What is counted an hour or a day, by lane, carrier, depot and sensor, so that a change of pace is seen.

The same conditions as the features: what a source took back, or only planned, counts for nothing. Days are the
house's own.
"""

from __future__ import annotations

from substrate.features.declare import How
from substrate.series.declare import LOCAL, Series
from verticals.logistics.features import HAPPENED, LATE
from verticals.logistics.grammar import OF_NOBODY
from verticals.logistics.records import OrderLine, SensorReading, Shipment, StockMove, TrackingEvent
from verticals.logistics.store_features import OUT_OF_BOUNDS

_ON_TIME = f"!({LATE})"


def _on_time(name: str, text: str, by: str | None) -> Series:
    return Series(
        name, text, Shipment, "actual_arrive", by, how=How.RATIO, hit=_ON_TIME, where="has(promised_at)", bucket="1d",
        zone=LOCAL, sensitivity=OF_NOBODY,
    )  # fmt: skip


def _daily(name: str, text: str, at: str, by: str | None) -> Series:
    return Series(name, text, Shipment, at, by, bucket="1d", zone=LOCAL, sensitivity=OF_NOBODY)


SERIES: tuple[Series, ...] = (
    _on_time("lane_on_time_daily", "Share of the lane's arrivals of the day that came in time", "lane_id"),
    _on_time("carrier_on_time_daily", "Share of the carrier's arrivals of the day that came in time", "carrier_id"),
    _on_time("depot_on_time_daily", "Share of the place's arrivals of the day that came in time", "destination_id"),
    _daily("lane_shipments_daily", "Shipments that leave on the lane a day", "actual_depart", "lane_id"),
    _daily("carrier_shipments_daily", "Shipments that leave with the carrier a day", "actual_depart", "carrier_id"),
    _daily("depot_shipments_daily", "Shipments that leave the place a day", "actual_depart", "origin_id"),
    Series(
        "depot_scans_hourly", "Scans at the place an hour", TrackingEvent, "event_time", "place_id", where=HAPPENED,
        sensitivity=OF_NOBODY,
    ),
    Series(
        "failed_attempts_daily", "Failed attempts to deliver a day", TrackingEvent, "event_time",
        where=f'{HAPPENED} && type == "delivery_attempt_failed"', bucket="1d", zone=LOCAL, sensitivity=OF_NOBODY,
    ),
    Series(
        "lines_delivered_daily", "Order lines delivered a day", OrderLine, "delivered_at", bucket="1d", zone=LOCAL,
        sensitivity=OF_NOBODY,
    ),
    Series(
        "stock_used_daily", "How much of the stock goes out a day", StockMove, "at", "item_id", how=How.SUM,
        value="-quantity", where="quantity < 0.0", bucket="1d", zone=LOCAL, sensitivity=OF_NOBODY,
    ),
    Series(
        "excursions_hourly", "Readings out of bounds an hour", SensorReading, "at", "sensor_id", where=OUT_OF_BOUNDS,
        sensitivity=OF_NOBODY,
    ),
)  # fmt: skip
