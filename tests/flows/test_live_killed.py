"""Two processes drain at once and are killed at any moment: nothing is lost, nothing doubled, records stay in order."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from automations.outbox import outbox
from flows.live_loop import LiveLoop
from substrate.clock import MINUTE, ManualClock, isoformat
from substrate.database import open_database
from substrate.inbound import backlog
from substrate.records import table_of
from substrate.settings import Settings
from tests.flows.pushing import NOW, Pushed, result
from verticals.hospital import records, vertical

KEYS, VERSIONS, KILLS = 150, 4, 6

pytestmark = pytest.mark.slow


def drain_for_ever(url: str, home: Path) -> None:
    """The life of a process; somebody else ends it."""
    database = open_database(url)
    loop = LiveLoop(Settings(home=home), database, [vertical], ManualClock(NOW), lambda: None)
    while True:
        loop.drain()
        time.sleep(0.005)


class Crew:
    """Two processes, one of which is killed and replaced now and then."""

    def __init__(self, url: str, home: Path) -> None:
        self._args = (url, home)
        self._context = multiprocessing.get_context("fork")
        self.alive = [self._begun(), self._begun()]

    def kill_one(self, place: int) -> None:
        """Kill one, and let another take its place."""
        self._end(place)
        self.alive[place] = self._begun()

    def end(self) -> None:
        """Kill all."""
        for place in range(len(self.alive)):
            self._end(place)

    def _end(self, place: int) -> None:
        process = self.alive[place]
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()

    def _begun(self) -> multiprocessing.process.BaseProcess:
        process = self._context.Process(target=drain_for_ever, args=self._args)
        process.start()
        return process


def versions(chance: random.Random) -> list[dict[str, object]]:
    """Versions of results in any order; the newest of every second one is critical."""
    told = [
        result(
            f"r{key}",
            "HH" if key % 2 and version == VERSIONS - 1 else "N",
            meta={"lastUpdated": isoformat(NOW + (version - 99) * MINUTE)},
        )
        for key in range(KEYS)
        for version in range(VERSIONS)
    ]
    chance.shuffle(told)
    return told


def test_nothing_is_lost_or_doubled(tmp_path: Path, database_url: str) -> None:
    chance = random.Random(7)
    database = open_database(database_url)
    pushed = Pushed(tmp_path / "home", database)
    told = versions(chance)
    crew = Crew(database_url, tmp_path / "home")
    try:
        for start in range(0, len(told), 20):
            pushed.push(*told[start : start + 20])
            time.sleep(chance.random() / 10)
            if start % (len(told) // KILLS) < 20:
                crew.kill_one(chance.randrange(2))
        end = time.monotonic() + 60
        while pushed_backlog(pushed) and time.monotonic() < end:
            time.sleep(0.1)
    finally:
        crew.end()
    assert Counter(state for state, _ in pushed.events()) == {"done": len(told)}
    flags = Counter(row.flag for row in pushed.rows(table_of(records.Result)))
    assert flags == {"HH": KEYS // 2, "N": KEYS - KEYS // 2}
    assert sorted(state for _, state in pushed.alerts()) == ["firing"] * (KEYS // 2)
    with database.read() as connection:
        each = select(func.count()).select_from(outbox).group_by(outbox.c.alert_id)
        assert len(set(connection.scalars(each))) == 1
    database.close()


def pushed_backlog(pushed: Pushed) -> int:
    """How many events wait."""
    with pushed.database.read() as connection:
        return backlog(connection).waiting
