"""Ends what a supervisor leaves behind: it waits for the end of its standard input, which nobody survives to prevent.

It runs as a process of its own, started by path with nothing but the standard library, so that it costs little and
does not fall with what it watches. A killed supervisor cannot clean up; the operating system closes its pipe.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

MARK = "PLUMBLINE_TREE"
"""The environment variable that every process of a tree inherits, whatever group or session it moves to."""

_PROCESSES = Path("/proc")
_MARKS_TELL = (_PROCESSES / "self" / "environ").exists()
_GLANCE_SECONDS = 0.05
_BURIAL_SECONDS = 2.0


def marked(marks: Iterable[str]) -> list[int]:
    """The living processes that carry one of the marks; none where the system does not tell (only Linux does)."""
    wanted = {f"{MARK}={mark}".encode() for mark in marks}
    me = os.getpid()
    found = (int(each.name) for each in _PROCESSES.glob("[0-9]*") if not wanted.isdisjoint(_environment(each)))
    return sorted(pid for pid in found if pid != me)


def end(marks: Iterable[str], groups: Iterable[int], grace_seconds: float) -> None:
    """Ask all that carry a mark or belong to a group to stop, and kill what has not when the time is up."""
    wanted, led = list(marks), set(groups)
    until = time.monotonic() + grace_seconds
    _signal(wanted, led, signal.SIGTERM)
    while time.monotonic() < until and _anybody(wanted, led):
        time.sleep(_GLANCE_SECONDS)
    until = time.monotonic() + _BURIAL_SECONDS  # the dead count until their parent has looked
    while _anybody(wanted, led) and time.monotonic() < until:
        _signal(wanted, led, signal.SIGKILL)
        time.sleep(_GLANCE_SECONDS)


def _anybody(marks: list[str], groups: set[int]) -> bool:
    # A group counts its dead until somebody has buried them; the marks do not.
    return bool(marked(marks)) if _MARKS_TELL else any(map(_lives, groups))


def _signal(marks: list[str], groups: set[int], number: int) -> None:
    for pid in marked(marks):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _environment(process: Path) -> frozenset[bytes]:
    try:
        return frozenset((process / "environ").read_bytes().split(b"\0"))
    except OSError:  # it is another user's, or it just ended; what has ended but is not buried has none
        return frozenset()


def _watch(grace_seconds: float, marks: list[str]) -> None:
    """Note which groups there are, line by line (`+12` came, `-12` went), until the supervisor is gone."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        change = groups.add if line.startswith("+") else groups.discard
        change(int(line[1:]))
    end(marks, groups, grace_seconds)


if __name__ == "__main__":
    _watch(float(sys.argv[1]), sys.argv[2:])
