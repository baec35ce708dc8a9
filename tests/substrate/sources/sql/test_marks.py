"""Marks never lie in the future, and never jump over a row that a local clock stamped earlier."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from substrate.clock import HOUR, MINUTE, from_micros, to_micros
from substrate.sources.sql.marks import Reach, instant

BERLIN = ZoneInfo("Europe/Berlin")
OPENED = to_micros(datetime(2026, 6, 1, 12, tzinfo=UTC))


def reach(opened: int = OPENED, zone: ZoneInfo = BERLIN, overlap: int = 10 * MINUTE) -> Reach:
    return Reach(opened, zone, overlap, 1_000)


def naive(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("mark", "since"),
    [
        (datetime(2026, 6, 1, 10, tzinfo=UTC), datetime(2026, 6, 1, 9, 50, tzinfo=UTC)),
        (naive("2026-06-01T12:00:00.5"), naive("2026-06-01T11:50:00.5")),
        ("2026-06-01 12:00:00.123", "2026-06-01 11:50:00"),
        ("2026-06-01T10:00:00Z", "2026-06-01T09:50:00"),
        ("2026-06-01T15:00:00+05:00", "2026-06-01T14:50:00"),
        (date(2026, 6, 1), date(2026, 5, 31)),
        ("2026-06-01", "2026-05-31"),
        (5_000, 4_000),
        (Decimal("5000"), Decimal("4000")),
        (1_780_000_000_000, 1_780_000_000_000 - 600_000),
    ],
)
def test_the_next_read_begins_an_overlap_earlier_in_the_columns_own_terms(mark: Any, since: Any) -> None:
    assert reach().may_be(mark)
    assert reach().since(mark) == since


@pytest.mark.parametrize("value", ["2099-01-01 00:00:00", "infinity", "soon", "20260601", None, b"\x00", True])
def test_what_has_not_come_or_is_no_time_is_no_mark(value: Any) -> None:
    assert not reach().may_be(value)


def test_clocks_put_back_make_no_gap() -> None:
    """Berlin, 25 October 2026: after 02:59:59 comes 02:00:00 again."""
    before = to_micros(datetime(2026, 10, 25, 0, 58, tzinfo=UTC))
    after = to_micros(datetime(2026, 10, 25, 1, 20, tzinfo=UTC))
    mark = from_micros(before).astimezone(BERLIN).replace(tzinfo=None)
    written = from_micros(to_micros(datetime(2026, 10, 25, 1, 5, tzinfo=UTC))).astimezone(BERLIN).replace(tzinfo=None)
    assert reach(after).since(mark) <= written < mark


@given(at=st.integers(0, 48 * 60), later=st.integers(0, 24 * 60), written=st.integers(0, 24 * 60))
def test_no_row_written_since_is_before_the_next_read(at: int, later: int, written: int) -> None:
    """Around the change, a row written at any time after the mark is found, though its stamp says no zone."""
    start = to_micros(datetime(2026, 10, 24, 12, tzinfo=UTC))
    moment, opened = start + at * MINUTE, start + (at + later) * MINUTE
    stamp = from_micros(moment + min(written, later) * MINUTE).astimezone(BERLIN).replace(tzinfo=None)
    mark = from_micros(moment).astimezone(BERLIN).replace(tzinfo=None)
    assert reach(opened).since(mark) <= stamp


def test_a_text_mark_lies_before_every_way_to_write_its_time() -> None:
    since = reach(overlap=0).since("2026-06-01 12:00:00.900")
    assert all(since <= text for text in ("2026-06-01 12:00:00", "2026-06-01 12:00:00.000001", "2026-06-01 12:00:00Z"))


def test_only_what_came_just_now_ends_a_busy_read() -> None:
    soon = from_micros(OPENED + MINUTE)
    assert reach().is_just_after(soon)
    assert not reach().is_just_after(soon - timedelta(minutes=2))
    assert not reach().is_just_after(from_micros(OPENED + 2 * HOUR))
    assert not reach().is_just_after(OPENED + 1)


def test_a_date_is_its_midnight_where_the_database_lives() -> None:
    assert instant(date(2026, 6, 1), BERLIN) == to_micros(datetime(2026, 5, 31, 22, tzinfo=UTC))
