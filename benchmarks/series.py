"""Series at full size, beside the same points written by hand in SQL, in one run on one machine.

Run: `python -m benchmarks.series --events 1000000 [--groups 100] [--url sqlite:///… | postgresql://…]`
Without `--url` it runs on a SQLite file in a temporary folder, and on PostgreSQL if the server from the wheel is here.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import ClassVar

from sqlalchemy import text

from benchmarks.result import Result, milliseconds, show
from benchmarks.servers import urls
from substrate.batches import counter
from substrate.bulk import append, upsert
from substrate.clock import DAY, HOUR, parse_instant
from substrate.columns import Sensitivity, column, instant, reference
from substrate.database import Database, open_database
from substrate.features.refresh import Mode
from substrate.features.tables import feature_state
from substrate.freshness import watermark
from substrate.records import Record, history_of, table_of
from substrate.schema import reconcile
from substrate.series.declare import Series
from substrate.series.read import read
from substrate.series.refresh import SeriesReport, refresh
from substrate.series.tables import indexes_for, series_table

NOW = parse_instant("2019-11-15T10:20:00Z")
_DAYS = 300
_ROUNDS = 3


class Arrival(Record, table=True):
    """An event: somebody came."""

    __tablename__ = "bench_arrival"
    kind: ClassVar[str] = "arrival"
    occurs: ClassVar[str | None] = "at"

    ward_id: int | None = reference("Ward", "ward")
    at: int | None = instant("When", default=None)
    urgent: bool | None = column("Urgent", Sensitivity.PHI, default=None)


HOURLY = Series("bench_hourly", "Arrivals an hour a ward", Arrival, "at", "ward_id")
DAILY = Series("bench_daily", "Arrivals a day in the house", Arrival, "at", bucket="1d", zone="Europe/Berlin")
SERIES = (HOURLY, DAILY)

# The same points as an expert would write them, for either database.
BY_HAND = """
INSERT INTO by_hand
SELECT ward_id, at / 3600000000 * 3600000000, count(*), count(*), :at FROM bench_arrival
 WHERE gone_at IS NULL AND at <= :at AND at >= :floor AND ward_id IS NOT NULL GROUP BY 1, 2
"""


def main() -> None:
    """Measure on each database and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--groups", type=int, default=100)
    parser.add_argument("--url", help="measure on this database alone; it must be empty")
    asked = parser.parse_args()
    with urls() as empty:
        for url in [asked.url] if asked.url else empty:
            show(results(url, asked.events, asked.groups), "series")


def results(url: str, events: int, groups: int = 100) -> Iterator[Result]:
    """Measure on an empty database."""
    with _opened(url) as database:
        for work, taken, peer in _measured(database, events, groups):
            yield Result(f"{database.engine.dialect.name}: {work}", taken, peer)


@contextmanager
def _opened(url: str) -> Iterator[Database]:
    database = open_database(url)
    for series in SERIES:
        indexes_for(series)
    records = [table_of(Arrival), history_of(Arrival)]
    with database.write() as connection:
        reconcile(connection, [*records, *(series_table(each) for each in SERIES), feature_state, counter, watermark])
        connection.exec_driver_sql("CREATE TABLE by_hand AS SELECT * FROM series_bench_hourly WHERE 1 = 0")
        connection.exec_driver_sql("CREATE UNIQUE INDEX by_hand_key ON by_hand (group_id, bucket)")
    yield database
    database.close()


def _measured(database: Database, events: int, groups: int) -> Iterator[tuple[str, str, str]]:
    dice = random.Random(1)
    _write(database, range(events), 1, groups, dice)
    first = {series.name: _refreshed(database, series, NOW, 1, Mode.FULL) for series in SERIES}
    yield (
        f"hourly of {groups} groups, first ({events:,} events)",
        milliseconds(first[HOURLY.name].seconds),
        _points(first[HOURLY.name]),
    )
    yield "daily of the house, first", milliseconds(first[DAILY.name].seconds), _points(first[DAILY.name])
    hand = median(_timed(lambda: _by_hand(database)) for _ in range(_ROUNDS))
    full = {
        each: median(_refreshed(database, each, NOW, 1, Mode.FULL).seconds for _ in range(_ROUNDS)) for each in SERIES
    }
    yield "by hand: DELETE, INSERT … SELECT of the hourly", milliseconds(hand), ""
    yield "hourly, full again", milliseconds(full[HOURLY]), f"{full[HOURLY] / hand:.2f} × by hand"
    yield "daily, full again", milliseconds(full[DAILY]), ""
    changes = (
        (2, range(events, events + events // 100), 1, "1 % new events, of the last day"),
        (3, range(0, events, 100), _DAYS, "1 % of the events moved, anywhere in 300 days"),
        (4, range(0, events, 10_000), _DAYS, "0.01 % moved, anywhere"),
    )
    for batch, keys, days, what in changes:
        _write(database, keys, batch, groups, dice, days)
        for each in SERIES:
            done = _refreshed(database, each, NOW + batch * HOUR, batch, Mode.AUTO)
            note = f"{done.seconds / full[each]:.1%} of full, {done.mode}, {_points(done)}"
            yield f"{each.bucket}: {what}", milliseconds(done.seconds), note
    with database.read() as connection:
        weeks = _timed(lambda: read(connection, HOURLY, NOW - 56 * DAY, NOW))
        one = _timed(lambda: read(connection, HOURLY, NOW - 56 * DAY, NOW, groups=[7]))
    yield "read of 8 weeks, all groups", milliseconds(weeks), ""
    yield "read of 8 weeks, one group", milliseconds(one), ""


def _write(database: Database, keys: range, batch: int, groups: int, dice: random.Random, days: int = _DAYS) -> None:
    """New events; or with a step some of them anew, elsewhere, while the earlier version goes to the history."""
    shared = ("id", "batch", "source", "source_key", "recorded_at", "content_hash")
    rows = [
        (key, batch, "bench", str(key), NOW, 0, dice.randrange(groups), NOW - dice.randrange(days * DAY), None)
        for key in keys
    ]
    live, past = table_of(Arrival), history_of(Arrival)
    with database.write() as connection:
        if keys.step == 1:
            append(connection, live, [*shared, "ward_id", "at", "urgent"], rows)
        else:
            names = ", ".join(column.name for column in live.columns)
            connection.execute(
                text(f"INSERT INTO {past.name} ({names}, superseded_at, superseded_batch)"
                     f" SELECT {names}, :now, :batch FROM {live.name} WHERE id % :step = 0"),
                {"now": NOW, "batch": batch, "step": keys.step},
            )  # fmt: skip
            upsert(connection, live, [*shared, "ward_id", "at", "urgent"], rows)
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _refreshed(database: Database, series: Series, at: int, batch: int, mode: Mode) -> SeriesReport:
    with database.write() as connection:
        return refresh(connection, series, at, batch=batch, mode=mode)


def _by_hand(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("DELETE FROM by_hand")
        connection.execute(text(BY_HAND), {"at": NOW, "floor": NOW - 400 * DAY})


def _timed(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def _points(report: SeriesReport) -> str:
    return f"{report.points:,} of {report.stored:,} points"


if __name__ == "__main__":
    main()
