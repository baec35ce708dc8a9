"""One line of what was measured, and the table and the file that lines end in."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Result:
    """Some work, how we did it, and how that compares.

    Attributes:
        work: what was done, and to how much.
        ours: our figures, with units.
        peer: the figures of whom we compare with, and who that is.
        ratio: ours to the peer's, larger is better only where the aim says so.
        aim: what we set out for; empty where nothing was promised.
        met: whether this run met it; None where there is no aim.
    """

    work: str
    ours: str
    peer: str = ""
    ratio: str = ""
    aim: str = ""
    met: bool | None = None


def show(results: Iterable[Result], title: str) -> None:
    """Print the lines as one table, under a title that also says how busy the machine was."""
    grid = Table("work", "ours", "peer", "ratio", "aim", "met?", title=f"{title} (load {os.getloadavg()[0]:.1f})")
    for each in results:
        met = "" if each.met is None else "yes" if each.met else "NO"
        grid.add_row(each.work, each.ours, each.peer, each.ratio, each.aim, met)
    Console(width=160).print(grid)


def write(results: Iterable[Result], path: Path) -> None:
    """Keep the lines as JSON."""
    told = {"load": os.getloadavg(), "cpus": os.cpu_count(), "results": [asdict(each) for each in results]}
    path.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")


def milliseconds(seconds: float) -> str:
    """A time as people compare it."""
    return f"{seconds * 1_000:,.1f} ms"
