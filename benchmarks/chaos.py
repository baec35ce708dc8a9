"""Everything killed at random while events are pushed and files dropped: at the end nothing is lost or told twice.

Run: `python -m benchmarks.chaos [--minutes 10] [--events 10000] [--database postgresql://…|postgres] [--seed 1]`
Without `--database` it runs on a SQLite file. Two web processes, two clocks, a Prefect server and two processes that
serve all flows work on one installation, as the parts of `plumbline up` do; every few seconds one of them is killed
(SIGKILL) and started again: a process that serves flows with its runs, or without them, or one of its runs alone.
Meanwhile results of laboratories are pushed to whichever web process answers, each until it is answered with 202, and
others are dropped as files into the folders of two sources, which the flows read; runs are asked for all the time. One
in fifty is critical and must be told to three roles by webhook, to a receiver that honours idempotency keys. When it is
over, a run of every deployment must complete. Ends with 1 if anything is lost, doubled, or does not run any more.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from threading import Event, Thread

import httpx
import orjson

from benchmarks.actors import Actor, Way, always, mayhem, tally
from benchmarks.conductor import Conductor, not_completing
from benchmarks.receiver import Receiver, receiving
from benchmarks.reckoning import CRITICAL, Expected, faults, settled, untrue_features
from benchmarks.servers import fresh_database, postgres
from console.child import Program
from console.layout import Part, command
from flows.orchestrator import api_url, auth_string
from flows.timetable import turns
from substrate.catalog import vertical
from substrate.clock import MINUTE, SystemClock, isoformat
from substrate.database import Database, open_database
from substrate.migrate import upgrade
from substrate.settings import Settings
from substrate.sources.configured import load_sources

KEY = "the-key-of-the-benchmark"
_ROLES = ("ordering-clinician", "charge-nurse", "on-call-consultant")
_PATIENTS = 200
_SENDERS = 6
_TWICE = 0.02
_ASK_SECONDS = 5.0
_RUN_SECONDS = 600
"""How long until a run of a deployment completes; the server lets go of one that was killed after five minutes."""

_SOURCES = ("ward", "theatre")
_FILES = 20
_IN_FILES = 0.1
"""How much of it all comes by files."""


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


def event(number: int, letter: str = "r") -> bytes:
    """A result; the same number is always the same bytes."""
    return orjson.dumps({
        "resourceType": "Observation", "id": f"{letter}{number}", "status": "final", "code": {"text": "Potassium"},
        "subject": {"reference": f"Patient/p{number % _PATIENTS}"}, "issued": _AT, "effectiveDateTime": _AT,
        "valueQuantity": {"value": 6.9, "unit": "mmol/L"},
        "interpretation": [{"coding": [{"code": "N" if number % CRITICAL else "HH"}]}],
    })  # fmt: skip


def drop(folders: Sequence[Path], files: int, rows: int, seconds: float) -> None:
    """Drop files of results into folders in turn, at a steady rate, each whole at once."""
    began = time.monotonic()
    for number in range(files):
        time.sleep(max(0.0, began + seconds * number / files - time.monotonic()))
        folder = folders[number % len(folders)]
        lines = b"".join(event(row, "f") + b"\n" for row in range(number * rows, (number + 1) * rows))
        draft = folder / f".{number}"
        draft.write_bytes(lines)
        draft.rename(folder / f"Observation-{number:05d}.ndjson")


@dataclass
class House:
    """An installation with two of everything that there may be two of.

    Attributes:
        actors: its processes.
        ports: its doors.
        folders: where files are dropped, by source.
        conductor: asks its Prefect server for runs.
        work: the deployments that it serves, what is read first.
    """

    actors: list[Actor]
    ports: list[int]
    folders: dict[str, Path]
    conductor: Conductor
    work: list[str]


@contextmanager
def house(url: str, home: Path, receiver: Receiver) -> Iterator[House]:
    """An installation, living until the block ends."""
    folders = {name: home / "drop" / name for name in _SOURCES}
    _write_files(home, receiver, folders)
    ports, prefect = [_free_port(), _free_port()], _free_port()
    environment = {
        "PLUMBLINE_HOME": str(home), "PLUMBLINE_DATABASE_URL": url, "PLUMBLINE_LOG_LEVEL": "error",
        "PLUMBLINE_LOG_FORMAT": "json", "PLUMBLINE_WEBHOOK_CLEARANCE": "phi", "PLUMBLINE_PREFECT_PORT": str(prefect),
    }  # fmt: skip
    webs = [_actor(Part.WEB, home, {**environment, "PLUMBLINE_WEB_PORT": str(port)}, number) for number, port in
            enumerate(ports)]  # fmt: skip
    settings = Settings(home=home, prefect_port=prefect)
    conductor = Conductor(api_url(settings, {}), auth_string(settings, {}))
    clocks = [_actor(Part.CLOCK, home, environment, number) for number in range(2)]
    server = _actor(Part.PREFECT, home, environment, 0, conductor.is_playing)
    workers = [_actor(Part.FLOWS, home, environment, number, conductor.is_playing) for number in range(2)]
    actors = [*webs, *clocks, server, *workers]
    for actor in actors:
        actor.live()
    try:
        due = turns([vertical("hospital")], load_sources(settings.resolved_sources_file))
        yield House(actors, ports, folders, conductor, [f"{turn.flow}/{turn.name}" for turn in due])
    finally:
        for actor in reversed(actors):
            actor.end()


def _write_files(home: Path, receiver: Receiver, folders: dict[str, Path]) -> None:
    told = [f"  {role}: {{channels: [{{channel: webhook, address: '{receiver.address}'}}]}}" for role in _ROLES]
    (home / "contacts.yaml").write_text("\n".join(["recipients:", *told, ""]))
    listed = [f"  - {{name: lab, vertical: hospital, push: {{api_key: {KEY}}}}}"]
    for name, folder in folders.items():
        folder.mkdir(parents=True)
        listed.append(f"  - {{name: {name}, vertical: hospital, every: 1m, folder: {{path: '{folder}'}}}}")
    (home / "sources.yaml").write_text("\n".join(["sources:", *listed, ""]))
    (home / "logs").mkdir()


_WAYS = {Part.FLOWS: (Way.WHOLE, Way.ALONE, Way.RUN, Way.RUN)}
_WEIGHTS = {Part.FLOWS: 3, Part.PREFECT: 1}


def _actor(
    part: Part, home: Path, environment: dict[str, str], number: int, ripe: Callable[[], bool] = always
) -> Actor:
    program = Program(f"{part}-{number}", command(part), environment)
    log = home / "logs" / f"{program.name}.log"
    return Actor(
        part,
        program,
        f"{home}#{program.name}",
        log,
        _WAYS.get(part, (Way.WHOLE,)),
        _WEIGHTS.get(part, 2),
        ripe,
    )


def chaos(url: str, home: Path, events: int, seconds: float, seed: int) -> tuple[list[str], str]:
    """Let it all happen; what is wrong at the end, and what happened in words."""
    database = open_database(url)
    upgrade(database, [vertical("hospital")])
    rows = max(1, round(events * _IN_FILES / _FILES))
    expected = Expected(events, _FILES * rows, _SOURCES, rows)
    with receiving() as receiver, house(url, home, receiver) as opened:
        served = opened.conductor.served(opened.work, _RUN_SECONDS)
        seen = disturbed(opened, served, expected, seconds, seed)
        found = calmed(opened, served, database)
        found += faults(database, receiver, expected)
        said = account(opened, seen, receiver)
    found += untrue_features(database)
    database.close()
    return found, said


def disturbed(opened: House, served: Sequence[str], expected: Expected, seconds: float, seed: int) -> Pushed:
    """Push, drop and ask for runs while everything is killed; what the senders saw."""
    seen, calm = Pushed(), Event()
    dice = [random.Random(f"{seed} {name}") for name in ("kills", "runs")]
    with ThreadPoolExecutor(3) as others:
        going = [
            others.submit(mayhem, opened.actors, calm, dice[0]),
            others.submit(opened.conductor.conduct, served, calm, dice[1], _ASK_SECONDS),
            others.submit(drop, list(opened.folders.values()), _FILES, expected.in_files // _FILES, seconds),
        ]
        push(opened.ports, expected.pushed, seconds, seen, seed)
        going[-1].result()
        calm.set()
        for each in going:
            each.result()
    return seen


def calmed(opened: House, served: Sequence[str], database: Database) -> list[str]:
    """Let all come to rest, and every deployment complete a run; what does not."""
    with keeping(opened.actors):
        quiet = settled(database)
        stuck = not_completing(opened.conductor, served, _RUN_SECONDS)
        quiet = settled(database) and quiet
    return [f"{name} does not complete any more" for name in stuck] + ([] if quiet else ["something still waits"])


def account(opened: House, seen: Pushed, receiver: Receiver) -> str:
    """What happened, in words."""
    kills = tally(opened.actors)
    return (
        f"{sum(kills.values())} kills {dict(kills)}, answers {dict(seen.answers)}, {len(receiver.taken)} messages, "
        f"{receiver.resent} sent again under the same key, runs {opened.conductor.states()}"
    )


@contextmanager
def keeping(actors: Sequence[Actor]) -> Iterator[None]:
    """Start again what ends, as a supervisor does."""
    done = Event()

    def keep() -> None:
        while not done.wait(0.5):
            for actor in actors:
                actor.live()

    keeper = Thread(target=keep)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()


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
    parser.add_argument(
        "--database", help="an empty PostgreSQL database, or `postgres` for one; default: a SQLite file"
    )
    parser.add_argument("--keep", type=Path, help="an empty folder in which home and logs stay, to be looked at")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    for name in [name for name in os.environ if name.startswith(("PREFECT_", "PLUMBLINE_"))]:
        del os.environ[name]
    with ExitStack() as stack:
        folder = asked.keep or Path(stack.enter_context(TemporaryDirectory()))
        folder.mkdir(exist_ok=True)
        url = _address(asked.database, folder, stack)
        began = time.monotonic()
        found, said = chaos(url, folder, asked.events, asked.minutes * 60, asked.seed)
    print(said)
    print(f"{time.monotonic() - began:.0f} s on {url.partition(':')[0]}")
    for fault in found:
        print(f"WRONG: {fault}")
    print("nothing lost, nothing doubled" if not found else f"{len(found)} faults")
    raise SystemExit(1 if found else 0)


def _address(asked: str | None, folder: Path, stack: ExitStack) -> str:
    if asked != "postgres":
        return asked or f"sqlite:///{folder}/plumbline.sqlite"
    server = stack.enter_context(postgres())
    if server is None:
        raise SystemExit("no PostgreSQL server is installed here")
    return fresh_database(server)


if __name__ == "__main__":
    main()
