"""Killed at any moment and started again: the same end as a run that nobody disturbed.

Run: `python -m benchmarks.killing [--kills 200] [--database postgresql://…] [--patients 60] [--seed 1]`
Without `--database` it runs on SQLite files in a temporary folder; with it, each round makes a database of its own on
that server. A round begins with nothing, is killed (SIGKILL) and started again until it comes to its end, and is then
compared, row by row, with an undisturbed run. Each kill aims at a random moment of a step that still has work to do.
"""

from __future__ import annotations

import argparse
import random
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.connection import wait
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table as Grid
from sqlalchemy.engine import make_url

from automations.leases import LEASE_SECONDS
from automations.rule_files import read_rules
from benchmarks.aftermath import State, differences, state_of
from benchmarks.mortal import VERTICAL, Place, Scene, live, write_contacts
from benchmarks.receiver import Receiver, receiving
from substrate.catalog import SampleOrder, vertical
from substrate.clock import MICROS, SECOND
from substrate.database import open_database

_PAST_LEASE = (LEASE_SECONDS + 1) * SECOND
_POLL = 0.001
_PATIENCE = 120.0
_AIMS = tuple(place for place in Place if place is not Place.DONE)
NewDatabase = Callable[[str], str]
"""The address of a new, empty database, by a name."""


@dataclass
class Tally:
    """What came of all rounds.

    Attributes:
        landed: how many kills found a run at each place.
        rounds: how many runs came to their end.
        faults: in what they differ from the undisturbed one.
        resent: how many requests the receiver had more than once.
        messages: how many messages the receiver took, in all.
    """

    landed: Counter[Place] = field(default_factory=Counter)
    rounds: int = 0
    faults: list[str] = field(default_factory=list)
    resent: int = 0
    messages: int = 0

    @property
    def kills(self) -> int:
        """How many kills there were."""
        return self.landed.total()


@dataclass(frozen=True)
class Undisturbed:
    """A run that nobody disturbed: its end, what the receiver took, and how long each place lasted, in seconds."""

    state: State
    keys: tuple[str, ...]
    lasted: dict[Place, float]


class Arena:
    """Where runs live and die.

    Args:
        folder: for feeds, homes and databases.
        receiver: takes the webhooks.
        new_database: makes the databases.
        at: the instant that all runs look at, in microseconds since 1970 UTC.
    """

    def __init__(self, folder: Path, receiver: Receiver, new_database: NewDatabase, at: int) -> None:
        self.receiver = receiver
        self._folder = folder
        self._new_database = new_database
        self._at = at
        # A server that has imported everything and has no threads forks each life.
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload(["benchmarks.mortal"])

    def fill(self, order: SampleOrder) -> None:
        """Write the feed that all runs read."""
        make = vertical(VERTICAL).sample
        assert make is not None
        make(self._folder / "feed", order, lambda _done, _total: None)

    def scene(self, name: str) -> Scene:
        """A new installation, with contacts who have webhooks; the receiver forgets those before."""
        self.receiver.forget()
        home = self._folder / name
        rules = read_rules(vertical(VERTICAL).rules)
        roles = sorted({told.role for rule in rules for told in rule.notify} | {rule.owner for rule in rules})
        write_contacts(home, {role: turn for turn, role in enumerate(roles)}, self.receiver.address)
        return Scene(self._new_database(name), home, self._folder / "feed", self._at)

    def undisturbed(self, name: str = "undisturbed") -> Undisturbed:
        """A run that nobody disturbs.

        Raises:
            RuntimeError: it did not come to its end.
        """
        scene = self.scene(name)
        board = self._board()
        process = self._context.Process(target=live, args=(scene, board, 0))
        process.start()
        process.join(_PATIENCE)
        if process.exitcode != 0:
            raise RuntimeError(f"the undisturbed run ended with {process.exitcode}")
        lasted: dict[Place, float] = {place: board[place + 1] - board[place] for place in _AIMS}
        return Undisturbed(self.end_of(scene), tuple(sorted(self.receiver.taken)), lasted)

    def end_of(self, scene: Scene) -> State:
        """What a run left behind."""
        database = open_database(scene.database_url)
        try:
            return state_of(database, scene.settings.resolved_outbox_dir)
        finally:
            database.close()

    def life(self, scene: Scene, ahead: int, aim: Place, delay: float) -> Place:
        """Start a process, kill it so many seconds after it reached a place, and say where that found it.

        A process that is aimed at its end is left in peace.

        Raises:
            RuntimeError: it ended by itself before its end, or did not end at all.
        """
        board = self._board()
        process = self._context.Process(target=live, args=(scene, board, ahead))
        process.start()
        deadline = monotonic() + _PATIENCE
        while not wait([process.sentinel], _POLL) and monotonic() < deadline:
            if aim is not Place.DONE and board[aim] and monotonic() >= board[aim] + delay:
                process.kill()
                break
        process.join(_PATIENCE)
        if process.exitcode not in (0, -9):
            raise RuntimeError(f"a run ended with {process.exitcode} by itself")
        return Place.DONE if process.exitcode == 0 else max(place for place in Place if board[place])

    def together(self, scene: Scene) -> list[int | None]:
        """Let two processes run the same cycle at once, and say how they ended."""
        pair = [self._context.Process(target=live, args=(scene, self._board(), 0)) for _ in range(2)]
        for process in pair:
            process.start()
        for process in pair:
            process.join(_PATIENCE)
        return [process.exitcode for process in pair]

    def _board(self) -> Any:
        return self._context.RawArray("d", len(Place))


def kill_many(arena: Arena, kills: int, seed: int, watch: Callable[[Tally], None] = lambda _tally: None) -> Tally:
    """Go through rounds until so many kills have been made, and compare the end of each."""
    expected, chance, tally = arena.undisturbed(), random.Random(seed), Tally()
    while tally.kills < kills:
        name = f"round-{tally.rounds + 1}"
        scene = arena.scene(name)
        _one_round(arena, scene, expected, chance, tally, kills)
        tally.rounds += 1
        tally.faults += [f"{name}: {line}" for line in differences(expected.state, arena.end_of(scene))]
        tally.faults += _at_the_receiver(arena.receiver, name, expected)
        tally.resent += arena.receiver.resent
        tally.messages += len(arena.receiver.taken)
        watch(tally)
    return tally


def _one_round(
    arena: Arena, scene: Scene, expected: Undisturbed, chance: random.Random, tally: Tally, kills: int
) -> None:
    found, ahead = Place.DATABASE, 0
    while found is not Place.DONE:
        # What a run has behind it goes by in no time when it is started again, so the aim moves on with it.
        aim = chance.choice(list(Place)[found:][:3]) if tally.kills < kills else Place.DONE
        delay = chance.uniform(0, expected.lasted.get(aim, 0))
        found = arena.life(scene, ahead, aim, delay)
        if found is not Place.DONE:
            tally.landed[found] += 1
        if found is Place.DELIVERY:
            ahead += _PAST_LEASE


def _at_the_receiver(receiver: Receiver, name: str, expected: Undisturbed) -> list[str]:
    taken = sorted(receiver.taken)
    if taken == list(expected.keys):
        return []
    lost, more = Counter(expected.keys) - Counter(taken), Counter(taken) - Counter(expected.keys)
    return [f"{name}: the receiver lacks {lost.total()} messages and has {more.total()} too many"]


@contextmanager
def databases(folder: Path, server: str | None) -> Iterator[NewDatabase]:
    """Makes databases: files in a folder, or databases on a PostgreSQL server that are dropped afterwards."""
    made: list[str] = []

    def new_file(name: str) -> str:
        return f"sqlite:///{folder / name}.sqlite"

    def new_on_server(_name: str) -> str:
        made.append(f"killing_{uuid.uuid4().hex[:12]}")
        _on_server(str(server), f"CREATE DATABASE {made[-1]} TEMPLATE template0")
        url = make_url(str(server)).set(drivername="postgresql+psycopg", database=made[-1])
        return url.render_as_string(hide_password=False)

    try:
        yield new_file if server is None else new_on_server
    finally:
        for name in made:
            _on_server(str(server), f"DROP DATABASE {name} WITH (FORCE)")


def _on_server(server: str, statement: str) -> None:
    plain = make_url(server).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(statement.encode())


def main() -> None:
    """Kill and compare, print a table, and end with 1 if anything differs."""
    asked, console = _arguments(), Console()
    started = monotonic()
    order = SampleOrder(asked.patients, asked.days, asked.seed, 0.03, _NOW)
    with (
        TemporaryDirectory() as folder,
        receiving() as receiver,
        databases(Path(folder), asked.database) as new_database,
    ):
        arena = Arena(Path(folder), receiver, new_database, _NOW)
        arena.fill(order)
        tally = kill_many(arena, asked.kills, asked.seed, lambda each: console.print(_line(each), markup=False))
        state = arena.undisturbed("once-more").state
    console.print(_grid(tally, state))
    console.print(f"[dim]{timedelta(seconds=round(monotonic() - started))}[/]")
    for fault in tally.faults:
        console.print(fault, style="red", markup=False)
    sys.exit(bool(tally.faults))


_NOW = 1_772_445_600 * MICROS
"""2 March 2026, 10:00 UTC: a Monday morning."""


def _line(tally: Tally) -> str:
    own = [fault for fault in tally.faults if fault.startswith(f"round-{tally.rounds}:")]
    return "\n".join([f"round {tally.rounds}: {tally.kills} kills, {len(tally.faults)} differences", *own])


def _grid(tally: Tally, state: State) -> Grid:
    grid = Grid("what", "how many", title="Killed and started again")
    grid.add_row("kills", str(tally.kills))
    for place in _AIMS:
        grid.add_row(f"  during {place.name.lower()}", str(tally.landed[place]))
    grid.add_row("runs that came to their end", str(tally.rounds))
    grid.add_row("differences from an undisturbed run", str(len(tally.faults)))
    grid.add_row("messages at the receiver, all runs", str(tally.messages))
    grid.add_row("  sent again under the same key", str(tally.resent))
    for name in ("hospital_result", "quarantine", "alert", "outbox", "inbox_message", "files"):
        grid.add_row(f"a run's {name}", str(state[name].rows.total()))
    return grid


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--database", help="a PostgreSQL server's address; default: SQLite files")
    parser.add_argument("--patients", type=int, default=60)
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
