"""The whole way on one machine: an event over HTTP into a real server, a webhook out to a real receiver."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import httpx
import pytest
import uvicorn

from benchmarks.mortal import write_contacts
from benchmarks.receiver import receiving
from console.web.app import create_app
from console.web.parts import Parts
from flows.live_loop import LiveLoop
from flows.messenger import Messenger
from substrate.database import Database
from tests.console.web.test_door import BODY, HELD
from tests.flows.pushing import Pushed
from tests.flows.test_live_loop import wait_until
from verticals.hospital import vertical


@contextmanager
def served(pushed: Pushed) -> Iterator[str]:
    """A server with all parts that an event passes; its address."""
    what = (pushed.settings, pushed.database, [vertical], pushed.clock)
    messenger = Messenger(*what)
    live = LiveLoop(*what, messenger.wake)
    app = create_app(*what, Parts(messenger=messenger, live=live))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        for part in (messenger, live, thread):
            part.start()
        try:
            wait_until(lambda: server.started)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
            assert [live.stop(5), messenger.stop(5)] == [True, True]


@pytest.fixture
def hospital(tmp_path: Path, database: Database) -> Pushed:
    return Pushed(tmp_path / "home", database)


def test_an_event_becomes_a_webhook(hospital: Pushed) -> None:
    with receiving() as receiver:
        write_contacts(hospital.settings.home, {"ordering-clinician": 0, "charge-nurse": 1}, receiver.address)
        with served(hospital) as address, httpx.Client(base_url=address) as client:
            answers = [client.post("/ingest/lab", content=BODY, headers=HELD) for _ in range(3)]
            wait_until(lambda: len(receiver.taken) == 2)
            assert client.get("/readyz").json()["ready"] is True
        assert {answer.status_code for answer in answers} == {202}
        assert receiver.resent == 0


def test_a_body_without_end_is_cut_off(hospital: Pushed) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b" " * (1 << 20)

    with served(hospital) as address:
        try:
            status = httpx.post(f"{address}/ingest/lab", content=endless(), headers=HELD).status_code
        except httpx.TransportError:
            status = 413  # it hung up on us before we had sent it all
        assert status == 413
        assert httpx.get(f"{address}/healthz").status_code == 200
