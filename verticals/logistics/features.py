"""What is computed of shipments, lanes, carriers, places and vehicles, and kept fresh for rules and copilots.

Signals come from instants: what left, arrived, was scanned, was measured. What a source took back, or only planned,
counts for nothing that is said to have happened.
"""

from __future__ import annotations

from substrate.features.declare import View
from verticals.logistics.grammar import HOUR, MINUTE, derived, events
from verticals.logistics.records import (
    Document,
    Lane,
    Leg,
    Order,
    OrderLine,
    Party,
    Place,
    PurchaseOrder,
    Shipment,
    TrackingEvent,
    Vehicle,
)
from verticals.logistics.store_features import STORE_VIEWS

HAPPENED = 'classifier == "ACT" && !has(retracted_at)'
LATE = "actual_arrive > promised_at"
_scans = events(TrackingEvent, "shipment_id", "event_time")
_told = events(TrackingEvent, "shipment_id", "record_time")
_legs = events(Leg, "shipment_id", "since")

SHIPMENT = View(
    Shipment,
    (
        _scans.latest("last_scan_at", "Last scan", label="last scan", absent="it was never scanned", where=HAPPENED),
        _scans.latest("last_scan_type", "What the last scan said", "type", label="last scan said", where=HAPPENED),
        _scans.latest("last_scan_reason", "Why, as the last scan said", "reason", label="reason", where=HAPPENED),
        _scans.latest("last_scan_place", "Where the last scan was, as written", "location", where=HAPPENED),
        _scans.count("scans", "Scans of the shipment", where=HAPPENED),
        _scans.count(
            "failed_attempts", "Failed attempts to deliver in the last 14 days", label="failed attempts",
            where=f'{HAPPENED} && type == "delivery_attempt_failed"', window="14d",
        ),
        _scans.latest(
            "last_failed_at", "Last failed attempt to deliver", label="last attempt",
            where=f'{HAPPENED} && type == "delivery_attempt_failed"',
        ),
        _scans.latest(
            "delivered_scan_at", "Scan of the delivery", label="delivery scanned", absent="no scan says delivered",
            where=f'{HAPPENED} && type == "delivered"',
        ),
        _scans.latest(
            "returned_scan_at", "Scan of the return to the sender", label="return scanned",
            absent="no scan says returned", where=f'{HAPPENED} && type == "returned"',
        ),
        _told.latest(
            "estimated_arrival", "Arrival as the carrier last estimated it", "event_time", label="carrier expects",
            where='classifier == "EST" && type == "delivered" && !has(retracted_at)',
        ),
        _legs.count("legs", "Legs of the shipment"),
        _legs.count("legs_cancelled", "Legs that are cancelled", where="has(cancelled_at)"),
        _legs.max(
            "inbound_delay_minutes", "How late the vehicle of a leg still to come arrived from its previous leg",
            f"(inbound_arrive - inbound_planned) / {MINUTE}", where="!has(actual_depart)", unit="min",
        ),
        derived(
            "arrived_at", "When it arrived, by its own date or a scan", "coalesce(actual_arrive, delivered_scan_at)"
        ),
        derived(
            "hours_late", "Hours past the promise", f"(coalesce(arrived_at, now) - promised_at) / {HOUR}", "h",
            "late by",
        ),
        derived(
            "expected_arrival", "Arrival as last estimated, else as planned",
            "coalesce(eta, coalesce(estimated_arrival, planned_arrive))", None, "expected",
        ),
        derived(
            "hours_predicted_late", "Hours past the promise, if it comes when expected",
            f"(expected_arrival - promised_at) / {HOUR}", "h", "will be late by",
        ),
        _scans.latest(
            "last_scan_weekday", "How many days after the last Saturday began the last scan was, by UTC",
            "((day_of_week(event_time) + 1) % 7) * 1.0 + hour_of_day(event_time) / 24.0", unit="d", where=HAPPENED,
        ),
        derived("signed_at", "Last sign of life: a scan, else the departure", "coalesce(last_scan_at, actual_depart)"),
        derived("hours_silent", "Hours since the last sign of life", "hours_since(signed_at)", "h", "silent for"),
        derived(
            "weekends_silent", "How many weekends have begun since the last scan, by UTC",
            "floor((last_scan_weekday + days_since(last_scan_at)) / 7.0)",
        ),
    ),
)  # fmt: skip

_arrivals = events(Shipment, "lane_id", "actual_arrive")
_lane_scans = events(TrackingEvent, "lane_id", "event_time")

LANE = View(
    Lane,
    (
        _arrivals.count("arrivals_90d", "Shipments that arrived in the last 90 days", window="90d"),
        _arrivals.mean(
            "transit_hours_mean_90d", "Mean hours in transit, over the last 90 days",
            f"(actual_arrive - actual_depart) / {HOUR}", window="90d", unit="h",
        ),
        _arrivals.ratio(
            "late_share_90d", "Share of the arrivals of the last 90 days that came late", LATE,
            where="has(promised_at)", window="90d",
        ),
        _lane_scans.interval(
            "scan_interval_95", "The longest time between two scans of a shipment, but for one in twenty",
            per="shipment_id", share=0.95, where=HAPPENED, window="90d",
        ),
        derived(
            "silence_limit_hours", "Hours without a scan that one in twenty silences of the last 90 days exceeded",
            f"scan_interval_95 / {HOUR}", "h", "usual silence",
        ),
    ),
)  # fmt: skip

_carried = events(Shipment, "carrier_id", "actual_arrive")
_receipts = events(PurchaseOrder, "vendor_id", "received_at")
_expected = events(PurchaseOrder, "vendor_id", "planned_receipt")

PARTY = View(
    Party,
    (
        _carried.count("carried_90d", "Shipments carried that arrived in the last 90 days", window="90d"),
        _carried.ratio(
            "carrier_late_share_90d", "Share of the carrier's arrivals of the last 90 days that came late", LATE,
            where="has(promised_at)", window="90d",
        ),
        _receipts.mean(
            "vendor_lead_days_180d", "Mean days from purchase order to receipt, over the last 180 days",
            '(received_at - ordered_at) / duration("1d")', window="180d", unit="d",
        ),
        _expected.count(
            "receipts_overdue", "Purchase orders of the last 180 days that have not come", window="180d",
            where='!has(received_at) && !(status in ["draft", "closed", "cancelled"])',
        ),
        _expected.ratio(
            "vendor_late_share_180d", "Share of the receipts due in the last 180 days that came late, or not at all",
            "!(received_at <= planned_receipt)", where='!(status in ["draft", "cancelled"])', window="180d",
        ),
    ),
)  # fmt: skip

_coming = events(Shipment, "destination_id", "actual_arrive")
_due = events(Shipment, "destination_id", "planned_arrive")
_going = events(Shipment, "origin_id", "actual_depart")
_scanned = events(TrackingEvent, "place_id", "event_time")

PLACE = View(
    Place,
    (
        _coming.count("arrivals_24h", "Shipments that arrived in the last 24 hours", window="24h"),
        _due.count("arrivals_due_24h", "Shipments that should arrive in the next 24 hours", ahead="24h",
                   where='!has(actual_arrive) && status != "cancelled"'),
        _going.count("departures_24h", "Shipments that left in the last 24 hours", window="24h"),
        _scanned.count("scans_24h", "Scans in the last 24 hours", where=HAPPENED, window="24h"),
        _scanned.count(
            "exceptions_24h", "Exceptions in the last 24 hours", where=f'{HAPPENED} && type == "exception"',
            window="24h",
        ),
        _scanned.latest("last_scan_here_at", "Last scan at the place", where=HAPPENED),
    ),
)  # fmt: skip

_runs = events(Leg, "vehicle_id", "actual_arrive")
_planned_runs = events(Leg, "vehicle_id", "planned_depart")
_papers = events(Document, "vehicle_id", "expires_at")

VEHICLE = View(
    Vehicle,
    (
        _runs.latest("last_arrival_at", "Last arrival of the vehicle"),
        _runs.mean(
            "arrival_delay_minutes_7d", "Mean delay of its arrivals in the last 7 days",
            f"(actual_arrive - planned_arrive) / {MINUTE}", window="7d", unit="min",
        ),
        _planned_runs.count("legs_7d", "Legs that should have left in the last 7 days", window="7d"),
        _planned_runs.ratio(
            "cancelled_share_30d", "Share of the legs of the last 30 days that were cancelled", "has(cancelled_at)",
            window="30d",
        ),
        _papers.count("papers_run_out", "Papers that have run out and were not replaced", where="!has(replaced_at)"),
        derived("km_to_service", "Kilometres until the next service", "service_km - odometer_km", "km"),
        derived("days_to_service", "Days until the next service", "days_until(service_at)", "d"),
    ),
)  # fmt: skip

_on_leg = events(TrackingEvent, "leg_id", "event_time")

LEG = View(
    Leg,
    (
        _on_leg.latest("last_leg_scan_at", "Last scan on the leg", where=HAPPENED),
        derived(
            "vehicle_expected", "When the vehicle comes from its previous leg: as it did, else as planned, else now",
            "coalesce(inbound_arrive, max(inbound_planned, now))", None, "vehicle expected",
        ),
        derived(
            "predicted_delay_minutes", "By how much the vehicle comes too late for this departure",
            f"(vehicle_expected - planned_depart) / {MINUTE} + coalesce(turnaround_minutes, 0.0)", "min",
            "will leave late by",
        ),
        derived(
            "departure_delay_minutes", "Minutes past the planned departure",
            f"(coalesce(actual_depart, now) - planned_depart) / {MINUTE}", "min", "departure late by",
        ),
        derived(
            "arrival_delay_minutes", "Minutes past the planned arrival",
            f"(coalesce(actual_arrive, now) - planned_arrive) / {MINUTE}", "min", "arrival late by",
        ),
    ),
)  # fmt: skip

_lines = events(OrderLine, "order_id", "promised_at")

ORDER = View(
    Order,
    (
        _lines.count(
            "lines_overdue", "Lines whose date has passed and that are not delivered", label="lines overdue",
            where="!has(delivered_at) && !has(cancelled_at)",
        ),
        _lines.count("lines_due", "Lines whose date has passed"),
    ),
)  # fmt: skip

VIEWS: tuple[View, ...] = (SHIPMENT, LANE, PARTY, PLACE, VEHICLE, LEG, ORDER, *STORE_VIEWS)
