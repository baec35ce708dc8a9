"""A read gives every bucket of a span: 0 is said only where it is known."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Connection

from substrate.clock import DAY, HOUR, MINUTE, parse_instant
from substrate.errors import ConflictError
from substrate.features.declare import How
from substrate.freshness import advance
from substrate.series.declare import Series
from substrate.series.read import Stretch, read, read_as_of
from substrate.series.refresh import refresh
from tests.substrate.features.history import History
from tests.substrate.features.house import Stay
from tests.substrate.series.house import ARRIVALS

NOON = parse_instant("2019-06-03T12:00:00Z")
NOW = NOON + 30 * MINUTE
MEAN = replace(ARRIVALS, name="level", by="patient_id", how=How.MEAN, value="level", bucket="8h", zone="Europe/Berlin")


@pytest.fixture
def history(connection: Connection) -> History:
    """Two arrivals on ward 1, four hours and one hour before noon; one on ward 2 after noon."""
    history = History(connection)
    for key, ward, start in ((1, 1, NOON - 4 * HOUR), (2, 1, NOON - HOUR), (3, 2, NOON + 10 * MINUTE)):
        history.write(Stay, key, {"ward_id": ward, "patient_id": 1, "start": start, "level": key}, key)
    for series in (ARRIVALS, MEAN):
        refresh(connection, series, NOW, batch=history.batch)
    return history


def shown(stretch: Stretch, group: int = 1) -> str:
    """The values of a group in one line; a dash is unknown."""
    return " ".join("-" if value != value else f"{value:g}" for value in stretch.values[group].tolist())


def asked(history: History, series: Series = ARRIVALS, *, groups: list[int] | None = None, late: int = 0) -> Stretch:
    """A read from six hours before noon."""
    return read(history.connection, series, NOON - 6 * HOUR, NOON + late, groups=groups)


def test_nothing_is_0_after_the_first_event_and_unknown_before(history: History) -> None:
    assert shown(asked(history)) == "- - 1 0 0 1 0"


def test_what_is_to_come_is_unknown(history: History) -> None:
    assert shown(asked(history, late=2 * HOUR), 2) == "- - - - - - 1 - -"


def test_a_mean_of_nothing_is_unknown(history: History) -> None:
    stretch = read(history.connection, MEAN, NOON - DAY, NOON + 8 * HOUR)
    assert shown(stretch) == "- - - 2 -"
    assert stretch.events[1].tolist() == [0, 0, 0, 3, 0]


def test_the_bucket_that_has_not_ended_is_partial(history: History) -> None:
    assert asked(history).partial.tolist() == [False] * 6 + [True]


def test_a_group_without_points_is_unknown_throughout(history: History) -> None:
    assert shown(asked(history, groups=[9]), 9) == "- - - - - - -"


def test_only_the_groups_that_were_asked_for_are_given(history: History) -> None:
    assert set(asked(history, groups=[2]).values) == {2}
    assert set(asked(history).values) == {1, 2}


def test_records_that_are_behind_leave_the_rest_unknown(history: History) -> None:
    advance(history.connection, ["records:house_stay"], "erp", NOON - 2 * HOUR - 1)
    stretch = asked(history)
    assert shown(stretch) == "- - 1 0 - 1 -"
    assert stretch.partial.tolist() == [False] * 3 + [True] * 4


def test_what_happened_before_the_span_makes_its_silence_known(history: History) -> None:
    stretch = read(history.connection, ARRIVALS, NOON - 3 * HOUR, NOON - 2 * HOUR)
    assert (shown(stretch), 2 in stretch.values) == ("0 0", False)


def test_a_read_back_in_time_sees_what_was_then(history: History) -> None:
    at = NOON - HOUR - 1
    stretch = read_as_of(history.connection, ARRIVALS, at, NOON - 6 * HOUR, NOON)
    assert (shown(stretch), stretch.as_of) == ("- - 1 0 0 - -", at)


def test_a_read_as_known_then_does_not_see_what_was_learnt_later(history: History) -> None:
    stretch = read_as_of(history.connection, ARRIVALS, NOW, NOON - 6 * HOUR, NOON, known=1)
    assert stretch.events[1].tolist() == [0, 0, 1, 0, 0, 0, 0]


def test_what_was_never_computed_is_no_silence(connection: Connection) -> None:
    with pytest.raises(ConflictError, match="never computed"):
        read(connection, ARRIVALS, NOON, NOON)
