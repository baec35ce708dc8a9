"""The number of a write: increasing, without gaps, in the order of commit, whoever writes and whatever the clock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from substrate.batches import Stamp, current_batch, next_stamp
from substrate.database import Database


def test_the_first_is_one(clinic: Database) -> None:
    with clinic.read() as connection:
        assert current_batch(connection) == 0
    with clinic.write() as connection:
        assert next_stamp(connection, 7) == Stamp(1, 7)
        assert current_batch(connection) == 1


def test_a_clock_that_steps_back_stands_still(clinic: Database) -> None:
    with clinic.write() as connection:
        stamps = [next_stamp(connection, now) for now in (7, 3, 8)]
    assert [stamp.recorded_at for stamp in stamps] == [7, 7, 8]


def test_what_is_undone_leaves_no_gap(clinic: Database) -> None:
    with pytest.raises(ZeroDivisionError), clinic.write() as connection:
        _ = next_stamp(connection, 7).batch / 0
    with clinic.write() as connection:
        assert next_stamp(connection, 8).batch == 1


def test_two_writers_take_turns_from_the_very_first(clinic: Database) -> None:
    barrier, taken = Barrier(2), list[int]()

    def write() -> None:
        barrier.wait(10)
        for now in range(25):
            with clinic.write() as connection:
                taken.append(next_stamp(connection, now).batch)  # under the counter's lock, so in the order of commit

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(write) for _ in range(2)]:
            done.result(60)
    assert taken == list(range(1, 51))
