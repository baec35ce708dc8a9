"""Workers killed at any moment: nothing is lost, and a receiver that honours the key has each message once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from http.server import ThreadingHTTPServer
from threading import Condition, Event, Thread

import pytest

from automations.outbox import Route
from tests import loopback
from tests.automations.post import Office, message

COUNT = 200

# Everything is imported once; each line then forks two workers, whose clock is past the leases of those before them.
NURSERY = """
import os, sys
from pydantic import SecretStr
from automations.channels.webhook import Webhook
from automations.delivery import deliver_due
from automations.templating import Templates
from substrate.clock import MINUTE, SystemClock
from substrate.database import open_database

class Ahead(SystemClock):
    def __init__(self, minutes):
        self.ahead = minutes * MINUTE
    def now(self):
        return super().now() + self.ahead

channels, templates = {"webhook": Webhook(SecretStr("whsec_" + "a" * 44))}, Templates()

def work(minutes):
    deliver_due(open_database(sys.argv[1]), channels, templates, Ahead(minutes))
    os._exit(0)

for minutes in map(int, sys.stdin):
    workers = []
    for _ in range(2):
        pid = os.fork()
        if not pid:
            work(minutes)
        workers.append(pid)
    print(*workers, flush=True)
    print(*(os.waitpid(pid, 0)[1] for pid in workers), flush=True)
"""


class Receiver(ThreadingHTTPServer):
    """Takes messages as the Idempotency-Key says: a key that it knows is answered, and not taken again."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.news = Condition()
        self.taken: list[str] = []
        self.asked: Counter[str] = Counter()

    @property
    def address(self) -> str:
        """Where to post to."""
        return f"http://127.0.0.1:{self.server_port}/"

    def take(self, key: str) -> None:
        """Take one message, once."""
        with self.news:
            self.asked[key] += 1
            if self.asked[key] == 1:
                self.taken.append(key)
            self.news.notify_all()

    def await_more(self, count: int, ended: list[str]) -> None:
        """Wait until so many more were posted, or the workers have ended."""
        with self.news:
            enough = self.asked.total() + count
            self.news.wait_for(lambda: ended or self.asked.total() >= enough, timeout=60)


class _Handler(loopback.Handler):
    protocol_version = "HTTP/1.1"
    server: Receiver

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.take(self.headers["Idempotency-Key"])
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    with loopback.listening(receiver):
        yield receiver


@pytest.fixture
def nursery(office: Office) -> Iterator[subprocess.Popen[str]]:
    url = office.database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", NURSERY, url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process


def test_killed_at_any_moment_nothing_is_lost_and_nothing_arrives_twice(
    office: Office, nursery: subprocess.Popen[str], receiver: Receiver
) -> None:
    chance = random.Random(7)
    sent = [message(one, alert_id=None, route=Route("webhook", receiver.address)) for one in range(COUNT)]
    office.put(*sent)
    killed = minutes = 0
    while set(office.states()) != {"sent"} and minutes < 200:
        killed += _round(nursery, receiver, minutes, chance)
        minutes += 2
    assert set(office.states()) == {"sent"}
    assert sorted(receiver.asked) == sorted(one.key for one in sent)
    assert len(receiver.taken) == COUNT
    assert killed >= 4


def _round(nursery: subprocess.Popen[str], receiver: Receiver, minutes: int, chance: random.Random) -> int:
    """Let two workers begin, kill them at some moment, and say how many that met alive."""
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write(f"{minutes}\n")
    nursery.stdin.flush()
    workers = [int(pid) for pid in nursery.stdout.readline().split()]
    ended: list[str] = []
    reader = Thread(target=_read, args=(nursery, receiver, ended))
    reader.start()
    receiver.await_more(chance.randint(3, 50), ended)
    Event().wait(chance.uniform(0, 0.01))
    for pid in workers if not ended else []:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    reader.join()
    return ended.count(str(signal.SIGKILL.value))


def _read(nursery: subprocess.Popen[str], receiver: Receiver, ended: list[str]) -> None:
    assert nursery.stdout is not None
    line = nursery.stdout.readline().split()
    with receiver.news:
        ended.extend(line)
        receiver.news.notify_all()
