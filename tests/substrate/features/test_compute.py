"""What each aggregate makes of a few events, at its edges."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from substrate.features.live import refresh_entities
from substrate.features.point_in_time import point_in_time
from tests.substrate.features.history import History
from tests.substrate.features.house import WARDS, Stay, Ward
from tests.substrate.features.test_agreement import stored


@pytest.fixture
def history(connection: Connection) -> History:
    """One ward."""
    history = History(connection)
    history.write(Ward, 1, {"beds": 2}, 1)
    return history


def add(history: History, *stays: dict[str, Any]) -> None:
    """Stays on the ward, numbered from 1."""
    for key, values in enumerate(stays, start=1):
        history.write(Stay, key, {"ward_id": 1, **values}, 1)


def value(history: History, name: str, at: int = 100) -> Any:
    """A feature of the ward, computed for it alone."""
    refresh_entities(history.connection, WARDS, [1], at)
    return stored(history.connection, WARDS)[1][name]


def test_of_two_newest_the_higher_id_is_the_latest(history: History) -> None:
    add(history, {"start": 5, "level": 1}, {"start": 5, "level": 2}, {"start": 4, "level": 3})
    assert value(history, "level_latest") == 2


def test_the_latest_of_an_event_without_a_value_is_unknown(history: History) -> None:
    add(history, {"start": 5, "level": 1}, {"start": 6})
    assert value(history, "level_latest") is None


def test_a_streak_ends_at_the_newest_miss(history: History) -> None:
    nights = [True, False, True, True]
    add(history, *({"start": 5 + number, "quiet": quiet} for number, quiet in enumerate(nights)))
    assert value(history, "quiet_streak") == 2


def test_what_happened_at_the_instant_of_a_miss_is_no_streak(history: History) -> None:
    add(history, {"start": 5, "quiet": False}, {"start": 5, "quiet": True}, {"start": 6, "quiet": True})
    assert value(history, "quiet_streak") == 1


def test_an_unknown_hit_ends_a_streak_and_counts_in_a_ratio(history: History) -> None:
    add(history, {"start": 5, "quiet": True}, {"start": 6}, {"start": 7, "quiet": True})
    assert (value(history, "quiet_streak"), value(history, "quiet_share")) == (1, pytest.approx(2 / 3))


def test_a_window_is_open_at_its_beginning_and_closed_at_its_end(history: History) -> None:
    add(history, {"start": 90}, {"start": 91}, {"start": 100}, {"start": 101})
    assert value(history, "stays_10") == 2


def test_an_entity_that_is_gone_loses_its_row(history: History) -> None:
    add(history, {"start": 5})
    value(history, "stays")
    history.write(Ward, 1, None, 2)
    assert refresh_entities(history.connection, WARDS, [1], 100).keys() == {1}
    assert stored(history.connection, WARDS) == {}


def test_a_row_that_is_true_for_a_later_instant_is_left(history: History) -> None:
    add(history, {"start": 5}, {"start": 50})
    assert value(history, "stays", 60) == 2
    assert value(history, "stays", 20) == 2


def test_a_spine_without_points_asks_nothing(history: History) -> None:
    assert point_in_time(history.connection, WARDS, []) == {}


def test_one_entity_at_many_instants(history: History) -> None:
    add(history, {"start": 5}, {"start": 7}, {"start": 9})
    found = point_in_time(history.connection, WARDS, [(1, at) for at in (4, 5, 8, 9)])
    assert [row["stays"] for row in found.values()] == [0, 1, 2, 3]
