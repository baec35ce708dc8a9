"""What is computed of stock, items, lots and sensors, and kept fresh.

Its moves tell stock that has just crossed its reorder point from stock that always lies below it. A reading out of
bounds counts for its own interval and no longer, so that a sensor that dies is no endless breach.
"""

from __future__ import annotations

from substrate.features.declare import View
from verticals.logistics.grammar import MINUTE, derived, events
from verticals.logistics.records import Item, Lot, Sensor, SensorReading, StockLevel, StockMove

OUT_OF_BOUNDS = "value < low || value > high"
USED = 'quantity < 0.0 && coalesce(reason, "sale") in ["sale", "transfer"]'
ABOVE = "balance > reorder_point"

_moves = events(StockMove, "stock_level_id", "at")

STOCK_LEVEL = View(
    StockLevel,
    (
        _moves.latest("last_move_at", "Last move of the stock", label="last move", absent="it never moved"),
        _moves.sum("used_28d", "How much was used in the last 28 days", "-quantity", where=USED, window="28d"),
        _moves.latest("last_above_at", "Last move that left more than the reorder point", label="last above",
                      absent="no move has left more than the reorder point", where=ABOVE),
        _moves.streak("moves_below", "Moves in a row that left no more than the reorder point", f"!({ABOVE})",
                      where="has(balance) && has(reorder_point)"),
        _moves.latest("last_count_at", "Last count of the stock", label="counted", where='reason == "count"'),
        _moves.latest("last_count_expected", "How much should have been there at the last count", "expected",
                      label="expected", where='reason == "count"'),
        _moves.latest("last_count_found", "How much was found at the last count", "balance", label="found",
                      where='reason == "count"'),
        derived("use_per_day", "Mean use a day, over the last 28 days", "used_28d / 28.0", None, "use a day"),
        derived("days_of_cover", "Days that the projected stock lasts", "projected / use_per_day", "d", "lasts for"),
        derived(
            "count_variance", "By what share the last count differed from what should have been there",
            "abs(last_count_found - last_count_expected) / max(abs(last_count_expected), 1.0)", None, "variance",
        ),
    ),
)  # fmt: skip

_levels = events(StockLevel, "item_id", "as_of")
_lot_levels = events(StockLevel, "lot_id", "as_of")

ITEM = View(
    Item,
    (
        _levels.sum("item_on_hand", "How much lies at all places together", "on_hand"),
        _levels.count("places_below_reorder", "Places whose stock is at its reorder point or below",
                      where="projected <= reorder_point"),
    ),
)  # fmt: skip
LOT = View(
    Lot,
    (
        _lot_levels.sum("lot_on_hand", "How much of the lot lies at all places", "on_hand", label="left of the lot"),
        derived("days_to_expiry", "Days until the lot expires", "days_until(expires_at)", "d", "expires in"),
        derived(
            "warn_at",
            "From when on the store is to be warned: the lot's own date, else 60 days before it expires",
            'coalesce(alert_at, expires_at - duration("60d"))',
        ),
    ),
)

_readings = events(SensorReading, "sensor_id", "at")

SENSOR = View(
    Sensor,
    (
        _readings.latest("last_reading_at", "Last reading", label="last reading", absent="it has never reported"),
        _readings.latest("last_value", "Last value", "value", label="last value"),
        _readings.count("readings_24h", "Readings in the last 24 hours", window="24h"),
        _readings.min("lowest_24h", "Lowest value of the last 24 hours", "value", window="24h"),
        _readings.max("highest_24h", "Highest value of the last 24 hours", "value", window="24h"),
        _readings.streak("readings_out", "Readings in a row out of bounds", OUT_OF_BOUNDS,
                         label="readings out of bounds"),
        _readings.sum(
            "excursion_minutes_24h", "Minutes out of bounds in the last 24 hours; a reading counts for its interval",
            "minutes", label="out of bounds for", where=OUT_OF_BOUNDS, window="24h", unit="min",
        ),
        derived("minutes_silent", "Minutes since the last reading", f"age(last_reading_at) / {MINUTE}", "min",
                 "silent for"),
        derived("silence_limit_minutes", "Three reporting intervals, half an hour at least",
                 "max(30.0, 3.0 * coalesce(interval_minutes, 60.0))", "min"),
    ),
)  # fmt: skip

STORE_VIEWS: tuple[View, ...] = (STOCK_LEVEL, ITEM, LOT, SENSOR)
