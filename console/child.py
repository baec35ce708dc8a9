"""One process that a supervisor looks after: started in a group of its own, stopped, or killed with all it started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import IO

from console.warden import MARK, marked

Hear = Callable[[str, str], None]
"""Is told a program's name and one line of what it says."""


def at_once() -> bool:
    """Nothing tells when the program is ready: it is as soon as it runs."""
    return True


@dataclass(frozen=True)
class Program:
    """What is to be kept running.

    Attributes:
        name: a short word, different for each.
        argv: the command; it shows in the list of processes, so it holds no secret.
        environment: set for it beside what the supervisor itself has; may hold secrets.
        ready: whether it does its work; asked again and again after each start, until it says yes.
        outlives: the programs that must be gone before this one is asked to stop.
    """

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    ready: Callable[[], bool] = at_once
    outlives: frozenset[str] = frozenset()


class Child:
    """A running program."""

    def __init__(self, program: Program, mark: str, hear: Hear) -> None:
        self._mark = mark
        # A group of its own: Ctrl-C in a terminal reaches the supervisor alone, which stops all in order.
        self._process = subprocess.Popen(  # noqa: S603  # our own programs
            program.argv,
            env={**os.environ, **program.environment, MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            encoding="utf-8",
            errors="replace",
        )
        Thread(target=_pass_on, args=(program.name, self._process.stdout, hear), daemon=True).start()

    @property
    def pid(self) -> int:
        """Its process id, which is that of its group too."""
        return self._process.pid

    def code(self) -> int | None:
        """How it ended, negative for a signal; None: it runs."""
        return self._process.poll()

    def gone(self) -> bool:
        """Whether it has ended, and all that it started."""
        return self.code() is not None and not marked([self._mark])

    def stop(self) -> None:
        """Ask it to stop; what it started is its own to stop."""
        with suppress(ProcessLookupError):
            self._process.terminate()

    def kill(self) -> None:
        """End it and all that it started, at once."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        for pid in marked([self._mark]):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()


def python(*arguments: str) -> tuple[str, ...]:
    """A command that runs under the Python of this installation."""
    return (sys.executable, *arguments)


def _pass_on(name: str, lines: IO[str] | None, hear: Hear) -> None:
    if lines is None:
        return
    with lines:
        for line in lines:
            with suppress(OSError):  # a terminal that is gone may not hold up the program
                hear(name, line.rstrip("\n"))
