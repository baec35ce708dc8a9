"""Logistics' features: they agree however they are computed, and mean what they say on a small depot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from substrate.clock import DAY, HOUR, MINUTE, parse_instant
from substrate.database import Database
from substrate.features.checked import feature_operands, plans
from substrate.features.declare import View
from substrate.features.point_in_time import point_in_time
from substrate.features.refresh import Mode, refresh
from substrate.features.tables import LIVE, feature_table
from substrate.ingest import ingest
from substrate.migrate import upgrade
from substrate.sources.folder import FolderOptions, FolderSource
from tests.verticals.logistics.feed import NOW, Feed, seen
from verticals.logistics import vertical
from verticals.logistics.features import VIEWS
from verticals.logistics.sample import SamplePlan, generate

PLAN = SamplePlan(customers=30, days=14, seed=5, defects=0)
FIRST = ("place", "party", "lane", "item", "vehicle", "order", "shipment", "leg", "stock_level", "sensor")


@pytest.fixture
def depot(database: Database) -> Database:
    """An empty database with the tables of logistics."""
    upgrade(database, [vertical])
    return database


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.entity.kind)
def test_every_feature_is_checked_and_explained(view: View) -> None:
    assert set(feature_operands(view)) == {feature.name for feature in view.features}
    assert all(len(feature.text) > 2 for feature in view.features)


def stored(connection: Connection, view: View) -> dict[int, dict[str, Any]]:
    """What the feature table holds, by entity; a number is told to nine digits, for sums come in any order."""
    table, names = feature_table(view, LIVE), [plan.aggregate.name for plan in plans(view)]
    rows = connection.execute(select(table.c.id, *(table.c[name] for name in names)))
    return {row[0]: rounded(dict(zip(names, row[1:], strict=True))) for row in rows}


def rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 9) if isinstance(value, float) else value for name, value in values.items()}


def test_full_incremental_and_point_in_time_agree(depot: Database, tmp_path: Path) -> None:
    generate(tmp_path, PLAN)
    for kinds, learned in ((FIRST, NOW - 2 * DAY), (None, NOW)):
        ingest(depot, vertical, FolderSource("erp", FolderOptions(path=tmp_path, kinds=kinds)), learned)
        with depot.write() as connection:
            for view in VIEWS:
                refresh(connection, view, learned, mode=Mode.INCREMENTAL)
    with depot.write() as connection:
        for view in VIEWS:
            later = NOW + 3 * HOUR
            assert refresh(connection, view, later, mode=Mode.INCREMENTAL).mode is Mode.INCREMENTAL
            partly = stored(connection, view)
            refresh(connection, view, later, mode=Mode.FULL)
            assert stored(connection, view) == partly
            then = point_in_time(connection, view, [(number, later) for number in partly])
            assert {number: rounded(row) for (number, _), row in then.items()} == partly


def test_an_arrival_is_seen_from_when_it_was_recorded(depot: Database) -> None:
    feed = Feed()
    feed.add("shipment", id="s1", promised_at=NOW - 3 * DAY, actual_arrive=NOW - 4 * DAY, arrive_known_at=NOW - 2 * DAY)
    feed.send(depot)
    told = [seen(depot, "shipment", "s1", "hours_late", when=NOW - int(days * DAY))["hours_late"] for days in (2.5, 1)]
    assert told == [pytest.approx(12), pytest.approx(-24)]


def test_a_shipment_takes_the_orders_promise_unless_it_has_its_own(depot: Database) -> None:
    feed = Feed()
    feed.add("shipment", id="s1", order="o1")
    feed.add("shipment", id="s2", order="o1", promised_at="2026-03-05")
    feed.add("order", id="o1", promised_at="2026-03-01")
    feed.send(depot)
    ends = NOW // DAY * DAY
    assert seen(depot, "shipment", "s1", "promised_at") == {"promised_at": ends - 1_000_000}
    assert seen(depot, "shipment", "s2", "promised_at") == {"promised_at": ends + 4 * DAY - 1_000_000}


def test_a_scan_that_was_taken_back_or_only_planned_never_happened(depot: Database) -> None:
    feed = Feed()
    feed.add("shipment", id="s1")
    scan = {"shipment": "s1", "type": "delivery_attempt_failed"}
    feed.add("tracking_event", id="a", **scan, event_time=NOW - 5 * HOUR)
    feed.add("tracking_event", id="b", **scan, event_time=NOW - 4 * HOUR, retracted_at=NOW - HOUR)
    feed.add("tracking_event", id="c", **scan, event_time=NOW - 3 * HOUR, classifier="PLN")
    feed.add("tracking_event", id="d", **scan, event_time=NOW - 6 * HOUR, record_time=NOW - HOUR)
    feed.send(depot)
    assert seen(depot, "shipment", "s1", "failed_attempts") == {"failed_attempts": 2}
    assert seen(depot, "shipment", "s1", "failed_attempts", when=NOW - 2 * HOUR) == {"failed_attempts": 2}
    assert seen(depot, "shipment", "s1", "failed_attempts", when=NOW - 270 * MINUTE) == {"failed_attempts": 1}


def test_the_carriers_last_estimate_is_known_from_when_it_was_told(depot: Database) -> None:
    feed = Feed()
    feed.add("shipment", id="s1", promised_at=NOW + DAY, planned_arrive=NOW + 20 * HOUR)
    feed.add("tracking_event", id="a", shipment="s1", type="delivered", classifier="EST", event_time=NOW + 2 * DAY,
             record_time=NOW - HOUR)  # fmt: skip
    feed.send(depot)
    for when, hours in ((NOW - 2 * HOUR, -4), (NOW, 24)):
        assert seen(depot, "shipment", "s1", "hours_predicted_late", when=when) == {"hours_predicted_late": hours}


@pytest.mark.parametrize(
    ("scanned", "now", "weekends"),
    [
        ("2026-02-27T20:00:00Z", "2026-03-02T10:00:00Z", 1),
        ("2026-02-27T20:00:00Z", "2026-02-27T23:00:00Z", 0),
        ("2026-02-23T08:00:00Z", "2026-02-27T23:00:00Z", 0),
        ("2026-02-20T08:00:00Z", "2026-03-02T10:00:00Z", 2),
        ("2026-02-28T09:00:00Z", "2026-03-02T10:00:00Z", 0),
    ],
)
def test_a_weekend_that_begins_in_the_silence_is_counted(
    depot: Database, scanned: str, now: str, weekends: int
) -> None:
    feed = Feed()
    feed.add("shipment", id="s1")
    feed.add("tracking_event", id="a", shipment="s1", type="in_transit", event_time=scanned)
    feed.send(depot)
    told = seen(depot, "shipment", "s1", "weekends_silent", when=parse_instant(now))
    assert told == {"weekends_silent": weekends}


def test_a_vehicle_is_expected_as_its_previous_leg_goes(depot: Database) -> None:
    feed = Feed()
    feed.add("leg", id="b", previous="a", planned_depart=NOW + HOUR, turnaround_minutes=30)
    feed.add("leg", id="a", planned_depart=NOW - 3 * HOUR, planned_arrive=NOW - HOUR, actual_depart=NOW - 2 * HOUR,
             actual_arrive=NOW + HOUR)  # fmt: skip
    feed.send(depot, NOW + 2 * HOUR)
    told = [
        seen(depot, "leg", "b", "predicted_delay_minutes", when=NOW + late * MINUTE)["predicted_delay_minutes"]
        for late in (-90, 0, 45, 60)
    ]
    assert told == [-90, -30, 15, 30]


def test_stock_knows_when_it_crossed_its_reorder_point(depot: Database) -> None:
    feed = Feed()
    for key, days, quantity, balance in (("a", 9, 100, 140), ("b", 4, -60, 80), ("c", 1, -20, 60)):
        feed.add("stock_move", id=key, stock_level="k1", quantity=quantity, balance=balance, at=NOW - days * DAY)
    feed.add("stock_level", id="k1", on_hand=60, incoming=10, reserved=14, reorder_point=90, as_of=NOW - HOUR)
    feed.send(depot)
    names = ("projected", "last_above_at", "moves_below", "used_28d", "days_of_cover")
    assert list(seen(depot, "stock_level", "k1", *names).values()) == [56, NOW - 9 * DAY, 2, 80, pytest.approx(19.6)]


def test_a_dead_sensor_is_no_endless_breach(depot: Database) -> None:
    feed = Feed()
    feed.add("sensor", id="t1", low=2, high=8, interval_minutes=30)
    for key, minutes, value in (("a", 120, 5.0), ("b", 90, 9.5), ("c", 60, 9.9)):
        feed.add("sensor_reading", id=key, sensor="t1", value=value, at=NOW - minutes * MINUTE)
    feed.send(depot)
    names = ("readings_out", "excursion_minutes_24h", "minutes_silent")
    assert list(seen(depot, "sensor", "t1", *names).values()) == [2, 60, 60]
    assert list(seen(depot, "sensor", "t1", *names, when=NOW + 2 * DAY).values()) == [2, 0, 2940]


def test_a_reading_may_tell_its_own_bounds(depot: Database) -> None:
    feed = Feed()
    feed.add("sensor", id="t1", low=2, high=8, interval_minutes=30)
    feed.add("sensor_reading", id="a", sensor="t1", value=-18.0, low=-25, high=-15, at=NOW - HOUR)
    feed.send(depot)
    assert seen(depot, "sensor", "t1", "readings_out") == {"readings_out": 0}


def test_a_lane_knows_how_long_its_shipments_are_silent(depot: Database) -> None:
    feed = Feed()
    feed.add("lane", id="l1")
    feed.add("shipment", id="s1", lane="l1", actual_depart=NOW - 30 * HOUR, actual_arrive=NOW - 6 * HOUR)
    for hours in (30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 6):
        feed.add("tracking_event", id=f"e{hours}", shipment="s1", type="in_transit", event_time=NOW - hours * HOUR)
    feed.send(depot)
    # Of twenty silences nineteen are an hour long: the one in twenty that is longer sets no limit.
    assert list(seen(depot, "lane", "l1", "transit_hours_mean_90d", "silence_limit_hours").values()) == [24, 1]
    feed.add("lane", id="l2")
    feed.add("tracking_event", id="e", shipment="s2", type="in_transit", event_time=NOW - HOUR)
    feed.add("shipment", id="s2", lane="l2", actual_depart=NOW - 2 * HOUR)
    feed.send(depot)
    assert seen(depot, "lane", "l2", "silence_limit_hours") == {"silence_limit_hours": None}
