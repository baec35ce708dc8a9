"""One feed of each vertical, of the same size, through ingest, features and rules, one after the other in one run.

Run: `python -m benchmarks.verticals [--events 1000000] [--only hospital,logistics] [--database sqlite|postgresql]`
Each feed is the vertical's own sample without defects, made once in the system's temporary folder. The features are
refreshed in full after the first read, then in part three hours later; the rules are looked at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from time import perf_counter, process_time
from typing import TypeVar

from automations.conditions import compile_rule
from automations.findings import Look, true_entities
from automations.rule_files import read_rules
from benchmarks.result import Result, show
from benchmarks.servers import fresh_database, postgres
from substrate.catalog import SampleOrder, Vertical, vertical
from substrate.clock import HOUR, parse_instant
from substrate.database import Database, open_database
from substrate.facts import Facts
from substrate.features.refresh import refresh
from substrate.ingest import ingest
from substrate.migrate import upgrade
from substrate.sources.folder import FolderOptions, FolderSource

T = TypeVar("T")
NOW = parse_instant("2026-03-02T10:00:00Z")
_SLOWER = 2.0
_VERTICALS = ("hospital", "school", "logistics")


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds by the wall clock, and of our processor time (a database server's is not in it)."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.wall:.1f} s ({self.cpu:.1f} CPU)"


@dataclass(frozen=True, slots=True)
class Taken:
    """What one vertical took: rows of its feed, and the time of each part."""

    name: str
    rows: int
    read: Span
    full: Span
    partly: Span
    rules: Span

    def told(self) -> str:
        """In one line."""
        parts = f"read {self.read}, features {self.full}, again {self.partly}, rules {self.rules}"
        return f"{self.name}: {self.rows:,} rows: {parts}"

    @property
    def pace(self) -> float:
        """Processor seconds a row until the features are there."""
        return (self.read.cpu + self.full.cpu) / self.rows


def results(names: tuple[str, ...], events: int, database: str = "sqlite") -> Iterator[Result]:
    """The verticals in turn; each after the first beside the first, by seconds a million rows."""
    with ExitStack() as stack:
        server = stack.enter_context(postgres()) if database == "postgresql" else None
        folder = Path(stack.enter_context(TemporaryDirectory()))
        taken = []
        for name in names:
            url = f"sqlite:///{folder / name}.sqlite" if server is None else fresh_database(server)
            taken.append(_taken(vertical(name), events, url))
    first = taken[0]
    for each in taken[1:]:
        ratio = each.pace / first.pace
        work = f"read and features, {database}, CPU a row"
        yield Result(work, each.told(), first.told(), f"{ratio:.2f} ×", f"<= {_SLOWER:g} ×", ratio <= _SLOWER)


def _feed(of: Vertical, events: int) -> Path:
    folder = Path(gettempdir()) / "plumbline-benchmarks" / f"{of.name}-{events}"
    if not (folder / "planted.json").exists():
        assert of.sample is not None
        of.sample(folder, SampleOrder(defects=0, until=NOW, events=events), lambda _done, _all: None)
    return folder


def _taken(of: Vertical, events: int, url: str) -> Taken:
    feed, database = _feed(of, events), open_database(url)
    upgrade(database, [of])
    order = tuple(mapper.resource for mapper in of.mappers)
    source = FolderSource("sample", FolderOptions(path=feed, order=order))
    report, read = _timed(lambda: ingest(database, of, source, NOW))
    full, partly = (_timed(partial(_refresh, database, of, at))[1] for at in (NOW, NOW + 3 * HOUR))
    _, rules = _timed(lambda: _look(database, of))
    database.close()
    return Taken(of.name, report.rows_in, read, full, partly, rules)


def _timed(work: Callable[[], T]) -> tuple[T, Span]:
    wall, cpu = perf_counter(), process_time()
    made = work()
    return made, Span(perf_counter() - wall, process_time() - cpu)


def _refresh(database: Database, of: Vertical, at: int) -> None:
    for view in of.views:
        with database.write() as connection:
            refresh(connection, view, at)


def _look(database: Database, of: Vertical) -> None:
    facts = Facts(of.records, of.views)
    with database.read() as connection:
        for rule in read_rules(of.rules):
            true_entities(connection, compile_rule(rule, facts), Look(facts, NOW + 3 * HOUR, None, "live"))


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--only", default=",".join(_VERTICALS))
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    asked = parser.parse_args()
    show(results(tuple(asked.only.split(",")), asked.events, asked.database), "verticals")


if __name__ == "__main__":
    main()
