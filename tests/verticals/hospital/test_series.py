"""Every series of the hospital is well declared, and counts a small day as a person would."""

from __future__ import annotations

import pytest

from substrate.clock import DAY, HOUR
from substrate.database import Database
from substrate.migrate import upgrade
from substrate.series.checked import checked, grid_of
from substrate.series.declare import Series, placed
from substrate.series.read import read
from substrate.series.refresh import refresh
from tests.verticals.hospital.feed import NOW, Feed, at
from verticals.hospital import vertical


@pytest.fixture
def house(database: Database) -> Database:
    """A ward on which somebody arrived yesterday and went home today, and an emergency two hours ago."""
    upgrade(database, [vertical])
    feed = Feed()
    feed.add("Location", id="w1", physicalType={"coding": [{"code": "wa"}]})
    feed.add("Patient", id="p1")
    stays = (("e1", "IMP", NOW - DAY, NOW - HOUR, "finished"), ("e2", "EMER", NOW - 2 * HOUR, None, "in-progress"))
    for key, code, start, end, status in stays:
        period = {"start": at(start)} | ({"end": at(end)} if end else {})
        feed.add("Encounter", id=key, status=status, subject={"reference": "Patient/p1"}, period=period,
                 location=[{"location": {"reference": "Location/w1"}}], **{"class": {"code": code}})  # fmt: skip
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


def test_names_are_used_once() -> None:
    assert len({series.name for series in vertical.series}) == len(vertical.series)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("arrivals_daily", [1, 1]),
        ("ward_arrivals_hourly", [1, 0, 0]),
        ("emergency_arrivals_hourly", [1, 0, 0]),
    ],
)
def test_arrivals(house: Database, name: str, expected: list[float]) -> None:
    assert told(house, name) == expected


def test_a_discharge_counts_on_its_day(house: Database) -> None:
    assert told(house, "ward_discharges_daily")[-1] == 1
