"""One life of a process that runs the cycle, until it is done or is killed; it says where in the run it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from time import monotonic
from typing import Protocol

from pydantic import SecretStr

from flows.cycle import run_cycle
from flows.workbench import workbench
from substrate.catalog import vertical, verticals
from substrate.clock import ManualClock
from substrate.database import open_database
from substrate.migrate import is_current, upgrade
from substrate.settings import Settings
from substrate.sources.configured import SourceEntry
from substrate.sources.folder import FolderOptions

VERTICAL = "hospital"
_BATCH_ROWS = 100
"""Small, so that one page takes several transactions and a kill finds it half-way."""
_PAGE_ROWS = 250


class Place(IntEnum):
    """Where in a run a process is."""

    DATABASE = 0  # tables are made, the rules are brought into the book
    INGEST = 1
    FEATURES = 2
    RULES = 3
    DELIVERY = 4
    DONE = 5


_PLACES = {
    "Reading": Place.INGEST,
    "Refreshing": Place.FEATURES,
    "Evaluating": Place.RULES,
    "Delivering": Place.DELIVERY,
}
"""By the first word of a step, as a watch is told it."""


class Board(Protocol):
    """Outlives the process that writes it: when each place was reached, in monotonic seconds; 0: not yet."""

    def __getitem__(self, place: int) -> float: ...

    def __setitem__(self, place: int, at: float) -> None: ...


@dataclass(frozen=True)
class Scene:
    """What a run works on.

    Attributes:
        database_url: where everything is kept.
        home: the folder of its outbox, contacts and signing key.
        feed: the folder that is read.
        at: the instant that its answers are true for, in microseconds since 1970 UTC.
    """

    database_url: str
    home: Path
    feed: Path
    at: int

    @property
    def settings(self) -> Settings:
        """As a deployer would set them."""
        url = SecretStr(self.database_url)
        return Settings(home=self.home, database_url=url, batch_rows=_BATCH_ROWS)


class Pointer:
    """Watches a cycle, writes on the board where it is, and lets the clock run on where messages leave.

    The evaluation's instant stands still, so that every run has the same facts to judge. The clock of delivery does
    not: what a killed process held is free only when its lease has run out.
    """

    def __init__(self, board: Board, clock: ManualClock, ahead: int) -> None:
        self._board = board
        self._clock = clock
        self._ahead = ahead

    def begin(self, step: str, total: int | None) -> None:
        """A place is reached, or a further part of it."""
        place = _PLACES[step.split()[0]]
        self._board[place] = self._board[place] or monotonic()
        if place is Place.DELIVERY:
            self._clock.move(self._ahead)

    def advance(self, units: int) -> None:
        """Nothing is shown."""

    def end(self) -> None:
        """Nothing is shown."""


def live(scene: Scene, board: Board, ahead: int) -> None:
    """Run one whole cycle, unless killed.

    Args:
        scene: what it works on.
        board: where it says how far it is.
        ahead: how far the clock of delivery has gone on, in microseconds.
    """
    board[Place.DATABASE] = monotonic()
    database, clock = open_database(scene.database_url), ManualClock(scene.at)
    if not is_current(database):
        upgrade(database, verticals().values())
    bench = workbench(scene.settings, database, clock, vertical(VERTICAL))
    folder = FolderOptions(path=scene.feed, page_rows=_PAGE_ROWS)
    entry = SourceEntry(name=VERTICAL, vertical=VERTICAL, zone="UTC", folder=folder)
    run_cycle(bench, [entry], Pointer(board, clock, ahead))
    database.close()
    board[Place.DONE] = monotonic()


def write_contacts(home: Path, roles: Mapping[str, int], address: str) -> None:
    """Say who stands behind the roles: each is told by webhook first, or by file or inbox, in turn.

    Args:
        home: the folder of the installation.
        roles: each role's place in the turn.
        address: of the receiver.
    """
    lines = ["recipients:"]
    for role, turn in roles.items():
        ways = [f"{{channel: webhook, address: '{address}'}}", "{channel: file}", "{channel: inbox}"]
        first = 0 if turn % 4 < 2 else turn % 4 - 1
        listed = [ways[first], *(way for way in ways if way != ways[first])]
        lines.append(f"  {role}: {{channels: [{', '.join(listed)}], clearance: phi}}")
    lines.append("  admin: {channels: [{channel: inbox}]}")
    home.mkdir(parents=True, exist_ok=True)
    (home / "contacts.yaml").write_text("\n".join(lines) + "\n", "utf-8")
