"""Each installed vertical's own sample at one size: in, features fresh, series fresh, in one run on one machine.

Run: `python -m benchmarks.houses [--events 1000000] [--only hospital,school] [--url postgresql://…]`
Every step of a vertical runs in this process, into an empty database; the feed is made anew, without defects. What
differs between verticals is the rows: FHIR resources are ten times as long as rows of CSV.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.result import Result, show
from benchmarks.servers import fresh_database
from substrate.catalog import SampleOrder, Vertical, verticals
from substrate.clock import parse_instant
from substrate.database import Database, open_database
from substrate.features.refresh import refresh
from substrate.ingest import ingest
from substrate.migrate import upgrade
from substrate.series.declare import placed
from substrate.series.refresh import refresh as refresh_series
from substrate.sources.folder import FolderOptions, FolderSource

_NOW = parse_instant("2026-03-02T10:00:00Z")


def results(events: int, only: Sequence[str] = (), server: str | None = None) -> Iterator[Result]:
    """A few lines for each vertical that has a sample."""
    for name, vertical in sorted(verticals().items()):
        if vertical.sample is not None and (not only or name in only):
            with TemporaryDirectory() as folder:
                url = fresh_database(server) if server else f"sqlite:///{folder}/house.sqlite"
                yield from _measured(vertical, Path(folder) / "feed", url, events)


def _measured(vertical: Vertical, feed: Path, url: str, events: int) -> Iterator[Result]:
    assert vertical.sample is not None
    watch = _Watch()
    receipt = vertical.sample(feed, SampleOrder(events=events, defects=0, until=_NOW), lambda _done, _total: None)
    rows = sum(receipt.resources.values())
    yield watch.told(f"{vertical.name}: {rows:,} rows made, {receipt.bytes / 1e6:,.0f} MB")
    database = open_database(url)
    upgrade(database, [vertical])
    order = tuple(mapper.resource for mapper in vertical.mappers)
    report = ingest(database, vertical, FolderSource("sample", FolderOptions(path=feed, order=order)), _NOW)
    yield watch.told(f"{vertical.name}: {report.rows_in:,} rows in, {report.records.total():,} records", report.rows_in)
    with database.write() as connection:
        entities = sum(refresh(connection, view, _NOW).entities for view in vertical.views)
    yield watch.told(f"{vertical.name}: features of {entities:,} entities, in full")
    yield _series(vertical, database, watch)
    database.close()


def _series(vertical: Vertical, database: Database, watch: _Watch) -> Result:
    with database.write() as connection:
        for series in vertical.series:
            refresh_series(connection, placed(series, "UTC"), _NOW)
    return watch.told(f"{vertical.name}: {len(vertical.series)} series, in full")


class _Watch:
    """Tells how long each step took, by the wall and by the processor."""

    def __init__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def told(self, work: str, rows: int = 0) -> Result:
        """A line for what was done since the last one; `rows` is told a second too."""
        wall, cpu = time.perf_counter() - self._began[0], time.process_time() - self._began[1]
        self._began = time.perf_counter(), time.process_time()
        speed = f", {rows / wall:,.0f} rows/s, {rows / cpu:,.0f} a CPU s" if rows else ""
        return Result(work, f"{wall:,.1f} s, {cpu:,.1f} CPU s{speed}")


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--only", default="")
    parser.add_argument("--url")
    asked = parser.parse_args()
    show(results(asked.events, tuple(filter(None, asked.only.split(","))), asked.url), "houses")


if __name__ == "__main__":
    main()
