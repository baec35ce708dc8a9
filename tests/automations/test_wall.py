"""Times on the wall: of one zone, the year only where it is another one, and distances in two units."""

from __future__ import annotations

import pytest

from automations.wall import Wall, opened
from substrate.clock import DAY, HOUR, MINUTE, SECOND, parse_instant

NOW = parse_instant("2026-03-29T02:30:00Z")
WALL = Wall("Europe/Berlin", NOW)


@pytest.mark.parametrize(
    ("instant", "time", "away"),
    [
        (NOW, "Sun 29 Mar 04:30", "just now"),
        (NOW - 75 * MINUTE, "Sun 29 Mar 03:15", "1 h 15 min ago"),
        (NOW - 2 * HOUR, "Sun 29 Mar 01:30", "2 h ago"),  # the night in which the clocks went forward
        (NOW + 20 * MINUTE, "Sun 29 Mar 04:50", "in 20 min"),
        (NOW - 400 * DAY, "Sat 22 Feb 2025 03:30", "400 days ago"),
        (NOW - 800 * DAY, "Fri 19 Jan 2024 03:30", "2 years ago"),
        (NOW - 5 * SECOND - 326_000, "Sun 29 Mar 04:29", "5 s ago"),
    ],
)
def test_an_instant_is_told_as_on_the_wall_and_by_its_distance(instant: int, time: str, away: str) -> None:
    assert (WALL.time(instant), WALL.away(instant)) == (time, away)


def test_a_sentence_names_its_instants_as_on_the_wall() -> None:
    part = {"text": "released 1 h 15 min ago (2026-03-29 01:15 UTC)", "times": [NOW - 75 * MINUTE]}
    assert WALL.sentence(part) == "Released 1 h 15 min ago (Sun 29 Mar 03:15)"


@pytest.mark.parametrize(("text", "said"), [("flag: high", "Flag: high"), ("pH: 7.2", "pH: 7.2"), ("", "")])
def test_a_sentence_opens_with_a_capital_unless_spelt_in_a_way_of_its_own(text: str, said: str) -> None:
    assert opened(text) == said
