"""Instants as people read them."""

from __future__ import annotations

import pytest

from substrate.clock import local_text, parse_instant


def test_an_instant_is_told_as_the_wall_clock_shows_it() -> None:
    assert local_text(parse_instant("2019-06-01T12:05:00Z"), "Europe/Berlin") == "Sat 1 Jun 2019 14:05"


@pytest.mark.parametrize("instant", [9 * 10**18, -9 * 10**18])
def test_an_instant_beyond_all_calendars_is_told_as_a_number(instant: int) -> None:
    assert local_text(instant, "Europe/Berlin") == f"no date ({instant} µs)"
