"""Processes of an installation that are killed in different ways and started again whenever they end."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from threading import Event, Lock

from console.child import Child, Program
from console.warden import marked

_STOP_SECONDS = 30.0


class Way(StrEnum):
    """How a process is killed."""

    WHOLE = "whole"  # with all that it started
    ALONE = "alone"  # what it started goes on without it
    RUN = "run"  # one of those that it started, and not itself


def always() -> bool:
    """It may be killed at any moment."""
    return True


@dataclass
class Actor:
    """A process that is started again whenever it ends.

    Attributes:
        name: what it is; several may be the same.
        program: how it is started.
        mark: no other's.
        log: where what it says is kept.
        ways: how it may be killed, the more often named the likelier.
        weight: how likely it is to be the next.
        ripe: whether there is anything to interrupt.
        kills: how often it was killed, by way.
    """

    name: str
    program: Program
    mark: str
    log: Path
    ways: Sequence[Way] = (Way.WHOLE,)
    weight: int = 1
    ripe: Callable[[], bool] = always
    kills: Counter[Way] = field(default_factory=Counter)
    _child: Child | None = None
    _lock: Lock = field(default_factory=Lock)

    def live(self) -> None:
        """Start it, unless it runs."""
        with self._lock:
            if self._child is None or self._child.code() is not None:
                self._child = Child(self.program, self.mark, self._hear)

    def kill(self, dice: random.Random) -> None:
        """Kill it, wherever it is in its work."""
        if not self.ripe():
            return
        way = dice.choice(self.ways)
        with self._lock:
            if self._child is None or self._child.code() is not None:
                return
            self.kills[way] += _KILLING[way](self._child, _runs(self._child, self.mark), dice)

    def end(self) -> None:
        """Ask it to stop, and see that it and all that it started do."""
        with self._lock:
            if self._child is not None:
                self._child.stop()
                calm = Event()
                for _ in range(int(_STOP_SECONDS * 10)):
                    if self._child.gone():
                        break
                    calm.wait(0.1)
                self._child.kill()

    def _hear(self, name: str, line: str) -> None:
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"{name}: {line}\n")


def _runs(child: Child, mark: str) -> list[int]:
    """The processes that it started and that do its work."""
    return [pid for pid in marked([mark]) if pid != child.pid and b"resource_tracker" not in _words(pid)]


def _words(pid: int) -> bytes:
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_bytes()
    except OSError:  # it just ended
        return b"resource_tracker"


def _whole(child: Child, _runs: list[int], _dice: random.Random) -> bool:
    child.kill()
    return True


def _alone(child: Child, _runs: list[int], _dice: random.Random) -> bool:
    with suppress(ProcessLookupError):
        os.kill(child.pid, signal.SIGKILL)
    return True


def _run(_child: Child, runs: list[int], dice: random.Random) -> bool:
    if runs:
        with suppress(ProcessLookupError):
            os.kill(dice.choice(runs), signal.SIGKILL)
    return bool(runs)


_KILLING = {Way.WHOLE: _whole, Way.ALONE: _alone, Way.RUN: _run}


def mayhem(actors: Sequence[Actor], calm: Event, dice: random.Random) -> None:
    """Kill one after the other until there is calm, and start again what ended."""
    weights = [actor.weight for actor in actors]
    while not calm.wait(dice.uniform(2.0, 5.0)):
        dice.choices(actors, weights)[0].kill(dice)
        for actor in actors:
            actor.live()


def tally(actors: Sequence[Actor]) -> Mapping[str, int]:
    """How often what was killed, and how."""
    found = Counter[str]()
    for actor in actors:
        for way, count in actor.kills.items():
            found[str(actor.name) if len(set(actor.ways)) == 1 else f"{actor.name} ({way})"] += count
    return found
