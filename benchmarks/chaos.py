"""Everything killed at random while events are pushed: at the end nothing is lost, and nothing was told twice.

Run: `python -m benchmarks.chaos [--minutes 10] [--events 10000] [--database postgresql://…] [--seed 1]`
Without `--database` it runs on a SQLite file. Two web processes, two clocks and two batch runs work on one database;
every few seconds one of them is killed (SIGKILL) and started again, while results of laboratories are pushed to
whichever web process answers, each until it is answered with 202. One in fifty is critical and must be told to three
roles by webhook, to a receiver that honours idempotency keys. Ends with 1 if anything is lost or doubled.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from threading import Event, Thread

import httpx
import orjson
from sqlalchemy import Connection, func, select

from automations.alerts import LIVE, alert
from automations.announcing import targets_of
from automations.lifecycle import Send
from automations.outbox import outbox
from automations.rule_files import read_rules
from benchmarks.receiver import Receiver, receiving
from substrate.catalog import vertical
from substrate.clock import MINUTE, SystemClock, isoformat
from substrate.database import Database, open_database
from substrate.inbound import inbound_event
from substrate.migrate import upgrade
from substrate.quarantine import quarantine
from substrate.records import record_id, table_of

KEY = "the-key-of-the-benchmark"
RULE = "critical-result-unacknowledged"
CRITICAL = 50
"""One event in so many is critical."""

_ROLES = ("ordering-clinician", "charge-nurse", "on-call-consultant")
_PATIENTS = 200
_SENDERS = 6
_TWICE = 0.02
_SETTLE_SECONDS = 90


@dataclass
class Actor:
    """A process that is started again whenever it ends.

    Attributes:
        kills: how often it was killed.
    """

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    kills: int = 0
    process: subprocess.Popen[bytes] | None = None

    def live(self) -> None:
        """Start it, unless it runs."""
        if self.process is None or self.process.poll() is not None:
            silent = subprocess.DEVNULL
            self.process = subprocess.Popen(self.command, env=self.environment, stdout=silent, stderr=silent)

    def kill(self) -> None:
        """Kill it, wherever it is in its work."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.kills += 1

    def end(self) -> None:
        """Ask it to stop, and see that it does."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)


@dataclass
class Pushed:
    """What the sender saw.

    Attributes:
        answers: how often each answer came; 0: none at all.
    """

    answers: Counter[int] = field(default_factory=Counter)


def push(ports: Sequence[int], events: int, seconds: float, seen: Pushed, seed: int) -> None:
    """Post events at a steady rate by several senders, each until it is answered with 202, some of them twice."""
    began = time.monotonic()

    def post(own: int) -> None:
        dice = random.Random(f"{seed} {own}")
        with httpx.Client(timeout=10, headers={"Authorization": f"Bearer {KEY}"}) as client:
            for number in range(own, events, _SENDERS):
                time.sleep(max(0.0, began + seconds * number / events - time.monotonic()))
                for _ in range(2 if dice.random() < _TWICE else 1):
                    _until_taken(client, ports, number, seen, dice)

    with ThreadPoolExecutor(_SENDERS) as senders:
        list(senders.map(post, range(_SENDERS)))


def _until_taken(client: httpx.Client, ports: Sequence[int], number: int, seen: Pushed, dice: random.Random) -> None:
    headers = {"X-Event-Id": f"e{number}", "Content-Type": "application/fhir+json"}
    while True:
        try:
            url = f"http://127.0.0.1:{dice.choice(ports)}/ingest/lab"
            status = client.post(url, content=event(number), headers=headers).status_code
        except httpx.TransportError:
            status = 0
        seen.answers[status] += 1
        if status == 202:
            return
        time.sleep(0.05)


_AT = isoformat(SystemClock().now() - 40 * MINUTE)


def event(number: int) -> bytes:
    """A result; the same number is always the same bytes."""
    return orjson.dumps({
        "resourceType": "Observation", "id": f"r{number}", "status": "final", "code": {"text": "Potassium"},
        "subject": {"reference": f"Patient/p{number % _PATIENTS}"}, "issued": _AT, "effectiveDateTime": _AT,
        "valueQuantity": {"value": 6.9, "unit": "mmol/L"},
        "interpretation": [{"coding": [{"code": "N" if number % CRITICAL else "HH"}]}],
    })  # fmt: skip


def mayhem(actors: Sequence[Actor], calm: Event, dice: random.Random) -> None:
    """Kill one after the other until there is calm, and start again what ended."""
    while not calm.wait(dice.uniform(1.5, 4.0)):
        dice.choice(actors).kill()
        for actor in actors:
            actor.live()


@contextmanager
def house(url: str, home: Path, receiver: Receiver) -> Iterator[tuple[list[Actor], list[int]]]:
    """An installation with two of everything, and the ports of its doors."""
    told = [f"  {role}: {{channels: [{{channel: webhook, address: '{receiver.address}'}}]}}" for role in _ROLES]
    (home / "contacts.yaml").write_text("\n".join(["recipients:", *told, ""]))
    (home / "sources.yaml").write_text(f"sources: [{{name: lab, vertical: hospital, push: {{api_key: {KEY}}}}}]\n")
    ports = [_free_port(), _free_port()]
    environment = {
        **os.environ, "PLUMBLINE_HOME": str(home), "PLUMBLINE_DATABASE_URL": url, "PLUMBLINE_LOG_LEVEL": "error",
        "PLUMBLINE_WEBHOOK_CLEARANCE": "phi",
    }  # fmt: skip
    serve, run = [sys.executable, "-m", "console.serve"], [sys.executable, "-c", _RUN]
    webs = [Actor("web", [*serve, "web"], {**environment, "PLUMBLINE_WEB_PORT": str(port)}) for port in ports]
    clocks = [Actor("clock", [*serve, "clock"], environment) for _ in range(2)]
    batches = [Actor("batch", run, environment) for _ in range(2)]
    actors = [*webs, *clocks, *batches]
    for actor in actors:
        actor.live()
    try:
        yield actors, ports
    finally:
        for actor in actors:
            actor.end()


_RUN = "import sys; from console.cli import main; sys.argv = ['plumbline', 'run', 'hospital', '--json']; main()"


def settled(database: Database, actors: Sequence[Actor]) -> bool:
    """Wait until nothing waits any more, and say whether that came about in time."""
    end = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < end:
        for actor in actors:
            actor.live()
        with database.read() as connection:
            if not _left(connection):
                return True
        time.sleep(0.5)
    return False


def _left(connection: Connection) -> int:
    waiting = select(func.count()).select_from(inbound_event).where(inbound_event.c.state == "waiting")
    leaving = select(func.count()).select_from(outbox).where(outbox.c.state.in_(["waiting", "sending"]))
    return int(connection.scalar(waiting) or 0) + int(connection.scalar(leaving) or 0)


def faults(database: Database, receiver: Receiver, events: int) -> list[str]:
    """What is lost, doubled or wrong at the end."""
    expected = {record_id("lab", "result", f"r{number}") for number in range(events)}
    critical = {record_id("lab", "result", f"r{number}") for number in range(0, events, CRITICAL)}
    result = table_of(vertical("hospital").record("result"))
    with database.read() as connection:
        stored = set(connection.scalars(select(result.c.id).where(result.c.gone_at.is_(None))))
        states = dict(
            connection.execute(select(inbound_event.c.state, func.count()).group_by(inbound_event.c.state))
            .tuples()
            .all()
        )
        alerts = Counter(
            connection.scalars(select(alert.c.entity_id).where(alert.c.timeline == LIVE, alert.c.rule_id == RULE))
        )
        refused = connection.scalar(select(func.count()).select_from(quarantine))
        told = connection.execute(
            select(outbox.c.delivery_key, outbox.c.state, outbox.c.recipient, outbox.c.alert_id).where(
                outbox.c.channel == "webhook", outbox.c.reason == "fired", outbox.c.alert_id.is_not(None)
            )
        ).all()
        of_rule = set(connection.scalars(select(alert.c.id).where(alert.c.rule_id == RULE)))
    (rule,) = [rule for rule in read_rules(vertical("hospital").rules) if rule.id == RULE]
    roles = targets_of(rule, Send.FIRED)
    fires = [row for row in told if row.alert_id in of_rule]
    sent = {row.delivery_key for row in told if row.state == "sent"}
    checks = {
        f"events: {states}": states == {"done": events},
        f"{len(expected - stored)} results lost, {len(stored - expected)} too many": stored == expected,
        f"{refused} rows in quarantine": refused == 0,
        f"{len(critical - alerts.keys())} alerts lost, {len(alerts.keys() - critical)} too many": set(alerts)
        == critical,
        f"{sum(count - 1 for count in alerts.values())} alerts doubled": max(alerts.values(), default=1) == 1,
        f"{len(fires)} messages of {len(critical) * len(roles)}": len(fires) == len(critical) * len(roles),
        f"states of messages: {Counter(row.state for row in fires)}": {row.state for row in fires} <= {"sent"},
        f"{len(sent - set(receiver.taken))} messages never came": sent <= set(receiver.taken),
        f"{len(set(receiver.taken)) - len(receiver.taken)} came twice": len(set(receiver.taken)) == len(receiver.taken),
    }
    return [said for said, holds in checks.items() if not holds]


def chaos(url: str, home: Path, events: int, seconds: float, seed: int) -> tuple[list[str], str]:
    """Let it all happen; what is wrong at the end, and what happened in words."""
    database = open_database(url)
    upgrade(database, [vertical("hospital")])
    seen, calm = Pushed(), Event()
    with receiving() as receiver, house(url, home, receiver) as (actors, ports):
        killer = Thread(target=mayhem, args=(actors, calm, random.Random(seed + 1)))
        killer.start()
        push(ports, events, seconds, seen, seed)
        calm.set()
        killer.join()
        quiet = settled(database, actors)
        found = faults(database, receiver, events) + ([] if quiet else ["something still waits"])
        kills = Counter[str]()
        for actor in actors:
            kills[actor.name] += actor.kills
        said = (
            f"{kills.total()} kills ({dict(kills)}), answers {dict(seen.answers)}, {len(receiver.taken)} messages, "
            f"{receiver.resent} sent again under the same key"
        )
    database.close()
    return found, said


def _free_port() -> int:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def main() -> None:
    """Run it, say what happened, and exit with 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--database", help="an empty PostgreSQL database; default: a SQLite file")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        url = asked.database or f"sqlite:///{folder}/plumbline.sqlite"
        found, said = chaos(url, Path(folder), asked.events, asked.minutes * 60, asked.seed)
    print(said)
    for fault in found:
        print(f"WRONG: {fault}")
    print("nothing lost, nothing doubled" if not found else f"{len(found)} faults")
    raise SystemExit(1 if found else 0)


if __name__ == "__main__":
    main()
