"""A full refresh in parts comes to the same end as one at once, and says so only when all of it is done."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, select

from substrate.features.parts import Division, Part, begin, finish, is_large, refresh_part
from substrate.features.refresh import Mode, RefreshReport, refresh, state_of
from substrate.features.tables import feature_history, feature_table
from tests.substrate.features.history import History
from tests.substrate.features.house import WARDS, Stay, Ward


@pytest.fixture
def history(connection: Connection) -> History:
    """Seven wards with two old stays each, never refreshed."""
    history = History(connection)
    for ward in range(-1, 6):
        history.write(Ward, ward, {"beds": 2}, 1)
        for number in range(2):
            history.write(Stay, 100 + ward * 10 + number, {"ward_id": ward, "start": 10 + number, "end": 20}, 1)
    return history


def begun(history: History, at: int, size: int = 3, mode: Mode = Mode.FULL, timeline: str = "live") -> Division:
    """A refresh in parts that is under way."""
    found = begin(history.connection, WARDS, at, size, batch=history.batch, mode=mode, timeline=timeline)
    assert isinstance(found, Division)
    return found


def done(history: History, division: Division, *numbers: int) -> RefreshReport | None:
    """Do some parts, or all, and say that it is done."""
    chosen = [part for part in division.parts if not numbers or part.number in numbers]
    reports = [refresh_part(history.connection, WARDS, division, part) for part in chosen]
    return finish(history.connection, WARDS, division, reports, 0.0)


def rows(history: History, timeline: str = "live") -> tuple[list[Any], list[Any]]:
    """What is stored, and what ever was."""
    table, past = feature_table(WARDS, timeline), feature_history(WARDS, timeline)
    columns = [column for column in past.c if column.name != "number"]
    now = history.connection.execute(select(table).order_by(table.c.id)).all()
    return [tuple(row) for row in now], sorted(map(tuple, history.connection.execute(select(*columns))))


def test_parts_are_of_equal_size_and_leave_nothing_out(history: History) -> None:
    parts = begun(history, 100).parts
    assert parts[0].low == -(1 << 63)
    assert parts[-1].high == (1 << 63) - 1
    assert [one.high + 1 for one in parts[:-1]] == [one.low for one in parts[1:]]
    assert [sum(one.low <= ward <= one.high for ward in range(-1, 6)) for one in parts] == [3, 3, 1]


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8])
def test_the_end_is_that_of_a_refresh_at_once(history: History, size: int) -> None:
    for at in (100, 101, 50):
        history.write(Stay, 200 + at, {"ward_id": at % 7 - 1, "start": 40}, at)
        history.write(Ward, at % 3, None if at == 101 else {"beds": 1}, at)
        whole = refresh(history.connection, WARDS, at, batch=history.batch, mode=Mode.FULL, timeline="full")
        report = done(history, begun(history, at, size))
        assert report is not None
        assert (report.entities, report.changed) == (whole.entities, whole.changed)
        assert rows(history) == rows(history, "full")
        states = [state_of(history.connection, WARDS, timeline) for timeline in ("live", "full")]
        assert states[0] == states[1]


def test_an_empty_view_is_one_part(connection: Connection) -> None:
    history = History(connection)
    division = begun(history, 5)
    assert [part.number for part in division.parts] == [1]
    report = done(history, division)
    assert report is not None
    assert report.entities == 0


def test_a_part_that_is_done_again_changes_nothing(history: History) -> None:
    division = begun(history, 100)
    refresh_part(history.connection, WARDS, division, division.parts[0])
    before = rows(history)
    again = refresh_part(history.connection, WARDS, division, division.parts[0])
    assert (again.entities, again.changed) == (3, 0)
    assert rows(history) == before


def test_until_all_is_done_nothing_says_so_and_the_next_does_it_all(history: History) -> None:
    refresh(history.connection, WARDS, 100, batch=history.batch)
    division = begun(history, 110)
    refresh_part(history.connection, WARDS, division, division.parts[1])
    state = state_of(history.connection, WARDS)
    assert state is not None
    assert state.as_of == 100
    report = refresh(history.connection, WARDS, 120, batch=history.batch, mode=Mode.INCREMENTAL)
    assert (report.mode, report.entities) == (Mode.FULL, 7)


def test_what_went_back_in_time_and_was_not_done_is_not_taken_for_later(history: History) -> None:
    refresh(history.connection, WARDS, 100, batch=history.batch)
    division = begun(history, 10)
    refresh_part(history.connection, WARDS, division, division.parts[0])
    state = state_of(history.connection, WARDS)
    assert state is not None
    assert state.as_of == 10
    refresh(history.connection, WARDS, 100, batch=history.batch)
    refresh(history.connection, WARDS, 100, batch=history.batch, timeline="full")
    assert rows(history)[0] == rows(history, "full")[0]


@pytest.mark.parametrize("other", ["whole", "parts"])
def test_another_refresh_takes_over_and_the_rest_does_nothing(history: History, other: str) -> None:
    first = begun(history, 100)
    refresh_part(history.connection, WARDS, first, first.parts[0])
    if other == "whole":
        refresh(history.connection, WARDS, 200, batch=history.batch)
    else:
        assert done(history, begun(history, 200)) is not None
    before = rows(history)
    late = refresh_part(history.connection, WARDS, first, first.parts[1])
    assert (late.superseded, late.changed) == (True, 0)
    assert done(history, first) is None
    assert rows(history) == before


def test_where_little_changed_there_are_no_parts(history: History) -> None:
    refresh(history.connection, WARDS, 100, batch=history.batch)
    found = begin(history.connection, WARDS, 101, 3, batch=history.batch)
    assert isinstance(found, RefreshReport)
    assert (found.mode, found.as_of) == (Mode.INCREMENTAL, 101)


def test_what_the_live_path_computed_meanwhile_stays(history: History) -> None:
    refresh(history.connection, WARDS, 100, batch=history.batch)
    division = begun(history, 110)
    table = feature_table(WARDS)
    history.connection.execute(table.update().where(table.c.id == 2).values(stays=99, as_of=111))
    done(history, division)
    assert history.connection.scalar(select(table.c.stays).where(table.c.id == 2)) == 99


def test_only_what_has_more_entities_than_a_part_is_large(history: History) -> None:
    assert [is_large(history.connection, WARDS, size) for size in (6, 7)] == [True, False]


def test_a_part_of_nobody_removes_nobody(history: History) -> None:
    refresh(history.connection, WARDS, 100, batch=history.batch)
    division = begun(history, 110)
    assert refresh_part(history.connection, WARDS, division, Part(9, 50, 60)).entities == 0
    assert len(rows(history)[0]) == 7
