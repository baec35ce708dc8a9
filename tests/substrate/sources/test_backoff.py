"""Waiting: as long as the server asks, else a random time that grows, and not for ever."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from substrate.sources.backoff import Backoff, http_date, retry_after

NOW = 1_700_000_000_000_000


@given(st.integers(1, 5), st.floats(0, 0.999))
def test_wait_is_jittered_between_nothing_and_the_cap(tried: int, chance: float) -> None:
    wait = Backoff(cap_seconds=4).wait(tried, None, lambda: chance)
    assert wait is not None
    assert 0 <= wait <= min(4, 0.5 * 2**tried)


def test_server_that_says_when_is_obeyed() -> None:
    assert Backoff().wait(1, 30, lambda: 0) == 30


def test_server_that_asks_for_too_long_has_refused() -> None:
    assert Backoff(patience_seconds=600).wait(1, 601, lambda: 0) is None


def test_tries_come_to_an_end() -> None:
    assert Backoff(attempts=3).wait(3, None, lambda: 0) is None


def test_retry_after_is_read_in_both_forms() -> None:
    assert retry_after("120", NOW) == 120
    assert retry_after("Tue, 14 Nov 2023 22:14:20 GMT", NOW) == 60
    assert retry_after("Tue, 14 Nov 2023 22:00:00 GMT", NOW) == 0


def test_nonsense_is_no_date() -> None:
    assert [http_date(text) for text in (None, "", "soon", "-1")] == [None] * 4
