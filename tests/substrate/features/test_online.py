"""Values for a program: by key, with their age, withheld on request when they are old."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from substrate.clock import HOUR
from substrate.features.live import refresh_entities
from substrate.features.online import read_online
from substrate.features.refresh import refresh
from tests.substrate.features.history import History
from tests.substrate.features.house import WARDS, Stay, Ward


@pytest.fixture
def wards(connection: Connection) -> Connection:
    """A ward of two beds with three stays that were refreshed at 100, and one without any."""
    history = History(connection)
    history.write(Ward, 1, {"beds": 2}, 1)
    history.write(Ward, 2, {"beds": 2}, 1)
    for key in range(3):
        history.write(Stay, key, {"ward_id": 1, "start": 5 + key, "end": 90}, 1)
    refresh(connection, WARDS, 100, batch=history.batch)
    return connection


def test_stored_and_derived_values_come_together(wards: Connection) -> None:
    row = read_online(wards, WARDS, [1], 120)[1]
    assert (row.values["stays"], row.values["per_bed"], row.values["crowded"]) == (3, 1.5, True)
    assert row.values["since_end"] == 30


def test_nothing_counted_is_zero_and_nothing_measured_is_unknown(wards: Connection) -> None:
    values = read_online(wards, WARDS, [2], 120)[2].values
    assert (values["stays"], values["cost"], values["patients"], values["quiet_streak"]) == (0, 0.0, 0, 0)
    assert (values["quiet_share"], values["last_end"], values["since_end"]) == (None, None, None)


def test_an_entity_that_does_not_exist_is_left_out(wards: Connection) -> None:
    assert read_online(wards, WARDS, [1, 99], 120).keys() == {1}


def test_a_value_beyond_its_promise_is_stale(wards: Connection) -> None:
    assert not read_online(wards, WARDS, [1], 100 + HOUR)[1].stale
    assert read_online(wards, WARDS, [1], 101 + HOUR)[1].stale


def test_failing_closed_withholds_what_is_stale(wards: Connection) -> None:
    row = read_online(wards, WARDS, [1], 101 + HOUR, fail_closed=True)[1]
    assert set(row.values.values()) == {None}


def test_an_entity_refreshed_by_itself_is_fresh_by_itself(wards: Connection) -> None:
    refresh_entities(wards, WARDS, [1], 200)
    assert {key: row.as_of for key, row in read_online(wards, WARDS, [1, 2], 200).items()} == {1: 200, 2: 100}


def test_a_ward_that_was_dropped_is_left_out_at_once(wards: Connection) -> None:
    wards.exec_driver_sql("UPDATE house_ward SET gone_at = 150 WHERE id = 2")
    assert 2 not in read_online(wards, WARDS, [2], 160)
