"""What a refresh computes again, and what it leaves alone."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, func, select

from substrate.features.declare import Events, View
from substrate.features.live import refresh_entities
from substrate.features.refresh import Mode, RefreshReport, refresh, state_of
from substrate.features.tables import feature_history, feature_table
from tests.substrate.features.history import History
from tests.substrate.features.house import PATIENTS, WARDS, Patient, Stay, Visit, Ward


@pytest.fixture
def history(connection: Connection) -> History:
    """Five wards with two old stays each, refreshed to instant 100."""
    history = History(connection)
    for ward in range(1, 6):
        history.write(Ward, ward, {"beds": 2}, 1)
        for number in range(2):
            history.write(Stay, ward * 10 + number, {"ward_id": ward, "start": 10 + number, "end": 20}, 1)
    again(history, 100)
    return history


def again(history: History, at: int, mode: Mode = Mode.AUTO, view: View = WARDS) -> RefreshReport:
    """Refresh to an instant, with all that was written."""
    return refresh(history.connection, view, at, batch=history.batch, mode=mode)


def stays(history: History) -> dict[int, int]:
    """The stored number of stays by ward."""
    table = feature_table(WARDS)
    return {row.id: row.stays for row in history.connection.execute(select(table.c.id, table.c.stays))}


def test_the_first_refresh_is_full_whatever_was_asked(connection: Connection) -> None:
    assert refresh(connection, WARDS, 1, batch=0, mode=Mode.INCREMENTAL).mode is Mode.FULL


def test_nothing_changed_computes_nothing(history: History) -> None:
    report = again(history, 100)
    assert (report.mode, report.entities, report.changed) == (Mode.INCREMENTAL, 0, 0)


def test_time_alone_computes_nothing_where_no_window_is_crossed(history: History) -> None:
    assert again(history, 1000).entities == 0


def test_a_new_event_computes_its_entity_alone(history: History) -> None:
    history.write(Stay, 99, {"ward_id": 2, "start": 100}, 2)
    report = again(history, 100)
    assert (report.entities, report.changed, stays(history)[2]) == (1, 1, 3)


def test_a_moved_event_computes_both_entities(history: History) -> None:
    history.write(Stay, 10, {"ward_id": 3, "start": 10}, 2)
    assert again(history, 100).entities == 2
    assert (stays(history)[1], stays(history)[3]) == (1, 3)


def test_a_dropped_event_computes_its_entity(history: History) -> None:
    history.write(Stay, 10, None, 2)
    assert again(history, 100).entities == 1
    assert stays(history)[1] == 1


def test_a_change_that_no_feature_sees_is_computed_and_not_written(history: History) -> None:
    history.write(Stay, 10, {"ward_id": 1, "start": 10, "end": 20, "patient_id": None}, 2)
    report = again(history, 100)
    assert (report.entities, report.changed) == (1, 0)


def test_an_event_that_leaves_a_window_computes_its_entity_once(history: History) -> None:
    history.write(Stay, 99, {"ward_id": 2, "start": 100, "level": 2}, 2)
    again(history, 100)
    left = [again(history, at).entities for at in (101, 102, 103, 104, 109, 110, 111)]
    assert left == [0, 0, 1, 0, 0, 1, 0]


def test_an_event_that_does_not_meet_the_condition_crosses_no_edge(history: History) -> None:
    history.write(Stay, 99, {"ward_id": 2, "start": 100, "level": 0}, 2)
    again(history, 100)
    assert [again(history, at).entities for at in (103, 110)] == [0, 1]


def test_a_value_that_becomes_known_computes_its_entity(history: History) -> None:
    history.write(Stay, 99, {"ward_id": 2, "start": 50, "billed_at": 150, "cost": 3.0}, 2)
    again(history, 100)
    assert [again(history, at).entities for at in (149, 150, 151)] == [0, 1, 0]


def test_an_event_ahead_computes_its_entity_as_it_comes_near_and_as_it_comes(connection: Connection) -> None:
    history = History(connection)
    history.write(Patient, 1, {}, 1)
    history.write(Visit, 1, {"patient_id": 1, "booked": 5, "start": 200}, 1)
    again(history, 100, view=PATIENTS)
    assert [again(history, at, view=PATIENTS).entities for at in (179, 180, 196, 199, 200)] == [0, 1, 1, 0, 1]


def test_an_entity_comes_and_goes(history: History) -> None:
    history.write(Ward, 6, {"beds": 1}, 2)
    history.write(Ward, 1, None, 2)
    report = again(history, 100)
    assert (report.entities, report.changed, sorted(stays(history))) == (2, 2, [2, 3, 4, 5, 6])


def test_an_entity_whose_columns_changed_is_left_alone(history: History) -> None:
    history.write(Ward, 1, {"beds": 9}, 2)
    assert again(history, 100).entities == 0


def test_time_that_moves_backwards_is_a_full_refresh(history: History) -> None:
    assert again(history, 10, Mode.INCREMENTAL).mode is Mode.FULL
    assert stays(history)[1] == 1


def test_a_changed_declaration_is_a_full_refresh(history: History) -> None:
    changed = View(Ward, (*WARDS.features[1:], Events(Stay, "ward_id", "end").count("stays", "Stays that ended")))
    assert again(history, 100, Mode.INCREMENTAL, changed).mode is Mode.FULL


def test_where_most_changed_all_are_computed(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("substrate.features.refresh._ALWAYS_FEW", 0)
    for ward in range(1, 4):
        history.write(Stay, ward * 10, None, 2)
    assert again(history, 100).mode is Mode.FULL
    assert stays(history)[3] == 1


def test_history_grows_only_where_values_change(history: History) -> None:
    again(history, 100, Mode.FULL)
    history.write(Stay, 99, {"ward_id": 2, "start": 90}, 2)
    again(history, 100)
    history.write(Ward, 2, None, 3)
    again(history, 100)
    table = feature_history(WARDS)
    counted = history.connection.execute(select(table.c.id, func.count()).group_by(table.c.id))
    assert {row[0]: row[1] for row in counted} == {1: 1, 2: 3, 3: 1, 4: 1, 5: 1}


def test_a_refresh_leaves_alone_what_is_true_for_a_later_instant(history: History) -> None:
    history.write(Stay, 99, {"ward_id": 2, "start": 150}, 2)
    refresh_entities(history.connection, WARDS, [2], 150)
    again(history, 120)
    assert stays(history)[2] == 3


def test_the_state_says_what_is_stored(history: History) -> None:
    state = state_of(history.connection, WARDS)
    assert state is not None
    assert (state.as_of, state.batch, state.rows) == (100, history.batch, 5)


def test_each_step_is_told(history: History) -> None:
    history.write(Stay, 10, None, 2)
    told: list[str] = []
    refresh(history.connection, WARDS, 100, batch=history.batch, progress=told.append)
    assert told == ["looking for what changed", "computing 1 entities"]
