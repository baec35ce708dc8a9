"""Every series of the school is well declared, and counts a small day as a person would."""

from __future__ import annotations

import pytest

from substrate.clock import DAY
from substrate.database import Database
from substrate.migrate import upgrade
from substrate.series.checked import checked, grid_of
from substrate.series.declare import Series, placed
from substrate.series.read import read
from substrate.series.refresh import refresh
from tests.verticals.school.feed import NOW, Feed, at
from verticals.school import vertical


@pytest.fixture
def house(database: Database) -> Database:
    """Four students, three of them at school today and all yesterday; one register is not taken, one work missing."""
    upgrade(database, [vertical])
    feed = Feed()
    for number in range(4):
        today = "absent" if number == 0 else "present"
        places = {"class": "f1", "year_group": "h1/7", "school": "h1"}
        feed.mark(f"s{number}", "2026-03-02", today, **places)
        feed.mark(f"s{number}", "2026-03-01", "present", **places)
    feed.add("sessions", id="l1", starts_at=at(NOW - DAY), register_taken_at=at(NOW - DAY))
    feed.add("sessions", id="l2", starts_at="2026-03-02T08:00:00Z")
    feed.add("line_items", id="w1", class_="f1", due_at=at(NOW - 2 * 3_600_000_000))
    feed.add("submissions", line_item="w1")
    feed.add("incidents", school="h1", at="2026-03-02T08:00:00Z")
    feed.send(database)
    return database


def told(database: Database, name: str) -> list[float]:
    """The values of the only group, yesterday and today."""
    series = placed(vertical.series_named(name), "UTC")
    with database.write() as connection:
        refresh(connection, series, NOW)
        found = read(connection, series, NOW - DAY, NOW)
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
        ("attendance_rate_class_daily", [1, 0.75]),
        ("attendance_rate_year_daily", [1, 0.75]),
        ("absent_share_school_daily", [0, 0.25]),
        ("lessons_daily", [1, 1]),
    ],
)
def test_a_day_is_counted(house: Database, name: str, expected: list[float]) -> None:
    assert told(house, name) == expected


@pytest.mark.parametrize(
    "name", ["absences_school_daily", "registers_missing_daily", "work_missing_class_daily", "incidents_school_daily"]
)
def test_what_is_wrong_counts_on_its_day(house: Database, name: str) -> None:
    assert told(house, name)[-1] == 1
