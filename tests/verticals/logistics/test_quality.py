"""Each check keeps out what cannot be true, or drops the value, and lets the likely and the unknown pass."""

from __future__ import annotations

from typing import Any

import pytest

from substrate.gate import Gate
from substrate.mapping import Draft, Reader
from substrate.quality import OnFailure, RowRefused
from tests.verticals.logistics.feed import NOW, at
from verticals.logistics import vertical

PAST, FUTURE = "2026-02-20T10:00:00Z", "2026-03-09T10:00:00Z"
EVENT = {"type": "delivered", "event_time": PAST}
READING = {"sensor": "t", "at": PAST, "measure": "temperature", "unit": "Cel", "value": 5}
WRONG: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("order_in_past", "order", {"ordered_at": FUTURE}),
    ("order_promised_after_ordered", "order", {"ordered_at": PAST, "promised_at": "2026-02-10"}),
    ("shipment_arrives_after_departure", "shipment", {"actual_depart": PAST, "actual_arrive": "2026-02-18"}),
    ("shipment_arrival_in_past", "shipment", {"actual_arrive": FUTURE}),
    ("shipment_planned_in_order", "shipment", {"planned_depart": PAST, "planned_arrive": "2026-02-10"}),
    ("shipment_weight_possible", "shipment", {"weight_kg": -3}),
    ("line_delivered_in_past", "order_line", {"delivered_at": FUTURE}),
    ("leg_arrives_after_departure", "leg", {"actual_depart": PAST, "actual_arrive": "2026-02-20T09:59:00Z"}),
    ("leg_in_past", "leg", {"actual_depart": FUTURE}),
    ("leg_cancelled_or_arrived", "leg", {"cancelled_at": PAST, "actual_arrive": PAST}),
    ("leg_planned_in_order", "leg", {"planned_depart": PAST, "planned_arrive": "2026-02-10"}),
    ("event_in_past", "tracking_event", {"type": "delivered", "event_time": FUTURE, "record_time": PAST}),
    ("event_recorded_in_past", "tracking_event", {**EVENT, "record_time": FUTURE}),
    ("event_recorded_after_it_happened", "tracking_event", {**EVENT, "record_time": "2026-02-18T10:00:00Z"}),
    ("document_expires_after_issue", "document", {"issued_at": FUTURE, "expires_at": PAST}),
    ("lot_warned_before_expiry", "lot", {"alert_at": FUTURE, "expires_at": PAST}),
    ("stock_counted_in_past", "stock_level", {"on_hand": 1, "as_of": FUTURE}),
    ("stock_reserved_possible", "stock_level", {"on_hand": 1, "as_of": PAST, "reserved": -1}),
    ("move_in_past", "stock_move", {"quantity": 1, "at": FUTURE}),
    ("purchase_received_in_past", "purchase_order", {"received_at": FUTURE}),
    ("purchase_received_after_ordered", "purchase_order", {"ordered_at": PAST, "received_at": "2026-02-10"}),
    ("purchase_share_possible", "purchase_order", {"received_share": 1.5, "updated_at": PAST}),
    ("sensor_bounds_in_order", "sensor", {"low": 8, "high": 2}),
    ("reading_in_past", "sensor_reading", {**READING, "at": FUTURE}),
    ("reading_unit_fits", "sensor_reading", {**READING, "unit": "%"}),
    ("reading_possible", "sensor_reading", {**READING, "value": 412}),
)
FINE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("order", {"ordered_at": at(NOW), "promised_at": at(NOW)[:10]}),
    ("shipment", {"actual_depart": PAST, "actual_arrive": "2026-02-20"}),
    ("tracking_event", {"type": "delivered", "classifier": "EST", "event_time": FUTURE, "record_time": PAST}),
    ("stock_level", {"on_hand": -4, "as_of": PAST}),
    ("sensor_reading", {"sensor": "t", "at": PAST}),
    ("leg", {"cancelled_at": PAST}),
)


def passed(kind: str, cells: dict[str, Any]) -> Gate:
    """A row through mapping and gate."""
    gate = Gate(vertical.checks)
    draft = vertical.mappers_by_resource[kind].read({"id": "k", **cells}, Reader("erp"))
    assert isinstance(draft, Draft)
    gate.pass_through(draft, NOW)
    return gate


@pytest.mark.parametrize(("name", "kind", "cells"), WRONG, ids=[each[0] for each in WRONG])
def test_what_cannot_be_true_is_kept_out_or_dropped(name: str, kind: str, cells: dict[str, Any]) -> None:
    check = next(check for check in vertical.checks if check.name == name)
    if check.on_failure is OnFailure.DISCARD:
        assert passed(kind, cells).discarded == {name: 1}
    else:
        with pytest.raises(RowRefused, match=name):
            passed(kind, cells)


def test_every_check_is_tried() -> None:
    assert [each[0] for each in WRONG] == [check.name for check in vertical.checks]


@pytest.mark.parametrize(("kind", "cells"), FINE)
def test_the_likely_and_the_unknown_pass(kind: str, cells: dict[str, Any]) -> None:
    assert not passed(kind, cells).discarded
