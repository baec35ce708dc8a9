"""What processes took of the cores, as Linux tells it: so that what measures is not taken for what is measured."""

from __future__ import annotations

import os
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_STATE, _PARENT, _TIMES = 0, 1, slice(11, 15)


def seconds_of(pid: int) -> float:
    """Processor time of a process and of all that it started, those that ended included; 0: there is no such process.

    A process that was left by the one that started it is not counted.
    """
    parents = {int(entry.name): _fields(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    family, found = {pid}, True
    while found:
        more = {one for one, told in parents.items() if told and int(told[_PARENT]) in family} - family
        found = bool(more)
        family |= more
    return sum(sum(map(int, parents.get(one, [])[_TIMES])) for one in family) / _TICK


def parent_of(pid: int) -> int:
    """Who started a process."""
    return int(_fields(pid)[_PARENT])


def _fields(pid: int) -> list[str]:
    """What stands behind the name in a process's line, the name may hold blanks; empty: it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
