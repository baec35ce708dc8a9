"""Buckets partition time, and days begin when the calendar says, in zones of every habit."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from substrate.clock import DAY, HOUR, MINUTE, WEEK, from_micros, isoformat, parse_instant
from substrate.series.buckets import Grid, starts

# A plain one, midnight skipped, midnight twice, a day skipped, half an hour's change, half an hour from UTC.
ZONES = (
    "Europe/Berlin", "America/Sao_Paulo", "Asia/Beirut", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe",
    "Asia/Kolkata",
)  # fmt: skip
FIRST = parse_instant("2005-01-01")
SPANS = st.tuples(st.integers(0, 3600 * 24 * 3000), st.integers(0, 400 * DAY)).map(
    lambda span: (FIRST + span[0] * 1_000_000, FIRST + span[0] * 1_000_000 + span[1])
)


def day(zone: str, instant: int) -> date:
    """The date on the wall."""
    return from_micros(instant).astimezone(ZoneInfo(zone)).date()


def edges(grid: Grid, first: str, last: str) -> list[str]:
    """Where buckets begin, as text."""
    return [isoformat(start) for start in starts(grid.runs(parse_instant(first), parse_instant(last)))]


@given(st.sampled_from([None, *ZONES]), st.sampled_from([15 * MINUTE, HOUR, 8 * HOUR, DAY, WEEK]), SPANS)
def test_buckets_follow_one_another_and_hold_the_span(zone: str | None, width: int, span: tuple[int, int]) -> None:
    runs = Grid(width, zone).runs(*span)
    assert all(before.end == after.start for before, after in pairwise(runs))
    assert runs[0].start <= span[0] < runs[0].start + runs[0].width
    assert runs[-1].end - runs[-1].width <= span[1] < runs[-1].end


@given(st.sampled_from(ZONES), SPANS)
def test_a_day_begins_at_its_first_instant(zone: str, span: tuple[int, int]) -> None:
    runs = Grid(DAY, zone).runs(*span)
    for start, end in pairwise([*starts(runs), runs[-1].end]):
        assert day(zone, start - 1) < day(zone, start) < day(zone, end)
        assert day(zone, end - 1) == day(zone, start)


@given(st.sampled_from(ZONES), st.sampled_from([HOUR, 8 * HOUR, DAY, WEEK]), SPANS, st.integers(0, 400 * DAY))
def test_where_a_bucket_begins_does_not_depend_on_who_asks(
    zone: str, width: int, span: tuple[int, int], more: int
) -> None:
    grid = Grid(width, zone)
    assert set(starts(grid.runs(*span))) <= set(starts(grid.runs(span[0] - more, span[1] + more)))


@given(SPANS)
def test_a_year_of_hours_is_a_handful_of_runs(span: tuple[int, int]) -> None:
    assert len(Grid(HOUR, "Europe/Berlin").runs(*span)) == 1
    assert len(Grid(DAY, "Europe/Berlin").runs(*span)) <= 7


@pytest.mark.parametrize(
    ("zone", "width", "first", "last", "expected"),
    [
        (None, DAY, "2019-03-31T05:00", "2019-03-31T06:00", ["2019-03-31T00:00:00Z"]),
        (None, WEEK, "2019-03-31", "2019-04-01", ["2019-03-25T00:00:00Z", "2019-04-01T00:00:00Z"]),
        ("Europe/Berlin", DAY, "2019-03-31", "2019-03-31T22:00", ["2019-03-30T23:00:00Z", "2019-03-31T22:00:00Z"]),
        ("Europe/Berlin", DAY, "2019-10-27", "2019-10-27T23:00", ["2019-10-26T22:00:00Z", "2019-10-27T23:00:00Z"]),
        ("Europe/Berlin", 8 * HOUR, "2019-03-31", "2019-03-31T06:00", ["2019-03-30T23:00:00Z", "2019-03-31T06:00:00Z"]),
        ("Europe/Berlin", WEEK, "2019-04-01", "2019-04-01", ["2019-03-31T22:00:00Z"]),
        ("America/Sao_Paulo", DAY, "2017-10-15T03:00", "2017-10-15T04:00", ["2017-10-15T03:00:00Z"]),
        ("Asia/Kolkata", HOUR, "2019-01-01", "2019-01-01", ["2018-12-31T23:30:00Z"]),
    ],
)
def test_known_edges(zone: str | None, width: int, first: str, last: str, expected: list[str]) -> None:
    assert edges(Grid(width, zone), first, last) == expected
