"""Full, incremental and back in time agree with the oracle, whatever happened, across both changes of the clock."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from substrate.clock import DAY, HOUR, MINUTE, parse_instant
from substrate.database import Database
from substrate.features.refresh import Mode
from substrate.records import Record
from substrate.series.declare import Series
from substrate.series.read import Stretch, read_as_of
from substrate.series.refresh import refresh, state_of
from substrate.series.tables import series_table
from tests.substrate.features.history import History
from tests.substrate.features.house import Stay, Visit
from tests.substrate.series import oracle
from tests.substrate.series.house import SERIES, Call

SPRING = parse_instant("2019-03-31T01:00:00Z")
AUTUMN = parse_instant("2019-10-27T01:00:00Z")


def _mostly(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One in eight is None."""
    return st.builds(lambda dice, value: value if dice else None, st.integers(0, 7), values)


# Edges of hours, shifts, days and weeks around the two changes, and a microsecond to either side of them.
MOMENTS = st.builds(
    lambda change, hours, step: change + hours * HOUR + step,
    st.sampled_from([SPRING, AUTUMN]),
    st.sampled_from([-26, -25, -3, -2, -1, 0, 1, 3, 4, 5, 6, 21, 22, 23, 24]),
    st.sampled_from([-1, 0, 0, 0, 1]),
)
TIMES = _mostly(MOMENTS)
KEYS = st.integers(1, 2)
VALUES: dict[type[Record], dict[str, st.SearchStrategy[Any]]] = {
    Stay: {
        "ward_id": _mostly(KEYS), "patient_id": KEYS, "start": TIMES, "end": TIMES, "billed_at": TIMES,
        "status": st.sampled_from(["home", "home", "moved"]), "cost": _mostly(st.floats(-100, 100)),
        "level": _mostly(st.integers(0, 3)), "quiet": _mostly(st.booleans()),
    },
    Visit: {"booked": TIMES, "start": TIMES, "decided": TIMES, "outcome": st.sampled_from(["missed", "seen"])},
    Call: {
        "topic": _mostly(st.sampled_from(["Bed", "bed", "Tür"])), "noted": TIMES, "due": TIMES, "answered_at": TIMES,
        "answered": _mostly(st.booleans()),
    },
}  # fmt: skip


def _write(record: type[Record]) -> st.SearchStrategy[Any]:
    values = _mostly(st.fixed_dictionaries(VALUES[record]))
    return st.tuples(st.just("write"), st.just(record), st.integers(1, 6), values)


WRITES = st.one_of(_write(Stay), _write(Stay), _write(Visit), _write(Call))
MODES = st.sampled_from([Mode.INCREMENTAL, Mode.INCREMENTAL, Mode.AUTO, Mode.FULL])
TICK = st.tuples(st.just("tick"), st.integers(0, 8 * 60).map(lambda minutes: minutes * 10 * MINUTE), MODES)
LEAP = st.tuples(st.just("leap"), MOMENTS, MODES)
AGAIN = st.tuples(st.just("again"))
THEN = st.lists(st.one_of(WRITES, WRITES, TICK, TICK, LEAP, AGAIN), min_size=4, max_size=12)
STEPS = st.builds(lambda events, then: [*events, ("tick", 0, Mode.AUTO), *then], st.lists(WRITES, max_size=12), THEN)


class Play:
    """One history played against the database and the oracle."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.history = History(connection)
        self.clock = SPRING
        self.learned = 0

    def write(self, record: type[Record], key: int, values: dict[str, Any] | None) -> None:
        """A record is written, corrected, moved to another group or time, or dropped."""
        self.learned += 1
        self.history.write(record, key, values, self.learned)

    def tick(self, by: int, mode: Mode) -> None:
        """The clock moves on, and everything is refreshed."""
        self.leap(self.clock + by, mode)

    def leap(self, to: int, mode: Mode) -> None:
        """The clock moves, forwards or backwards, and everything is refreshed."""
        self.clock = to
        for series in SERIES:
            report = refresh(self.connection, series, self.clock, batch=self.history.batch, mode=mode)
            assert report.stored == len(stored(self.connection, series))
            self.check(series, stored(self.connection, series))

    def again(self) -> None:
        """The same is refreshed twice: the second time nothing is computed."""
        self.tick(0, Mode.INCREMENTAL)
        reports = [refresh(self.connection, series, self.clock, batch=self.history.batch) for series in SERIES]
        assert [report.points for report in reports] == [0] * len(SERIES)

    def check(self, series: Series, found: oracle.Points, known: int | None = None) -> None:
        """Compare with the oracle at the clock's instant."""
        expected = oracle.points(series, self.history.versions, self.clock, known)
        near = {
            key: (value if value is None else pytest.approx(value), count) for key, (value, count) in expected.items()
        }
        assert found == near


def stored(connection: Connection, series: Series, timeline: str = "live") -> oracle.Points:
    """The stored points by group and bucket."""
    rows = connection.execute(select(series_table(series, timeline)))
    return {(row.group_id, row.bucket): (row.value, row.events) for row in rows}


def told(stretch: Stretch) -> oracle.Points:
    """The points of a stretch that rest on events."""
    return {
        (group, int(start)): (None if value != value else float(value), int(count))
        for group, values in stretch.values.items()
        for start, value, count in zip(stretch.starts, values, stretch.events[group], strict=True)
        if count
    }


def play(house: Database, steps: list[Any]) -> None:
    """Play a history, then compare all ways of computing."""
    with house.engine.connect() as connection, connection.begin() as transaction:
        played = Play(connection)
        for what, *details in steps:
            getattr(played, what)(*details)
        played.tick(0, Mode.INCREMENTAL)
        for series in SERIES:
            _compare(played, series)
        transaction.rollback()


def _compare(played: Play, series: Series) -> None:
    connection, at = played.connection, played.clock
    refresh(connection, series, at, batch=played.history.batch, mode=Mode.FULL, timeline="full")
    played.check(series, stored(connection, series, "full"))
    assert state_of(connection, series) == state_of(connection, series, "full")
    for known in (None, played.learned // 2):
        played.check(series, told(read_as_of(connection, series, at, at - 420 * DAY, at, known=known)), known)


_QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=25, deadline=None, suppress_health_check=_QUIET)
@given(steps=STEPS)
def test_all_ways_agree_with_the_oracle(house: Database, steps: list[Any]) -> None:
    play(house, steps)


def test_a_day_in_a_changing_zone_has_as_many_hours_as_it_should(house: Database) -> None:
    day = SPRING - HOUR
    steps: list[Any] = [("write", Stay, key, {"ward_id": 1, "start": day + key * HOUR}) for key in range(-1, 26)]
    play(house, [*steps, ("leap", SPRING + 3 * DAY, Mode.AUTO)])
