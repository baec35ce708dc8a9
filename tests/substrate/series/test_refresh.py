"""What a refresh computes again, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Connection, select

from substrate.clock import DAY, HOUR, parse_instant
from substrate.features.refresh import Mode
from substrate.series.declare import Series
from substrate.series.refresh import SeriesReport, refresh, state_of
from substrate.series.tables import series_table
from tests.substrate.features.history import History
from tests.substrate.features.house import Stay, Visit
from tests.substrate.series.house import ARRIVALS, SERIES, Call

NOON = parse_instant("2019-06-03T12:00:00Z")


@pytest.fixture
def history(connection: Connection) -> History:
    """Thirty arrivals on ward 1, one an hour, the newest at noon, refreshed then."""
    history = History(connection)
    for number in range(30):
        history.write(Stay, number, {"ward_id": 1, "start": NOON - number * HOUR}, 1)
    again(history)
    return history


def again(history: History, at: int = NOON, mode: Mode = Mode.INCREMENTAL, series: Series = ARRIVALS) -> SeriesReport:
    """Refresh to an instant, with all that was written."""
    return refresh(history.connection, series, at, batch=history.batch, mode=mode)


def counts(history: History) -> dict[tuple[int, int], float]:
    """The stored values by ward and hours before noon."""
    rows = history.connection.execute(select(series_table(ARRIVALS)))
    return {(row.group_id, (NOON - row.bucket) // HOUR): row.value for row in rows}


def test_the_first_refresh_is_full_whatever_was_asked(connection: Connection) -> None:
    assert refresh(connection, ARRIVALS, NOON, batch=0, mode=Mode.INCREMENTAL).mode is Mode.FULL


def test_nothing_changed_computes_nothing(history: History) -> None:
    report = again(history)
    assert (report.mode, report.points, report.stored) == (Mode.INCREMENTAL, 0, 30)


def test_a_new_event_computes_its_point_alone(history: History) -> None:
    history.write(Stay, 99, {"ward_id": 1, "start": NOON - 3 * HOUR + 1}, 2)
    assert again(history).points == 1
    assert counts(history)[1, 3] == 2


def test_a_moved_event_computes_both_points(history: History) -> None:
    history.write(Stay, 3, {"ward_id": 2, "start": NOON - 5 * HOUR}, 2)
    assert again(history).points == 2
    assert (1, 3) not in counts(history)
    assert counts(history)[2, 5] == 1


def test_a_dropped_event_takes_its_point_with_it(history: History) -> None:
    history.write(Stay, 3, None, 2)
    assert (again(history).stored, (1, 3) in counts(history)) == (29, False)


def test_an_event_ahead_is_counted_when_it_comes(history: History) -> None:
    history.write(Stay, 99, {"ward_id": 2, "start": NOON + HOUR}, 2)
    assert [again(history, NOON + late).points for late in (0, HOUR - 1, HOUR, HOUR + 1)] == [0, 0, 1, 0]
    assert counts(history)[2, -1] == 1


def test_a_value_that_becomes_known_computes_its_point(history: History) -> None:
    times = {"noted": NOON - HOUR, "due": NOON - 3 * HOUR, "answered_at": NOON + 5}
    history.write(Call, 1, {"topic": "bed", "answered": True, **times}, 2)
    series = {series.name: series for series in SERIES}["calls"]
    ticks = [again(history, NOON + late, series=series).points for late in (0, 4, 5, 6)]
    assert ticks == [1, 0, 1, 0]


def test_an_event_that_begins_to_exist_after_its_time_computes_its_point(history: History) -> None:
    history.write(Visit, 1, {"start": NOON - HOUR, "booked": NOON + 5}, 2)
    series = {series.name: series for series in SERIES}["missed"]
    again(history, series=series)
    assert [again(history, NOON + late, series=series).stored for late in (4, 5)] == [0, 1]


def test_time_drops_what_is_too_old(history: History) -> None:
    report = again(history, NOON + 250 * DAY)
    assert (report.mode, report.points, report.stored) == (Mode.INCREMENTAL, 0, 1)


def test_time_that_moves_backwards_is_a_full_refresh(history: History) -> None:
    report = again(history, NOON - HOUR)
    assert (report.mode, report.stored) == (Mode.FULL, 29)


def test_a_changed_declaration_or_zone_is_a_full_refresh(history: History) -> None:
    assert again(history, series=replace(ARRIVALS, zone="Asia/Kolkata")).mode is Mode.FULL
    assert again(history, series=replace(ARRIVALS, zone="Asia/Kolkata", where="level > 1")).mode is Mode.FULL


def test_where_much_changed_all_is_computed(history: History) -> None:
    for number in range(4):
        history.write(Stay, number, {"ward_id": 2, "start": NOON}, 2)
    assert again(history, mode=Mode.AUTO).mode is Mode.FULL


def test_the_state_says_what_is_stored(history: History) -> None:
    state = state_of(history.connection, ARRIVALS)
    assert state is not None
    assert (state.as_of, state.batch, state.rows) == (NOON, history.batch, 30)


def test_another_timeline_has_points_of_its_own(history: History) -> None:
    refresh(history.connection, ARRIVALS, NOON - 10 * HOUR, batch=history.batch, timeline="full")
    assert len(counts(history)) == 30
