"""The messenger delivers when woken and each second, stops in between, and outlives a database that is away."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from automations.outbox import Delivery, Route, count_outbox, enqueue
from benchmarks.receiver import Receiver, receiving
from flows.messenger import Messenger
from substrate.clock import SystemClock
from substrate.database import Database
from substrate.schema import SYSTEM
from substrate.settings import Settings
from tests.automations.post import message
from tests.flows.clockwork import WATCHED


@pytest.fixture
def messenger(tmp_path: Path, database: Database) -> Iterator[Messenger]:
    """One that has begun."""
    SYSTEM.create_all(database.engine)
    begun = Messenger(Settings(home=tmp_path), database, [WATCHED], SystemClock())
    begun.start()
    yield begun
    begun.stop(10)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as listening:
        yield listening


def put(database: Database, receiver: Receiver, *numbers: int) -> None:
    route = Route("webhook", receiver.address)
    with database.write() as connection:
        enqueue(connection, [message(one, alert_id=None, route=route) for one in numbers], SystemClock().now())


def wait(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < deadline, "it never came so far"
        time.sleep(0.01)


def test_what_is_due_is_delivered_without_being_woken(
    messenger: Messenger, database: Database, receiver: Receiver
) -> None:
    put(database, receiver, 1, 2)
    wait(lambda: messenger.health().sent == 2)
    assert len(receiver.taken) == 2
    assert messenger.health().failing is None


def test_one_that_is_stopped_ends_and_gives_back_what_it_has_not_begun(
    messenger: Messenger, database: Database, receiver: Receiver
) -> None:
    put(database, receiver, *range(1, 61))
    messenger.wake()
    wait(lambda: len(receiver.taken) >= 3)
    assert messenger.stop(10)
    with database.read() as connection:
        counts = count_outbox(connection)
    assert counts[Delivery.SENDING] == 0
    assert counts[Delivery.SENT] == len(receiver.taken)
    assert counts[Delivery.SENT] + counts[Delivery.WAITING] == 60
    assert not messenger.health().alive


def test_it_outlives_a_database_that_is_away(messenger: Messenger, database: Database, receiver: Receiver) -> None:
    SYSTEM.drop_all(database.engine)
    wait(lambda: messenger.health().failing is not None)
    SYSTEM.create_all(database.engine)
    put(database, receiver, 1)
    messenger.wake()
    wait(lambda: messenger.health().sent == 1)
    assert messenger.health().failing is None
