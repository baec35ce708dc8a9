"""The waits between attempts: bounded, spread, obedient to the provider, and over at some time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from automations.backoff import MAX_ATTEMPTS, ceiling, next_try
from automations.channels.channel import Failure
from substrate.clock import DAY, MINUTE, SECOND

ATTEMPTS = st.integers(1, MAX_ATTEMPTS - 1)
NOW = st.integers(0, 2**62 // 2)
CHANCE = st.floats(0, 1, exclude_max=True)


def test_the_ceiling_climbs_from_five_seconds_to_a_quarter_of_an_hour() -> None:
    assert [ceiling(one) // SECOND for one in range(1, 8)] == [5, 15, 45, 135, 405, 900, 900]


@given(ATTEMPTS, NOW, CHANCE)
def test_a_wait_is_at_least_a_second_and_at_most_its_ceiling(attempts: int, now: int, chance: float) -> None:
    due = next_try(attempts, now, None, None, chance)
    assert isinstance(due, int)
    assert SECOND <= due - now <= ceiling(attempts)


@given(ATTEMPTS, NOW, CHANCE, st.integers(-DAY, 3 * DAY))
def test_the_provider_is_never_asked_before_it_wants_to_be(attempts: int, now: int, chance: float, after: int) -> None:
    due = next_try(attempts, now, None, after, chance)
    assert isinstance(due, int)
    assert due - now >= min(max(after, SECOND), DAY)
    assert due - now <= max(after, 0) + 5 * SECOND


@given(st.integers(MAX_ATTEMPTS, 99), NOW, CHANCE)
def test_the_eighth_failure_is_the_last(attempts: int, now: int, chance: float) -> None:
    assert next_try(attempts, now, None, None, chance) is Failure.EXHAUSTED


@given(ATTEMPTS, NOW, CHANCE, st.integers(-DAY, DAY))
def test_nothing_is_tried_after_its_time(attempts: int, now: int, chance: float, left: int) -> None:
    due = next_try(attempts, now, now + left, None, chance)
    assert due is Failure.EXPIRED if isinstance(due, Failure) else now < due < now + left


def test_chance_spreads_over_the_whole_span() -> None:
    assert next_try(6, 0, None, None, 0.5) == 7.5 * MINUTE
