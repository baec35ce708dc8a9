"""The clock in processes of its own: killed, followed by another, stopped, and set back under its feet."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from automations.outbox import outbox
from benchmarks.receiver import Receiver, receiving
from flows.ticking import Ticker
from substrate.clock import HOUR, MINUTE, SECOND, SystemClock, from_micros
from substrate.database import Database, open_database
from substrate.settings import Settings
from tests.automations.world import Visit, World
from tests.conftest import fresh_database
from tests.flows.clockwork import REMIND, WATCHED

ROOT = Path(__file__).resolve().parents[2]
COUNT = 14
PATIENCE = 60.0


class Scene:
    """One database, one receiver, and processes that want to lead."""

    def __init__(self, home: Path, url: str, stack: ExitStack) -> None:
        home.mkdir()
        self.url = url
        self.database = open_database(url)
        stack.callback(self.database.close)
        self.world = World(self.database)
        self.receiver: Receiver = stack.enter_context(receiving())
        self.stack = stack
        self.environment = {
            **os.environ, "PLUMBLINE_HOME": str(home), "PLUMBLINE_DATABASE_URL": url, "PYTHONPATH": str(ROOT)
        }  # fmt: skip
        route = f"{{channel: webhook, address: '{self.receiver.address}'}}"
        (home / "contacts.yaml").write_text(f"recipients: {{charge-nurse: {{channels: [{route}]}}}}\n", "utf-8")

    def start(self, holder: str) -> subprocess.Popen[str]:
        """One more that wants to lead."""
        command = [sys.executable, "-m", "tests.flows.clockwork", holder]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=self.environment)
        self.stack.enter_context(process)
        self.stack.callback(process.kill)
        return process

    def remind(self, first: int) -> None:
        """One reminder a second, from an instant on."""
        self.world.rule(**REMIND)
        rows = {f"v{place}": {"start": first + HOUR + place * SECOND, "status": "booked"} for place in range(COUNT)}
        self.world.put_many(Visit, rows)

    def sent(self) -> list[int]:
        """The alerts whose message has been sent, in order."""
        chosen = select(outbox.c.alert_id).where(outbox.c.channel == "webhook", outbox.c.state == "sent")
        with self.database.read() as connection:
            return sorted(connection.scalars(chosen))


def wait(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, "it never came so far"
        time.sleep(0.05)


def led(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "leads\n"


@pytest.fixture
def scenes(tmp_path: Path, postgres_server: str) -> Iterator[list[Scene]]:
    """The same on each database, at the same time, as most of it is waiting."""
    urls = [f"sqlite:///{tmp_path / 'clock.sqlite'}", fresh_database(postgres_server)]
    with ExitStack() as stack:
        yield [Scene(tmp_path / f"home{place}", url, stack) for place, url in enumerate(urls)]


def test_a_killed_clock_is_followed_within_fifteen_seconds_and_each_reminder_is_told_once(scenes: list[Scene]) -> None:
    leaders = [scene.start("first") for scene in scenes]
    for leader in leaders:
        led(leader)
    followers = [scene.start("second") for scene in scenes]
    for scene in scenes:
        scene.remind(SystemClock().now() + 3 * SECOND)
    wait(lambda: all(len(scene.sent()) >= 2 for scene in scenes))
    killed = time.monotonic()
    for leader in leaders:
        leader.kill()
    for follower in followers:
        led(follower)
    assert time.monotonic() - killed < 15
    wait(lambda: all(len(scene.sent()) == COUNT for scene in scenes))
    assert [len(set(scene.sent())) for scene in scenes] == [COUNT, COUNT]
    assert [len(scene.receiver.taken) for scene in scenes] == [COUNT, COUNT]


@pytest.fixture
def ticker(tmp_path: Path, database: Database) -> Iterator[Ticker]:
    """One that has begun."""
    World(database)
    begun = ticker_of(tmp_path, database, "one")
    begun.start()
    yield begun
    begun.stop(5)


def ticker_of(home: Path, database: Database, holder: str) -> Ticker:
    url = SecretStr(database.engine.url.render_as_string(hide_password=False))
    return Ticker(Settings(home=home, database_url=url), database, [WATCHED], SystemClock(), holder=holder)


def test_one_that_is_stopped_is_followed_at_once(ticker: Ticker, tmp_path: Path, database: Database) -> None:
    wait(lambda: ticker.health().last_tick_at is not None)
    other = ticker_of(tmp_path, database, "other")
    other.lead()
    assert not other.health().leading
    assert ticker.stop(5)
    other.lead()
    first, second = ticker.health(), other.health()
    assert (first.leading, first.token, second.leading, second.token) == (False, None, True, 2)


def test_a_clock_that_was_set_back_does_not_wait_until_it_has_caught_up(ticker: Ticker) -> None:
    scheduler = ticker._scheduler
    assert scheduler is not None
    scheduler.get_job("rules").modify(next_run_time=soon(HOUR))  # where an hour back leaves it
    wait(lambda: scheduler.get_job("rules").next_run_time < soon(MINUTE))


def soon(micros: int) -> datetime:
    return from_micros(SystemClock().now() + micros)
