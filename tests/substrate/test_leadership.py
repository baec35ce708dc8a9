"""One leader among many: never two at one instant, whatever the clock does, and a number that only grows."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy import delete

from substrate.clock import HOUR, MINUTE, SECOND
from substrate.database import Database, open_database
from substrate.leadership import (
    Lease,
    LeaseLost,
    acquire,
    database_now,
    holds,
    insist,
    leadership,
    release,
    renew,
)
from substrate.schema import SYSTEM

NAME = "clock"
LENGTH = 10 * SECOND
T0 = 1_772_445_600 * SECOND

MOVES = some.lists(
    some.one_of(
        some.tuples(some.sampled_from(["acquire", "renew", "release"]), some.integers(0, 2)),
        some.tuples(some.just("wait"), some.sampled_from([SECOND, 4 * SECOND, LENGTH, -MINUTE, HOUR, -HOUR])),
    ),
    max_size=40,
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest) -> Iterator[Database]:
    """One database for the whole module."""
    opened = open_database(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))
    SYSTEM.create_all(opened.engine)
    yield opened
    opened.close()


@pytest.fixture
def base(shared: Database) -> Database:
    """A database in which nobody leads."""
    with shared.write() as connection:
        connection.execute(delete(leadership))
    return shared


def take(base: Database, holder: str, now: int) -> Lease | None:
    with base.write() as connection:
        return acquire(connection, NAME, holder, now, LENGTH)


class Throng:
    """Three who want to lead, and a clock that anybody may move."""

    def __init__(self, base: Database) -> None:
        self.base = base
        self.now = T0
        self.leases: dict[int, Lease] = {}
        self.tokens = [0]

    def play(self, move: str, value: int) -> None:
        """One move of one of them, or of the clock."""
        if move == "wait":
            self.now += value
            return
        with self.base.write() as connection:
            if move == "acquire":
                self.taken(value, acquire(connection, NAME, str(value), self.now, LENGTH))
            elif value in self.leases and move == "renew":
                self.leases[value] = renew(connection, self.leases[value], self.now, LENGTH) or self.leases[value]
            elif value in self.leases:
                release(connection, self.leases[value])

    def taken(self, who: int, lease: Lease | None) -> None:
        if lease is not None:
            assert lease.token > self.tokens[-1]
            self.tokens.append(lease.token)
            self.leases[who] = lease

    def valid(self) -> list[int]:
        with self.base.read() as connection:
            return [who for who, lease in self.leases.items() if holds(connection, lease, self.now)]


@settings(max_examples=40)
@given(moves=MOVES)
def test_there_are_never_two_leaders_and_the_number_only_grows(shared: Database, moves: list[tuple[str, int]]) -> None:
    with shared.write() as connection:
        connection.execute(delete(leadership))
    throng = Throng(shared)
    for move, value in moves:
        throng.play(move, value)
        assert len(throng.valid()) <= 1


def test_a_lease_is_held_against_others_until_it_ends(base: Database) -> None:
    assert take(base, "a", T0) is not None
    assert take(base, "b", T0 + LENGTH - 1) is None
    taken = take(base, "b", T0 + LENGTH)
    assert taken is not None
    assert taken.token == 2


def test_a_lease_that_ran_out_is_renewed_as_long_as_nobody_took_it(base: Database) -> None:
    lease = take(base, "a", T0)
    assert lease is not None
    with base.write() as connection:
        late = renew(connection, lease, T0 + HOUR, LENGTH)
        assert late is not None
        assert (late.token, late.until) == (lease.token, T0 + HOUR + LENGTH)


def test_a_leader_that_slept_finds_out_before_it_acts(base: Database) -> None:
    slept = take(base, "a", T0)
    assert slept is not None
    take(base, "b", T0 + HOUR)
    with base.write() as connection:
        assert renew(connection, slept, T0 + HOUR, LENGTH) is None
        assert not release(connection, slept)
        with pytest.raises(LeaseLost, match="no longer leads"):
            insist(connection, slept)


def test_what_the_lost_leader_was_writing_is_undone(base: Database) -> None:
    slept = take(base, "a", T0)
    assert slept is not None
    take(base, "b", T0 + HOUR)
    with pytest.raises(LeaseLost):
        _act(base, slept)
    with base.read() as connection:
        assert connection.execute(leadership.select().where(leadership.c.name == "other")).all() == []


def _act(base: Database, lease: Lease) -> None:
    with base.write() as connection:
        acquire(connection, "other", "a", T0, LENGTH)
        insist(connection, lease)


def test_a_clock_that_is_set_back_makes_nobody_wait_for_the_dead(base: Database) -> None:
    take(base, "dead", T0)
    assert take(base, "b", T0 - HOUR) is not None


def test_what_is_given_back_is_free_at_once_under_a_new_number(base: Database) -> None:
    first = take(base, "a", T0)
    assert first is not None
    with base.write() as connection:
        assert release(connection, first)
    second = take(base, "a", T0)
    assert second is not None
    assert second.token == first.token + 1


def test_the_database_says_what_time_it_is(base: Database) -> None:
    with base.read() as connection:
        assert abs(database_now(connection) - time.time() * SECOND) < 5 * SECOND
