"""Instants as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from substrate.clock import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    ManualClock,
    SystemClock,
    day_micros,
    duration_text,
    from_micros,
    isoformat,
    local_text,
    parse_duration,
    parse_instant,
    to_micros,
)
from substrate.errors import ConfigurationError
from substrate.mapping import Reader
from substrate.quality import RowRefused

zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=zones)  # noqa: DTZ001 - hypothesis adds it


def test_an_instant_is_told_as_the_wall_clock_shows_it() -> None:
    assert local_text(parse_instant("2019-06-01T12:05:00Z"), "Europe/Berlin") == "Sat 1 Jun 2019 14:05"


@pytest.mark.parametrize("instant", [9 * 10**18, -9 * 10**18])
def test_an_instant_beyond_all_calendars_is_told_as_a_number(instant: int) -> None:
    assert local_text(instant, "Europe/Berlin") == f"no date ({instant} µs)"


@given(moments)
def test_a_moment_survives_the_way_there_and_back(moment: datetime) -> None:
    assert from_micros(to_micros(moment)) == moment
    assert parse_instant(isoformat(to_micros(moment))) == to_micros(moment)


@given(moments, moments)
def test_instants_stand_in_the_order_of_their_moments(one: datetime, other: datetime) -> None:
    assert (to_micros(one) < to_micros(other)) == (one < other)


def test_a_naive_time_names_no_instant() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        to_micros(datetime(2024, 1, 1))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2024-03-31T01:59:59", "2024-03-31T00:59:59Z"),
        ("2024-03-31T02:30:00", "2024-03-31T01:30:00Z"),  # on no wall: an hour is left out that night
        ("2024-03-31T03:00:00", "2024-03-31T01:00:00Z"),
        ("2024-10-27T02:30:00", "2024-10-27T00:30:00Z"),  # twice on the wall: the first is meant
        ("2024-10-27T03:00:00", "2024-10-27T02:00:00Z"),
        ("2024-10-27T02:30:00+01:00", "2024-10-27T01:30:00Z"),
        ("2024-06-01", "2024-06-01T00:00:00Z"),  # a calendar date is no wall time
    ],
)
def test_wall_times_around_the_change_of_the_clocks(text: str, utc: str) -> None:
    assert isoformat(Reader("erp", "Europe/Berlin").instant(text, "start")) == utc


def test_a_wall_time_of_nowhere_is_refused() -> None:
    with pytest.raises(RowRefused, match="no time zone"):
        Reader("erp").instant("2024-06-01T12:00:00", "start")


def test_a_date_is_its_midnight() -> None:
    assert day_micros(date(1970, 1, 2)) == DAY
    assert day_micros(date(1969, 12, 31)) == -DAY


@pytest.mark.parametrize("text", ["", "soon", "2024-13-01", "2024-02-30", "12:00"])
def test_what_is_no_time_is_named(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--as-of") as refused:
        parse_instant(text, what="--as-of")
    assert repr(text) in refused.value.message


@pytest.mark.parametrize(
    ("text", "micros"),
    [("30m", 30 * MINUTE), ("1h30m", 90 * MINUTE), ("1.5h", 90 * MINUTE), ("-2w", -14 * DAY), (" 250ms ", SECOND // 4)],
)
def test_durations_as_people_write_them(text: str, micros: int) -> None:
    assert parse_duration(text) == micros


@pytest.mark.parametrize("text", ["", "-", "5", "h", "1h 30m", "1x", "--5m", "1e3s", "9" * 400 + "d"])
def test_what_is_no_duration_is_named(text: str) -> None:
    with pytest.raises(ConfigurationError, match="for: "):
        parse_duration(text, what="for:")


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "0 s"),
        (1, "< 1 s"),
        (-1, "-< 1 s"),
        (12 * SECOND, "12 s"),
        (3 * DAY + 4 * HOUR + 5 * MINUTE, "3 d 4 h"),
        (-HOUR, "-1 h"),
        (5 * HOUR + SECOND, "5 h"),
    ],
)
def test_durations_as_people_say_them(micros: int, text: str) -> None:
    assert duration_text(micros) == text


def test_clocks_say_now() -> None:
    clock = ManualClock(5)
    assert (clock.move(-7), clock.now()) == (-2, -2)
    assert abs(SystemClock().now() - to_micros(datetime.now(UTC))) < MINUTE
