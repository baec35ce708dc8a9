"""From a pushed event to the webhook that it sets off: a real server process, real HTTP in and out, at several rates.

Run: `python -m benchmarks.push [--rates 10,100,1000] [--seconds 8] [--alerts 0.02] [--postgres]`

Results of laboratories, of patients that are known, are posted at a steady rate over connections that are kept; the
given share of them is critical, and each such one fires an alert that goes to a receiver on this machine. Time counts
from when an event was due to be sent, so a sender that is held up makes it longer. Sender and receiver are one process
on the same cores as the server; what each process took of the cores is told beside the times.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import orjson
import psycopg

from benchmarks.processor import parent_of, seconds_of
from benchmarks.result import Result, milliseconds, show
from benchmarks.servers import urls
from benchmarks.wire import Ear, Post, Sender, Sent
from substrate.catalog import vertical
from substrate.clock import MINUTE, SystemClock, isoformat
from substrate.database import open_database
from substrate.migrate import upgrade

KEY = "the-key-of-the-benchmark"
AIM_SECONDS = 1.0
_PATIENTS = 500
_SETTLE_SECONDS = 30.0
_LOOK_SECONDS = 0.05
_ROLES = ("ordering-clinician", "charge-nurse", "on-call-consultant")


@dataclass(frozen=True, slots=True)
class Server:
    """What runs.

    Attributes:
        port: where it listens.
        pid: its process.
        database: the database server's first process; None: there is none.
    """

    port: int
    pid: int
    database: int | None

    def taken(self) -> tuple[float, float, float]:
        """Processor seconds so far: the server's, ours (sender and receiver), the database server's."""
        database = 0.0 if self.database is None else seconds_of(self.database)
        return seconds_of(self.pid), time.process_time(), database


def patients(port: int) -> Post:
    """All patients in one event, before the first result."""
    told = [{"resourceType": "Patient", "id": f"p{number}", "birthDate": "1950-01-01"} for number in range(_PATIENTS)]
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": one} for one in told]}
    return Post(0, "0" * 32, False, _request("patients", "f" * 32, bundle, port))


def post(number: int, due: float, share: float, port: int) -> Post:
    """One result as bytes on the wire."""
    tells, word = share > 0 and number % round(1 / share) == 0, f"{number + 1:032x}"
    at = isoformat(SystemClock().now() - 40 * MINUTE)
    result = {
        "resourceType": "Observation", "id": f"r{number}", "status": "final", "code": {"text": "Potassium"},
        "subject": {"reference": f"Patient/p{number % _PATIENTS}"}, "issued": at, "effectiveDateTime": at,
        "valueQuantity": {"value": 6.9, "unit": "mmol/L"},
        "interpretation": [{"coding": [{"code": "HH" if tells else "N"}]}],
    }  # fmt: skip
    return Post(due, word, tells, _request(f"e{number}", word, result, port))


def _request(key: str, word: str, document: dict[str, Any], port: int) -> bytes:
    body = orjson.dumps(document)
    head = (
        f"POST /ingest/lab HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {KEY}\r\n"
        f"X-Event-Id: {key}\r\ntraceparent: 00-{word}-{'1' * 16}-01\r\n"
        f"Content-Type: application/fhir+json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def measured(server: Server, heard: dict[str, float], posts: list[Post]) -> Sent:
    """Post it all, wait until all webhooks came or no more do, and say what became of it."""
    sent = await Sender().send(server.port, posts)
    end = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < end and not sent.due.keys() <= heard.keys():
        await asyncio.sleep(_LOOK_SECONDS)
    sent.told = {word: heard[word] for word in sent.due if word in heard}
    return sent


@asynccontextmanager
async def listening(heard: dict[str, float]) -> AsyncIterator[str]:
    """A receiver of webhooks; its address."""
    ear = await asyncio.get_running_loop().create_server(lambda: Ear(heard), "127.0.0.1", 0)
    yield f"http://127.0.0.1:{ear.sockets[0].getsockname()[1]}/"
    ear.close()


@contextmanager
def serving(url: str, home: Path, address: str) -> Iterator[Server]:
    """A server process as `plumbline up` runs it: web, live loop, clock and messenger."""
    told = [f"  {role}: {{channels: [{{channel: webhook, address: '{address}'}}], clearance: phi}}" for role in _ROLES]
    told = ["recipients:", *told, "  admin: {channels: [{channel: inbox}]}", ""]
    (home / "contacts.yaml").write_text("\n".join(told))
    (home / "sources.yaml").write_text(f"sources: [{{name: lab, vertical: hospital, push: {{api_key: {KEY}}}}}]\n")
    database = open_database(url)
    upgrade(database, [vertical("hospital")])
    database.close()
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ours = {"PLUMBLINE_HOME": str(home), "PLUMBLINE_DATABASE_URL": url, "PLUMBLINE_WEB_PORT": str(port)}
    environment = {**os.environ, **ours, "PLUMBLINE_LOG_LEVEL": "warning", "PLUMBLINE_WEBHOOK_CLEARANCE": "phi"}
    process = subprocess.Popen([sys.executable, *_PROGRAM, "web", "clock"], env=environment)
    try:
        _until_ready(port)
        yield Server(port, process.pid, _database_process(url))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


_PROGRAM = ("-m", "console.serve")


def _database_process(url: str) -> int | None:
    if url.startswith("sqlite"):
        return None
    with psycopg.connect(url) as connection:
        return parent_of(connection.info.backend_pid)


def _until_ready(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise TimeoutError("the server did not become ready")


async def results(url: str, rates: list[float], seconds: float, share: float) -> list[Result]:
    """A line for each rate."""
    kind = "SQLite" if url.startswith("sqlite") else "PostgreSQL"
    heard: dict[str, float] = {}
    lines = []
    with TemporaryDirectory() as folder:
        async with listening(heard) as address:
            with serving(url, Path(folder), address) as server:
                await measured(server, heard, [patients(server.port)])
                await measured(server, heard, [post(number, number / 50, 0.1, server.port) for number in range(50)])
                for place, rate in enumerate(rates, 1):
                    first, count = place * 10_000_000, round(rate * seconds)
                    posts = [post(first + number, number / rate, share, server.port) for number in range(count)]
                    before = server.taken()
                    sent = await measured(server, heard, posts)
                    took = [after - was for after, was in zip(server.taken(), before, strict=True)]
                    lines.append(_line(f"{kind}, {rate:,.0f}/s for {seconds:.0f} s", sent, took))
    return lines


def _line(what: str, sent: Sent, took: list[float]) -> Result:
    delays, answers = sent.delays(), sorted(sent.answers)
    count = sum(sent.statuses.values())
    others = {status: number for status, number in sent.statuses.items() if status != 202}
    each = [f"{milliseconds(seconds / count)} {who}" for who, seconds in zip(_WHO, took, strict=True) if seconds]
    ours = (
        f"p50 {milliseconds(_at(delays, 0.5))}, p99 {milliseconds(_at(delays, 0.99))} of {len(delays)}/{len(sent.due)} "
        f"webhooks; answered p50 {milliseconds(_at(answers, 0.5))}, p99 {milliseconds(_at(answers, 0.99))}, "
        f"{count / sent.seconds:,.0f}/s{f', {others}' if others else ''}; of the cores, an event: {', '.join(each)}"
    )
    met = len(delays) == len(sent.due) and _at(delays, 0.99) < AIM_SECONDS
    return Result(f"push → webhook, {what}", ours, aim="p99 < 1 s", met=met)


_WHO = ("server", "sender and receiver", "database server")


def _at(values: list[float], part: float) -> float:
    return values[min(len(values) - 1, int(part * len(values)))] if values else float("nan")


def main() -> None:
    """Measure what is asked for, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", default="10,100,1000,2000", help="events a second")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--alerts", type=float, default=0.02, help="share of events that fire an alert")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    asked = parser.parse_args()
    rates = [float(rate) for rate in asked.rates.split(",")]
    with urls() as found:
        chosen = found[1] if asked.postgres else found[0]
        show(asyncio.run(results(chosen, rates, asked.seconds, asked.alerts)), "pushed events")


if __name__ == "__main__":
    main()
