"""From a pushed event to the webhook that it sets off: a real server process, real HTTP in and out, at several rates.

Run: `python -m benchmarks.push [--rates 10,100,1000] [--seconds 8] [--alerts 0.02] [--postgres]`

Results of laboratories are posted at a steady rate over connections that are kept; the given share of them is critical,
and each such one fires an alert that goes to a receiver on this machine. Time counts from when an event was due to be
sent, so a sender that is held up makes it longer. The sender and the receiver run on the same cores as the server.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import httpx
import orjson

from benchmarks.result import Result, milliseconds, show
from benchmarks.servers import urls
from substrate.catalog import vertical
from substrate.clock import MINUTE, SystemClock, isoformat
from substrate.database import open_database
from substrate.migrate import upgrade

KEY = "the-key-of-the-benchmark"
AIM_SECONDS = 1.0
_PATIENTS = 500
_CONNECTIONS = 48
_SETTLE_SECONDS = 30.0
_ROLES = ("ordering-clinician", "charge-nurse", "on-call-consultant")
_WORD = re.compile(rb'"correlation": ?"([0-9a-f]{32})"')


@dataclass
class Sent:
    """What became of the events of one rate.

    Attributes:
        due: when each event that fires was due to be sent, by its word.
        told: when its webhook came, by its word.
        statuses: how often each answer came.
        answers: how long each took from when it was due, in seconds.
        seconds: how long sending took.
    """

    due: dict[str, float] = field(default_factory=dict)
    told: dict[str, float] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    answers: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def delays(self) -> list[float]:
        """From due to told, in order of length."""
        return sorted(at - self.due[word] for word, at in self.told.items() if word in self.due)


class Ear(ThreadingHTTPServer):
    """Takes webhooks, and notes when the first about each event came."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hearing)
        self.heard: dict[str, float] = {}


class _Hearing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Ear

    def do_POST(self) -> None:
        found = _WORD.search(self.rfile.read(int(self.headers["Content-Length"])))
        if found:
            self.server.heard.setdefault(found[1].decode(), time.monotonic())
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def post(number: int, word: str, critical: bool, port: int) -> bytes:
    """One event as bytes on the wire."""
    at = isoformat(SystemClock().now() - 40 * MINUTE)
    body = orjson.dumps({
        "resourceType": "Observation", "id": f"r{number}", "status": "final", "code": {"text": "Potassium"},
        "subject": {"reference": f"Patient/p{number % _PATIENTS}"}, "issued": at, "effectiveDateTime": at,
        "valueQuantity": {"value": 6.9, "unit": "mmol/L"},
        "interpretation": [{"coding": [{"code": "HH" if critical else "N"}]}],
    })  # fmt: skip
    head = (
        f"POST /ingest/lab HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {KEY}\r\n"
        f"X-Event-Id: e{number}\r\ntraceparent: 00-{word}-{'1' * 16}-01\r\n"
        f"Content-Type: application/fhir+json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def send(port: int, rate: float, seconds: float, share: float, first: int) -> Sent:
    """Post at a rate for a while."""
    sent, due = Sent(), asyncio.Queue[tuple[int, float] | None]()
    workers = [asyncio.create_task(_work(port, due, share, sent)) for _ in range(_CONNECTIONS)]
    began = time.monotonic()
    for number in range(round(rate * seconds)):
        at = began + number / rate
        wait = at - time.monotonic()
        if wait > 0.001:
            await asyncio.sleep(wait)
        due.put_nowait((first + number, at))
    for _ in workers:
        due.put_nowait(None)
    await asyncio.gather(*workers)
    sent.seconds = time.monotonic() - began
    return sent


async def _work(port: int, due: asyncio.Queue[tuple[int, float] | None], share: float, sent: Sent) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (job := await due.get()) is not None:
        number, at = job
        critical = share > 0 and number % round(1 / share) == 0
        word = f"{number + 1:032x}"
        writer.write(post(number, word, critical, port))
        status = await _status(reader)
        sent.statuses[status] += 1
        sent.answers.append(time.monotonic() - at)
        if critical and status == 202:
            sent.due[word] = at
    writer.close()


async def _status(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    await reader.readexactly(int(length[1]) if length else 0)
    return int(head.split(b" ", 2)[1])


@contextmanager
def serving(url: str, home: Path, ear: Ear) -> Iterator[int]:
    """A server process as `plumbline up` runs it: web, live loop, clock and messenger; its port."""
    address = f"http://127.0.0.1:{ear.server_port}/"
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
    process = subprocess.Popen([sys.executable, "-m", "console.serve", "web", "clock"], env=environment)
    try:
        _until_ready(port)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


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


def measured(port: int, ear: Ear, rate: float, seconds: float, share: float, first: int) -> Sent:
    """Post at a rate, wait until all webhooks came or no more do, and say what became of it all."""
    sent = asyncio.run(send(port, rate, seconds, share, first))
    end = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < end and not sent.due.keys() <= ear.heard.keys():
        time.sleep(0.05)
    sent.told = {word: ear.heard[word] for word in sent.due if word in ear.heard}
    return sent


def results(url: str, rates: list[float], seconds: float, share: float) -> Iterator[Result]:
    """A line for each rate."""
    kind = "SQLite" if url.startswith("sqlite") else "PostgreSQL"
    ear = Ear()
    Thread(target=ear.serve_forever, args=(0.05,), daemon=True).start()
    with TemporaryDirectory() as folder, serving(url, Path(folder), ear) as port:
        measured(port, ear, 50, 1, 0.1, 0)
        for place, rate in enumerate(rates, 1):
            yield _line(kind, rate, seconds, measured(port, ear, rate, seconds, share, place * 10_000_000))
    ear.shutdown()


def _line(kind: str, rate: float, seconds: float, sent: Sent) -> Result:
    delays, answers = sent.delays(), sorted(sent.answers)
    done = sum(sent.statuses.values()) / sent.seconds
    others = {status: count for status, count in sent.statuses.items() if status != 202}
    ours = (
        f"p50 {milliseconds(_at(delays, 0.5))}, p99 {milliseconds(_at(delays, 0.99))} of {len(delays)}/{len(sent.due)} "
        f"webhooks; answered p99 {milliseconds(_at(answers, 0.99))}, {done:,.0f}/s{f', {others}' if others else ''}"
    )
    met = len(delays) == len(sent.due) and _at(delays, 0.99) < AIM_SECONDS
    return Result(f"push → webhook, {kind}, {rate:,.0f}/s for {seconds:.0f} s", ours, aim="p99 < 1 s", met=met)


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
        show(list(results(chosen, rates, asked.seconds, asked.alerts)), "pushed events")


if __name__ == "__main__":
    main()
