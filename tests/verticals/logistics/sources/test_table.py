"""Rows in our own words: each cell is read for what its column is, and a refusal names the column only."""

from __future__ import annotations

from typing import Any

import pytest

from substrate.clock import DAY, SECOND, parse_instant
from substrate.mapping import Draft, Reader
from substrate.quality import Reason, RowRefused
from substrate.records import record_id
from verticals.logistics import vertical
from verticals.logistics.sources.kinds import offset_in

MONDAY = parse_instant("2026-03-02")
NOON = "2026-03-02T12:00:00Z"


def read(kind: str, zone: str | None = None, **cells: Any) -> Draft:
    """The draft of a row with an id."""
    draft = vertical.mappers_by_resource[kind].read({"id": "k", **cells}, Reader("erp", zone))
    assert isinstance(draft, Draft)
    return draft


def refused(kind: str, **cells: Any) -> RowRefused:
    """The refusal of a row."""
    with pytest.raises(RowRefused) as caught:
        read(kind, **cells)
    return caught.value


def test_each_kind_is_read_from_a_file_of_its_name() -> None:
    own = vertical.mappers[: len(vertical.records)]
    assert [mapper.resource for mapper in own] == [record.kind for record in vertical.records]


def test_text_and_json_say_the_same() -> None:
    written = read("shipment", weight_kg="12.5", order="7", actual_arrive=NOON, site="north", updated_at=NOON)
    native = read("shipment", weight_kg=12.5, order=7, actual_arrive=NOON, site="north", updated_at=NOON)
    assert (written.values, written.site, written.changed_at) == (native.values, native.site, native.changed_at)
    assert written.values["order_id"] == record_id("erp", "order", "7")


def test_an_empty_cell_is_missing_and_a_strange_column_is_passed_over() -> None:
    assert read("item", name="", colour="red").values == read("item").values


@pytest.mark.parametrize("column", ["promised_at", "planned_arrive", "eta"])
def test_a_bare_date_by_which_something_is_due_is_the_end_of_its_day(column: str) -> None:
    values = read("shipment", **{column: "2026-03-02"}).values
    assert values[column if column != "promised_at" else "own_promised_at"] == MONDAY + DAY - SECOND


def test_a_bare_date_of_what_happened_is_the_beginning_of_its_day() -> None:
    assert read("order_line", delivered_at="2026-03-02").values["delivered_at"] == MONDAY


@pytest.mark.parametrize(
    ("kind", "cells", "reason", "named"),
    [
        ("shipment", {"weight_kg": "See ASN-93 (ID#:1281)"}, Reason.WRONG_TYPE, "weight_kg"),
        ("shipment", {"weight_kg": "nan"}, Reason.WRONG_TYPE, "weight_kg"),
        ("shipment", {"weight_kg": "1_000"}, Reason.WRONG_TYPE, "weight_kg"),
        ("leg", {"seq": "1.5"}, Reason.WRONG_TYPE, "seq"),
        ("item", {"active": "perhaps"}, Reason.WRONG_TYPE, "active"),
        ("item", {"name": 7}, Reason.WRONG_TYPE, "name"),
        ("order", {"customer": True}, Reason.WRONG_TYPE, "customer"),
        ("order", {"ordered_at": "Pre-PQ Process"}, Reason.BAD_TIME, "ordered_at"),
        ("order", {"ordered_at": "2026-02-31"}, Reason.BAD_TIME, "ordered_at"),
        ("order", {"ordered_at": "2026-03-02T10:00"}, Reason.BAD_TIME, "ordered_at"),
        ("order", {"status": "Done!"}, Reason.UNKNOWN_CODE, "status"),
        ("tracking_event", {"event_time": NOON}, Reason.MISSING_VALUE, "type"),
        ("tracking_event", {"type": "delivered"}, Reason.MISSING_VALUE, "event_time"),
        ("tracking_event", {"type": "Exception: Update", "event_time": NOON}, Reason.UNKNOWN_CODE, "type"),
        ("tracking_event", {"type": "delivered", "event_time": NOON, "classifier": "X"}, Reason.UNKNOWN_CODE, "class"),
        ("stock_level", {"as_of": NOON}, Reason.MISSING_VALUE, "on_hand"),
        ("stock_move", {"quantity": 1}, Reason.MISSING_VALUE, "at"),
        ("sensor_reading", {"at": NOON}, Reason.MISSING_VALUE, "sensor"),
        ("party", {"form": "friend"}, Reason.UNKNOWN_CODE, "form"),
        ("place", {"id": ""}, Reason.MISSING_KEY, "id"),
        ("place", {"id": 1.5}, Reason.WRONG_TYPE, "id"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_column(
    kind: str, cells: dict[str, Any], reason: Reason, named: str
) -> None:
    refusal = refused(kind, **cells)
    assert (refusal.reason, named in refusal.detail) == (reason, True)
    assert not any(str(cell) in refusal.detail for cell in cells.values() if len(str(cell)) > 3)


def test_a_person_s_name_is_not_a_firm_s() -> None:
    assert read("party", name="Ana Costa", person="true").values["firm"] is None
    assert read("party", name="Swift Road").values["firm"] == "Swift Road"


def test_what_was_recorded_later_was_known_later_and_never_before_it_happened() -> None:
    late = read("order_line", delivered_at="2026-03-02", delivered_known_at="2026-03-09").values
    early = read("order_line", delivered_at="2026-03-09", delivered_known_at="2026-03-02").values
    assert late["delivered_known_at"] == MONDAY + 7 * DAY == early["delivered_known_at"]


def test_a_state_that_nobody_wrote_follows_from_the_times() -> None:
    assert read("shipment").values["status"] == "created"
    assert read("shipment", actual_depart=NOON).values["status"] == "in_transit"
    arrived = read("shipment", actual_arrive=NOON).values
    assert (arrived["status"], arrived["status_at"]) == ("delivered", parse_instant(NOON))
    assert read("leg", cancelled_at=NOON).values["status"] == "cancelled"
    assert read("leg", status="cancelled", since="2026-03-01").values["cancelled_at"] == MONDAY - DAY
    assert read("purchase_order", received_at=NOON).values["received_share"] == 1.0


def test_stock_that_its_source_does_not_project_is_reckoned() -> None:
    assert read("stock_level", on_hand=10, reserved=3, incoming=5, as_of=NOON).values["projected"] == 12
    assert read("stock_level", on_hand=10, projected=4, updated_at=NOON).values["projected"] == 4


@pytest.mark.parametrize(
    ("said", "minutes"), [("2026-03-02T12:00:00+05:30", 330), ("2026-03-02T12:00:00-03:00", -180), (NOON, 0)]
)
def test_an_event_keeps_the_offset_of_its_clock(said: str, minutes: int) -> None:
    assert read("tracking_event", type="created", event_time=said).values["zone_offset"] == minutes
    assert offset_in("2026-03-02") is None
