"""A full refresh of a large view at once, and the same in parts, in one run on one machine.

Run: `python -m benchmarks.parts [--entities 1000000] [--events 3000000] [--size 200000] [--url sqlite:///…]`
Parts go one after the other on SQLite, and four side by side on PostgreSQL, as they do under Prefect; here without it.
Each way is measured the first time, when nothing is stored, and again, when all is compared with what is stored.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from benchmarks.features import NOW, PEOPLE, Size, fill, opened, timed
from benchmarks.result import Result, milliseconds, show
from benchmarks.servers import urls
from substrate.clock import MINUTE
from substrate.database import Database
from substrate.features.parts import Division, Part, PartReport, begin, finish, refresh_part
from substrate.features.refresh import Mode, refresh
from substrate.features.tables import LIVE, REPLAY, tables_of
from substrate.schema import reconcile

_SIDE_BY_SIDE = 4


def main() -> None:
    """Measure on each database and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entities", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=3_000_000)
    parser.add_argument("--size", type=int, default=200_000, help="entities of a part")
    parser.add_argument("--url", help="measure on this database alone; it must be empty")
    asked = parser.parse_args()
    with urls() as empty:
        for url in [asked.url] if asked.url else empty:
            show(results(url, Size(asked.events, asked.entities), asked.size), "a full refresh in parts")


def results(url: str, size: Size, each: int) -> Iterator[Result]:
    """Measure on an empty database; the copies of two timelines are filled, one in each way."""
    with opened(url) as database:
        with database.write() as connection:
            reconcile(connection, tables_of(PEOPLE, REPLAY))
        fill(database, size)
        name, parts = database.engine.dialect.name, -(-size.entities // each)
        for turn, when in enumerate(("the first time", "again")):
            at = NOW + turn * MINUTE
            whole = timed(partial(_at_once, database, at))
            split = timed(partial(_in_parts, database, at, each))
            work = f"{name}: full refresh of {size.entities:,} entities {when}, in {parts} parts"
            yield Result(work, milliseconds(split), f"{milliseconds(whole)} at once", f"{split / whole:.2f} ×")


def _at_once(database: Database, at: int) -> None:
    with database.write() as connection:
        refresh(connection, PEOPLE, at, batch=1, mode=Mode.FULL, timeline=LIVE)


def _in_parts(database: Database, at: int, each: int) -> None:
    with database.write() as connection:
        found = begin(connection, PEOPLE, at, each, batch=1, mode=Mode.FULL, timeline=REPLAY)
    if not isinstance(found, Division):
        raise TypeError(found)
    with ThreadPoolExecutor(1 if database.is_sqlite else _SIDE_BY_SIDE) as threads:
        done = list(threads.map(partial(_part, database, found), found.parts))
    with database.write() as connection:
        finish(connection, PEOPLE, found, done, 0.0)


def _part(database: Database, division: Division, part: Part) -> PartReport:
    with database.write() as connection:
        return refresh_part(connection, PEOPLE, division, part)


if __name__ == "__main__":
    main()
