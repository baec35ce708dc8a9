"""Every series of logistics is well declared, and counts a small depot as a person would."""

from __future__ import annotations

import pytest

from substrate.clock import DAY, HOUR
from substrate.database import Database
from substrate.migrate import upgrade
from substrate.series.checked import checked, grid_of
from substrate.series.declare import Series, placed
from substrate.series.read import read
from substrate.series.refresh import refresh
from tests.verticals.logistics.feed import NOW, Feed
from verticals.logistics import vertical


@pytest.fixture
def depot(database: Database) -> Database:
    """Two shipments of one carrier and lane, one of them late, with a scan each and another that was taken back."""
    upgrade(database, [vertical])
    feed = Feed()
    for key, late in (("s1", -3), ("s2", 2)):
        feed.add(
            "shipment",
            id=key,
            lane="l1",
            carrier="c1",
            origin="p1",
            destination="p2",
            promised_at=NOW - (4 + late) * HOUR,
            actual_depart=NOW - DAY,
            actual_arrive=NOW - 4 * HOUR,
        )
        feed.add("tracking_event", id=key, shipment=key, type="delivered", event_time=NOW - HOUR, place="p2")
    feed.add("tracking_event", id="s3", shipment="s1", type="exception", event_time=NOW - HOUR, place="p2",
             retracted_at=NOW - HOUR)  # fmt: skip
    feed.send(database)
    return database


def told(database: Database, name: str) -> list[float]:
    """The values of the only group, yesterday and today or of the last three hours."""
    series = placed(vertical.series_named(name), "UTC")
    with database.write() as connection:
        refresh(connection, series, NOW)
        found = read(connection, series, NOW - min(DAY, 2 * grid_of(series).width), NOW)
    (values,) = found.values.values()
    return [float(value) for value in values]


@pytest.mark.parametrize("series", vertical.series, ids=lambda each: each.name)
def test_a_series_is_well_declared(series: Series) -> None:
    assert checked(series).record in vertical.records
    assert grid_of(placed(series, "Europe/Berlin")).width > 0


@pytest.mark.parametrize("name", ["lane_on_time_daily", "carrier_on_time_daily", "depot_on_time_daily"])
def test_half_of_the_arrivals_came_in_time(depot: Database, name: str) -> None:
    assert told(depot, name)[-1] == 0.5


@pytest.mark.parametrize("name", ["lane_shipments_daily", "carrier_shipments_daily", "depot_shipments_daily"])
def test_what_left_yesterday_counts_yesterday(depot: Database, name: str) -> None:
    assert told(depot, name) == [2, 0]


def test_a_scan_that_was_taken_back_does_not_count(depot: Database) -> None:
    assert told(depot, "depot_scans_hourly")[1:] == [2, 0]
