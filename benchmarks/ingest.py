"""The sample feed in, beside dlt loading the same files into the same kind of database, turn by turn in one run.

Run: `python -m benchmarks.ingest [--events 1000000] [--rounds 3] [--database sqlite|postgresql|postgresql://…]`
Without `--database` it runs on SQLite, and on PostgreSQL if the server from the wheel is here; an address names a
server that new databases may be made on. The feed is kept in the system's temporary folder and made once.

Ours reads, checks, maps, gates, resolves references, keeps versions, and commits its cursor with each page. dlt is
given less to do: flat tables instead of a table a list, appended, and merged by `id`. The feed has no bad rows, since
one would stop dlt; every load is a process of its own, into an empty database.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory, gettempdir

from benchmarks.loads import LOADERS, Load, load
from benchmarks.result import Result, show
from benchmarks.servers import fresh_database, postgres
from verticals.hospital.sample import SamplePlan, generate

_FASTER = 2.0
_FLAT = 1.3
_KINDS = ("sqlite", "postgresql")
_FULL_CACHE = 200_000
"""Rows from which on SQLite's own cache of 64 MiB is full; what grows after that is ours."""


def results(events: int, rounds: int = 3, database: str | None = None) -> Iterator[Result]:
    """Both kinds of database, or one, and then the memory that ours takes for more and more rows."""
    feed = sound_feed(events)
    for kind in (database,) if database else _KINDS:
        with TemporaryDirectory() as folder, _emptied(kind, Path(folder)) as empty:
            if empty is not None:
                yield from _compared(kind.partition(":")[0], feed, empty, rounds)
    yield _memory((max(_FULL_CACHE, events * 3 // 10), max(2 * _FULL_CACHE, events)))


def sound_feed(events: int) -> Path:
    """The folder of a feed of about so many rows, without defects; made if it is not there."""
    folder = Path(gettempdir()) / "plumbline-benchmarks" / f"feed-{events}"
    if not (folder / "planted.json").exists():
        generate(folder, SamplePlan(events=events, defects=0))
    return folder


@contextmanager
def _emptied(kind: str, folder: Path) -> Iterator[Callable[[str], str] | None]:
    """Something that gives the address of a new, empty database by a name; None if there is no such server."""
    if kind == "sqlite":
        yield lambda name: f"sqlite:///{folder / name}.sqlite"
    elif kind == "postgresql":
        with postgres() as server:
            yield None if server is None else lambda _name: fresh_database(server)
    else:
        yield lambda _name: fresh_database(kind)


def _compared(kind: str, feed: Path, empty: Callable[[str], str], rounds: int) -> Iterator[Result]:
    taken: dict[str, list[Load]] = {loader: [] for loader in LOADERS}
    for turn in range(rounds):
        for loader in LOADERS:
            taken[loader].append(load(loader, feed, empty(f"{loader}-{turn}")))
    ours = taken.pop("plumbline")
    for loader, theirs in taken.items():
        ratio = _speed(ours) / _speed(theirs)
        work = f"ingest of {ours[0].rows:,} rows, {kind}, beside {loader}"
        yield Result(work, _told(ours), _told(theirs), f"{ratio:.1f} ×", f">= {_FASTER:g} ×", ratio >= _FASTER)


def _memory(sizes: Sequence[int]) -> Result:
    with TemporaryDirectory() as folder:
        peaks = [load("plumbline", sound_feed(size), f"sqlite:///{folder}/{size}.sqlite").peak for size in sizes]
    ratio = max(peaks) / peaks[0]
    work = f"peak memory at {' / '.join(f'{size:,}' for size in sizes)} rows"
    told = " / ".join(f"{peak:,.0f}" for peak in peaks)
    return Result(work, f"{told} MB", "the smallest", f"{ratio:.2f} ×", f"<= {_FLAT} ×", ratio <= _FLAT)


def _speed(loads: Sequence[Load]) -> float:
    return median(each.rows / each.seconds for each in loads)


def _told(loads: Sequence[Load]) -> str:
    cpu = median(each.rows / each.cpu for each in loads)
    return f"{_speed(loads):,.0f} rows/s, {cpu:,.0f} a CPU s, {max(each.peak for each in loads):,.0f} MB"


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database")
    asked = parser.parse_args()
    show(results(asked.events, asked.rounds, asked.database), "ingest")


if __name__ == "__main__":
    main()
