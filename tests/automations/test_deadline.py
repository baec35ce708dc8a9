"""Whatever a channel does, a message takes a bounded time."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import closing
from threading import Event, Thread

import pytest
from pydantic import SecretStr

from automations.alerts import LIVE
from automations.channels.webhook import Webhook
from automations.courier import Courier, Result
from automations.deadline import all_within
from automations.leases import lease
from automations.outbox import Route
from automations.relevance import still_worth_telling
from automations.templating import Templates
from substrate.database import Database
from tests.automations.post import NOW, Office, message


def test_what_ends_in_time_is_handed_on() -> None:
    assert all_within(30, [lambda: 7])[0].value() == 7


def test_what_is_raised_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        all_within(30, [lambda: 1 // 0])[0].value()


def test_what_does_not_end_is_left_behind() -> None:
    end = Event()
    with pytest.raises(TimeoutError):
        all_within(0.01, [end.wait])[0].value()
    end.set()


@pytest.fixture
def dripping() -> Iterator[str]:
    """The address of a server that never stops beginning its answer, a byte at a time."""
    end = Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def drip() -> None:
            taken, _ = listening.accept()
            with taken:
                while not end.wait(0.02):
                    taken.send(b"H")

        thread = Thread(target=drip)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        end.set()
        thread.join()


def test_a_server_that_drips_holds_nothing_up(database: Database, dripping: str) -> None:
    office = Office(database)
    office.put(message(alert_id=None, route=Route("webhook", dripping)))
    channels = {"webhook": Webhook(SecretStr("key"))}
    courier = Courier(
        database, channels, Templates(), office.clock, still_worth_telling, random.random, {}, deadline=0.2
    )
    with database.write() as connection:
        (held,) = lease(connection, NOW, 1, "token", timeline=LIVE)
    assert courier.carry([held])[0].result is Result.RETRIED
    (row,) = office.rows()
    assert (row.state, row.last_failure, row.uncertain) == ("waiting", "timeout", True)
