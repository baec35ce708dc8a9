"""Whatever a driver gives, a payload holds it as JSON and a cursor gives it back."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from substrate.sources.sql.values import kept, key_text, restored, told


class Colour(Enum):
    RED = "red"


ZONED = datetime(2026, 3, 1, 9, 30, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (Decimal("12.50"), 12.5),
        (Decimal("7.00"), 7),
        (Decimal("0.1234567890123456789"), "0.1234567890123456789"),
        (Decimal("NaN"), "NaN"),
        (float("inf"), "inf"),
        (1 << 80, str(1 << 80)),
        (ZONED, "2026-03-01T07:30:00Z"),
        (datetime(2026, 3, 1, 9, 30), "2026-03-01T09:30:00"),  # noqa: DTZ001 - a database's time without a zone
        (date(2026, 3, 1), "2026-03-01"),
        (time(9, 30), "09:30:00"),
        (timedelta(hours=-26, minutes=-3, microseconds=-500_000), "-26:03:00.5"),
        (b"\x00\xff", "00ff"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ({"a": [Decimal("1.5"), None]}, {"a": [1.5, None]}),
        (Colour.RED, "red"),
    ],
)
def test_a_payload_shows(given: Any, shown: Any) -> None:
    assert told(given) == shown
    assert type(told(given)) is type(shown)
    assert orjson.loads(orjson.dumps(told(given))) == shown


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_loses_nothing(number: Decimal) -> None:
    shown = told(number)
    assert Decimal(repr(shown) if isinstance(shown, float) else shown) == number


_VALUES = st.one_of(
    st.none(), st.text(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.binary(), st.uuids(),
    st.dates(), st.datetimes(), st.datetimes(timezones=st.just(UTC)), st.decimals(allow_nan=False),
)  # fmt: skip


@given(_VALUES)
def test_a_cursor_gives_back_what_it_was_given(value: Any) -> None:
    back = restored(json.loads(json.dumps(kept(value))))
    assert (back, type(back)) == (value, type(value))


def test_a_key_of_several_columns_is_whole_or_none() -> None:
    assert key_text([Decimal("3"), "A"]) == "3|A"
    assert key_text([3, None]) is None
    assert key_text([""]) is None
