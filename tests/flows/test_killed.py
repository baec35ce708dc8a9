"""A run that is killed and started again, or that runs twice at once, comes to the same end as one left in peace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.aftermath import differences
from benchmarks.killing import Arena, kill_many
from benchmarks.receiver import receiving
from substrate.catalog import SampleOrder
from substrate.clock import MICROS
from tests.conftest import fresh_database

NOW = 1_772_445_600 * MICROS
KILLS = {"sqlite": 12, "postgresql": 4}

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def arena(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Arena]:
    with receiving() as receiver:
        made = Arena(tmp_path, receiver, _maker(backend, request, tmp_path), NOW)
        made.fill(SampleOrder(people=20, days=4, seed=5, defects=0.03, until=NOW))
        yield made


def _maker(backend: str, request: pytest.FixtureRequest, folder: Path) -> Callable[[str], str]:
    if backend == "sqlite":
        return lambda name: f"sqlite:///{folder / name}.sqlite"
    server = request.getfixturevalue("postgres_server")
    return lambda _name: fresh_database(server)


def test_a_run_killed_at_any_moment_comes_to_the_same_end(arena: Arena, backend: str) -> None:
    tally = kill_many(arena, KILLS[backend], seed=7)
    assert tally.faults == []
    assert tally.kills == KILLS[backend]
    assert tally.messages > 0


def test_two_runs_at_once_come_to_the_same_end(arena: Arena) -> None:
    expected = arena.undisturbed()
    scene = arena.scene("pair")
    assert arena.together(scene) == [0, 0]
    assert differences(expected.state, arena.end_of(scene)) == []
    assert sorted(arena.receiver.taken) == list(expected.keys)
