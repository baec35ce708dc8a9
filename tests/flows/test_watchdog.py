"""The dead-man's switch hears from us only when nothing is overdue, and its address stays a secret."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from automations.outbox import outbox
from flows.duties import Turn, Watchdog
from flows.heartbeat import Heartbeat
from substrate.clock import HOUR, MINUTE
from substrate.database import Database
from tests import loopback
from tests.automations.world import T0, Bay
from tests.flows.clockwork import Clockwork

SECRET = "5f0c-secret"


class Listener(ThreadingHTTPServer):
    """Somebody outside who counts how often we say that all is well."""

    daemon_threads = True

    def __init__(self, status: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = status
        self.heard: list[str] = []

    @property
    def address(self) -> SecretStr:
        """Where to ask, secret and all."""
        return SecretStr(f"http://127.0.0.1:{self.server_port}/ping/{SECRET}")


class _Handler(loopback.Handler):
    server: Listener

    def do_GET(self) -> None:
        self.server.heard.append(self.path)
        self.send_response(self.server.status)
        self.end_headers()


@contextmanager
def listening(status: int = 200) -> Iterator[Listener]:
    listener = Listener(status)
    with loopback.listening(listener):
        yield listener


@pytest.fixture
def house(tmp_path: Path, database: Database) -> Clockwork:
    """A house in which one alert was told, and its messages wait."""
    made = Clockwork(tmp_path, database)
    made.world.rule()
    made.world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    made.tick(T0)
    return made


def sent(house: Clockwork) -> None:
    """Deliver all that waits."""
    with house.database.write() as connection:
        connection.execute(update(outbox).values(state="sent"))


def test_the_heart_beats_only_when_nothing_is_overdue(house: Clockwork) -> None:
    with listening() as listener:
        watchdog = Watchdog(house.house, house.rules, Heartbeat(listener.address), lambda: None)
        beats, overdue = [], []
        for minute in (1, 4, 5):
            watchdog.act(Turn(T0 + minute * MINUTE, house.lease, HOUR))
            beats.append(len(listener.heard))
            overdue.append(watchdog.overdue)
        sent(house)
        watchdog.act(Turn(T0 + 6 * MINUTE, house.lease, HOUR))
    assert (beats, overdue) == ([1, 1, 1], [(), ("messages",), ("messages",)])
    assert listener.heard == [f"/ping/{SECRET}"] * 2
    assert [row.state for row in house.world.alerts() if row.rule_id == "plumbline-work-overdue"] == ["resolved"]


def test_who_has_just_begun_to_lead_first_catches_up(house: Clockwork) -> None:
    with listening() as listener:
        watchdog = Watchdog(house.house, house.rules, Heartbeat(listener.address), lambda: None)
        watchdog.act(Turn(T0 + HOUR, house.lease, 10.0))
    assert (listener.heard, watchdog.overdue) == ([], ())


def test_a_tick_that_never_ends_is_noticed(house: Clockwork) -> None:
    watchdog = Watchdog(house.house, house.rules, Heartbeat(None), lambda: None)
    sent(house)
    house.rules._done -= 301
    watchdog.act(Turn(T0 + MINUTE, house.lease, HOUR))
    assert watchdog.overdue == ("clock",)


@pytest.mark.parametrize("status", [200, 500, None], ids=["heard", "refused", "unreachable"])
def test_the_address_is_never_logged(status: int | None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)  # at which an HTTP client tells each address
    with listening(status or 200) as listener:
        address = listener.address if status else SecretStr(f"http://127.0.0.1:1/ping/{SECRET}")
        assert Heartbeat(address).beat() is (status == 200)
    assert SECRET not in caplog.text
    assert ("127.0.0.1" in caplog.text) is (status != 200)


def test_nobody_is_asked_where_there_is_no_switch() -> None:
    assert not Heartbeat(None).beat()
