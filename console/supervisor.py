"""Keeps programs running: starts them, starts again what ended, and stops all of them in order and in time.

What ended is started again after a wait that doubles, so that a broken program costs little and a hiccup is mended at
once. A warden, a small process beside it, ends everything should the supervisor itself be killed.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from threading import Event

from console import warden
from console.child import Child, Hear, Program

STOP_SECONDS = 9.0
"""How long stopping takes at most before all that is left is killed."""

_ORDER_SECONDS = 6.0
"""How long a program that is to outlive others waits for their end."""

_GLANCE_SECONDS = 0.1
_LOOK_SECONDS = 0.25
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 30.0
_SETTLED_SECONDS = 60.0


class Turn(StrEnum):
    """What became of a program."""

    STARTED = "started"
    READY = "ready"
    ENDED = "ended"  # by itself; it is started again
    STOPPED = "stopped"
    KILLED = "killed"  # it did not stop in time


@dataclass(frozen=True, slots=True)
class News:
    """One turn of one program.

    Attributes:
        program: its name.
        turn: what became of it.
        pid: its process.
        seconds: since its start.
        code: how it ended, negative for a signal.
        wait: seconds until it is started again.
    """

    program: str
    turn: Turn
    pid: int
    seconds: float
    code: int | None = None
    wait: float | None = None


def wait_after(failures: int) -> float:
    """Seconds to wait before a program that ended so many times in a row is started again: 0.5, 1, 2 … 30."""
    return min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** (min(failures, 10) - 1))


@dataclass
class _Post:
    """A program and how it stands."""

    program: Program
    child: Child | None = None
    started: float = 0.0
    ready: bool = False
    looked: float = 0.0
    failures: int = 0
    due: float = 0.0
    asked: bool = False


@dataclass
class Supervisor:
    """Keeps programs running until it is told to stop.

    Attributes:
        programs: what to run, in the order of their start.
        home: marks the processes as this folder's, so that its next supervisor finds what was left.
        tell: hears of every turn.
        hear: hears what the programs say, from other threads.
        locks: file descriptors that stay open until the last process is gone, whatever happens.
        stop_seconds: how long stopping may take.
    """

    programs: Sequence[Program]
    home: Path
    tell: Callable[[News], None]
    hear: Hear
    locks: Sequence[int] = ()
    stop_seconds: float = STOP_SECONDS
    _posts: list[_Post] = field(default_factory=list, init=False)
    _warden: subprocess.Popen[str] | None = field(default=None, init=False)

    def run(self, stop: Event, hurry: Event | None = None) -> None:
        """Run everything until `stop` is set; then stop everything, at once if `hurry` is set."""
        self._clear_away()
        self._posts = [_Post(program) for program in self.programs]
        try:
            while not stop.wait(_GLANCE_SECONDS if self._warden else 0):
                self._keep_warden()
                for post in self._posts:
                    self._keep(post, time.monotonic())
        finally:
            self._stop_all(hurry or Event())

    def ready(self) -> frozenset[str]:
        """The programs that do their work."""
        return frozenset(post.program.name for post in self._posts if post.ready)

    def _mark(self, program: Program) -> str:
        return f"{self.home}#{program.name}"

    def _clear_away(self) -> None:
        """End what a supervisor and a warden that were killed together left behind."""
        warden.end([self._mark(program) for program in self.programs], [], self.stop_seconds)

    def _keep_warden(self) -> None:
        if self._warden is not None and self._warden.poll() is None:
            return
        marks = [self._mark(program) for program in self.programs]
        command = [sys.executable, "-I", "-S", warden.__file__, str(self.stop_seconds / 2), *marks]
        self._warden = subprocess.Popen(  # noqa: S603  # our own file
            command, stdin=subprocess.PIPE, text=True, start_new_session=True, pass_fds=tuple(self.locks)
        )
        for post in self._posts:
            if post.child is not None:
                self._note(f"+{post.child.pid}")

    def _note(self, line: str) -> None:
        if self._warden is not None and self._warden.stdin is not None:
            with suppress(BrokenPipeError):  # it was killed; the next one is told anew
                self._warden.stdin.write(line + "\n")
                self._warden.stdin.flush()

    def _keep(self, post: _Post, now: float) -> None:
        if post.child is None:
            if now >= post.due:
                self._start(post, now)
        elif (code := post.child.code()) is not None:
            self._start_again_later(post, post.child, code, now)
        elif not post.ready and now - post.looked >= _LOOK_SECONDS:
            self._look(post, post.child)

    def _start(self, post: _Post, now: float) -> None:
        post.child = Child(post.program, self._mark(post.program), self.hear)
        post.started, post.ready, post.looked = now, False, now
        self._note(f"+{post.child.pid}")
        self.tell(News(post.program.name, Turn.STARTED, post.child.pid, 0.0))

    def _start_again_later(self, post: _Post, child: Child, code: int, now: float) -> None:
        lasted = now - post.started
        post.failures = 1 if lasted >= _SETTLED_SECONDS else post.failures + 1
        wait = wait_after(post.failures)
        post.child, post.ready, post.due = None, False, now + wait
        self._note(f"-{child.pid}")
        self.tell(News(post.program.name, Turn.ENDED, child.pid, lasted, code, wait))

    def _look(self, post: _Post, child: Child) -> None:
        post.ready = post.program.ready()
        post.looked = time.monotonic()
        if post.ready:
            self.tell(News(post.program.name, Turn.READY, child.pid, post.looked - post.started))

    def _stop_all(self, hurry: Event) -> None:
        began = time.monotonic()
        running = {post.program.name: post for post in self._posts if post.child is not None}
        while running and not hurry.is_set() and (past := time.monotonic() - began) < self.stop_seconds:
            self._ask(running, out_of_patience=past >= self.stop_seconds * _ORDER_SECONDS / STOP_SECONDS)
            for name in [name for name, post in running.items() if post.child and post.child.gone()]:
                self._say_end(running.pop(name), Turn.STOPPED)
            time.sleep(_GLANCE_SECONDS / 2)
        for post in running.values():
            if post.child is not None:
                post.child.kill()
                self._say_end(post, Turn.KILLED)
        self._dismiss_warden()

    def _ask(self, running: dict[str, _Post], *, out_of_patience: bool) -> None:
        for post in running.values():
            free = out_of_patience or post.program.outlives.isdisjoint(running)
            if post.child is not None and not post.asked and free:
                post.child.stop()
                post.asked = True

    def _say_end(self, post: _Post, turn: Turn) -> None:
        if post.child is not None:
            self._note(f"-{post.child.pid}")
            seconds = time.monotonic() - post.started
            self.tell(News(post.program.name, turn, post.child.pid, seconds, post.child.code()))

    def _dismiss_warden(self) -> None:
        if self._warden is None:
            return
        with suppress(BrokenPipeError):
            self._warden.communicate()
