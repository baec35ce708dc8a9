"""Full, incremental, one-entity and point-in-time agree with one another and with the oracle, whatever happened."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from substrate.database import Database
from substrate.features.declare import View
from substrate.features.live import refresh_entities
from substrate.features.parts import Division, begin, finish, refresh_part
from substrate.features.point_in_time import point_in_time
from substrate.features.refresh import Mode, refresh, state_of
from substrate.features.tables import feature_history, feature_table
from substrate.records import Record
from tests.substrate.features import oracle
from tests.substrate.features.history import History
from tests.substrate.features.house import VIEWS, WARDS, Patient, Stay, Visit, Ward

KEYS = st.integers(1, 5)


def _mostly(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One in eight is None; `one_of` would take a repeated strategy for one."""
    return st.builds(lambda dice, value: value if dice else None, st.integers(0, 7), values)


def _often(**choices: tuple[int, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """One of the choices, each as often as its weight says."""
    names = [name for name, (weight, _) in choices.items() for _ in range(weight)]
    return st.sampled_from(names).flatmap(lambda name: choices[name][1])


TIMES = _mostly(st.integers(4, 20))
VALUES: dict[type[Record], dict[str, st.SearchStrategy[Any]]] = {
    Ward: {"beds": st.integers(0, 2)},
    Patient: {"born": TIMES},
    Stay: {
        "ward_id": _mostly(KEYS), "patient_id": KEYS, "start": TIMES, "end": TIMES,
        "status": _mostly(st.sampled_from(["open", "home", "Zoe", "älter"])), "billed_at": TIMES,
        "cost": _mostly(st.floats(-100, 100)), "level": _mostly(st.integers(0, 3)), "quiet": _mostly(st.booleans()),
    },
    Visit: {
        "patient_id": _mostly(KEYS), "stay_id": _mostly(st.integers(1, 8)), "booked": TIMES, "start": TIMES,
        "decided": TIMES, "seen": TIMES, "outcome": st.sampled_from(["missed", "seen"]),
    },
}  # fmt: skip
KINDS = (Stay, Visit, Stay, Visit, Ward, Patient)


def _write(record: type[Record]) -> st.SearchStrategy[Any]:
    key = st.integers(1, 8) if record in (Stay, Visit) else KEYS
    values = st.fixed_dictionaries(VALUES[record])
    return st.tuples(st.just("write"), st.just(record), key, _mostly(values))


def _steps(*kinds: type[Record]) -> st.SearchStrategy[Any]:
    return st.one_of(*(_write(record) for record in kinds))


# Every history begins with wards, patients and some events, so that little is needed for something to happen.
BEGIN: list[Any] = [("write", record, key, {}) for record in (Ward, Patient) for key in range(1, 6)]
EVENTS = st.lists(_steps(Stay, Visit), min_size=5, max_size=10)
MODES = st.sampled_from([Mode.INCREMENTAL, Mode.AUTO, Mode.FULL])
TICK = st.tuples(st.just("tick"), st.integers(1, 4), MODES)
JUMP = st.tuples(st.just("tick"), st.integers(-6, 12), MODES)
PARTS = st.tuples(st.just("parts"), st.integers(-2, 4), st.integers(1, 3), st.integers(0, 6))
LIVE = st.tuples(st.just("live"), st.integers(0, 3), st.sets(KEYS, min_size=1))
THEN = st.lists(
    _often(write=(4, _steps(*KINDS)), tick=(5, TICK), jump=(1, JUMP), live=(1, LIVE), parts=(2, PARTS)),
    min_size=6,
    max_size=12,
)
STEPS = st.builds(lambda events, then: [*BEGIN, *events, ("tick", 0, Mode.AUTO), *then], EVENTS, THEN)


class Play:
    """One history played against the database and the oracle."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.history = History(connection)
        self.clock = 10
        self.learned = 0
        self.lived_to = 0

    def step(self, what: str, *details: Any) -> None:
        """Take one step of the history."""
        getattr(self, what)(*details)

    def write(self, record: type[Record], key: int, values: dict[str, Any] | None) -> None:
        """A record is written, corrected, moved to another entity, or dropped."""
        self.learned += 1
        self.history.write(record, key, values, self.learned)

    def tick(self, by: int, mode: Mode) -> None:
        """The clock moves, and everything is refreshed."""
        self.clock = max(0, self.clock + by)
        self.refresh(mode)

    def refresh(self, mode: Mode) -> None:
        """All views are refreshed, and agree with the oracle at once."""
        self._settle()
        for view in VIEWS:
            refresh(self.connection, view, self.clock, batch=self.history.batch, mode=mode)
            self.check(view, stored(self.connection, view))

    def parts(self, by: int, size: int, some: int) -> None:
        """All views are refreshed in parts, and no more than some are ever done: the rest waits for the next time."""
        self.clock = max(0, self.clock + by)
        self._settle()
        for view in VIEWS:
            found = begin(self.connection, view, self.clock, size, batch=self.history.batch, mode=Mode.FULL)
            assert isinstance(found, Division)
            done = [refresh_part(self.connection, view, found, part) for part in found.parts[:some]]
            if len(done) == len(found.parts):
                assert finish(self.connection, view, found, done, 0.0)
                self.check(view, stored(self.connection, view))

    def _settle(self) -> None:
        state = state_of(self.connection, WARDS)
        if state is None or self.clock >= state.as_of:
            # A forward refresh leaves alone what the live path computed for a later instant.
            self.clock = max(self.clock, self.lived_to)
        else:
            self.lived_to = self.clock

    def live(self, by: int, ids: set[int]) -> None:
        """Some entities are refreshed by themselves, never back in time."""
        self.clock += by
        state = state_of(self.connection, WARDS)
        if state is not None and self.clock >= max(state.as_of, self.lived_to):
            self.lived_to = self.clock
            for view in VIEWS:
                refresh_entities(self.connection, view, ids, self.clock)

    def check(self, view: View, found: dict[int, dict[str, Any]]) -> None:
        """Compare with the oracle at the clock's instant."""
        same(found, oracle.features(view, self.history.versions, self.clock))


def stored(connection: Connection, view: View, timeline: str = "live") -> dict[int, dict[str, Any]]:
    """The stored rows by id."""
    rows = connection.execute(select(feature_table(view, timeline))).mappings()
    return {row["id"]: {name: value for name, value in row.items() if name not in ("id", "as_of")} for row in rows}


def same(found: dict[Any, dict[str, Any]], expected: dict[Any, dict[str, Any]]) -> None:
    """The same entities, the same values to the last bit, floats to the ninth digit."""
    assert found.keys() == expected.keys()
    for entity, values in expected.items():
        assert found[entity] == {name: _near(value) for name, value in values.items()}


def _near(value: Any) -> Any:
    return pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value


def play(house: Database, steps: list[Any], asked: list[tuple[int, int]]) -> None:
    """Play a history, then compare all ways of computing."""
    with house.engine.connect() as connection, connection.begin() as transaction:
        played = Play(connection)
        for step in steps:
            played.step(*step)
        played.refresh(Mode.INCREMENTAL)
        for view in VIEWS:
            _compare(played, view, asked)
        transaction.rollback()


def _compare(played: Play, view: View, asked: list[tuple[int, int]]) -> None:
    connection = played.connection
    refresh(connection, view, played.clock, batch=played.history.batch, mode=Mode.FULL, timeline="full")
    played.check(view, stored(connection, view, "full"))
    refresh_entities(connection, view, range(1, 9), played.clock, timeline="one")
    played.check(view, stored(connection, view, "one"))
    half = played.learned // 2
    same(point_in_time(connection, view, asked), _expected(played, view, [(*pair, None) for pair in asked]))
    same(point_in_time(connection, view, asked, half), _expected(played, view, [(*pair, half) for pair in asked]))
    same(point_in_time(connection, view, asked, "at"), _expected(played, view, [(*pair, pair[1]) for pair in asked]))
    _newest_history_is_stored(connection, view)


def _expected(played: Play, view: View, asked: list[tuple[int, int, int | None]]) -> dict[Any, dict[str, Any]]:
    found: dict[Any, dict[str, Any]] = {}
    for entity, at, known in asked:
        rows = oracle.features(view, played.history.versions, at, known)
        found |= {(entity, at): rows[entity]} if entity in rows else {}
    return found


def _newest_history_is_stored(connection: Connection, view: View) -> None:
    rows = connection.execute(select(feature_history(view)).order_by("number")).mappings()
    newest = {row["id"]: dict(row) for row in rows}
    kept = {key: row for key, row in newest.items() if not row["gone"]}
    for row in kept.values():
        del row["number"], row["id"], row["as_of"], row["gone"]
    same(kept, stored(connection, view))


SPINES = st.lists(st.tuples(KEYS, st.integers(2, 22)), min_size=1, max_size=6, unique=True)
_QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=30, deadline=None, suppress_health_check=_QUIET)
@given(steps=STEPS, asked=SPINES)
def test_all_ways_agree_with_the_oracle(house: Database, steps: list[Any], asked: list[tuple[int, int]]) -> None:
    play(house, steps, asked)
