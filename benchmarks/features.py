"""Features and one rule at full size, beside the same work written by hand in SQL, in one run on one machine.

Run: `python -m benchmarks.features --events 1000000 [--entities 100000] [--url sqlite:///… | postgresql://…]`
Without `--url` it runs on a SQLite file in a temporary folder, and on PostgreSQL if the server from the wheel is here.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from statistics import median, quantiles
from time import perf_counter
from typing import Any, ClassVar

from sqlalchemy import Connection, text

from benchmarks.result import Result, milliseconds, show
from benchmarks.servers import urls
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
    with urls() as empty:
        for url in [asked.url] if asked.url else empty:
            show(results(url, Size(asked.events, asked.entities), asked.people), "features")


def results(url: str, size: Size, people: int) -> Iterator[Result]:
    """Measure on an empty database: features of so many events and entities, and a rule over so many people."""
    with opened(url) as database:
        for result in (*_features(database, size), *_rule(database, people)):
            yield replace(result, work=f"{database.engine.dialect.name}: {result.work}")


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = open_database(url)
    indexes_for(PEOPLE)
    tables = [table for record in (Person, Reading) for table in (table_of(record), history_of(record))]
    with database.write() as connection:
        reconcile(connection, [*tables, *tables_of(PEOPLE), feature_state, counter])
        connection.exec_driver_sql("CREATE TABLE by_hand AS SELECT * FROM feature_person WHERE 1 = 0")
        connection.exec_driver_sql("CREATE UNIQUE INDEX by_hand_id ON by_hand (id)")
    yield database
    database.close()


def _features(database: Database, size: Size) -> Iterator[Result]:
    fill(database, size)
    hand, ours = [], []
    with database.write() as connection:
        first = timed(lambda: refresh(connection, PEOPLE, NOW, batch=1, mode=Mode.FULL))
    yield Result(f"first full refresh ({size.events:,} events, {size.entities:,} entities)", milliseconds(first))
    for _ in range(_ROUNDS):
        hand.append(timed(lambda: _by_hand(database)))
        ours.append(timed(lambda: _refresh(database, Mode.FULL, NOW, 1)))
    yield _beside("full refresh again", median(ours), median(hand), "by hand: DELETE, INSERT … SELECT", 1.3)
    parts = [_incremental(database, size, turn) for turn in range(1, _ROUNDS + 1)]
    yield _beside("incremental refresh, 1 % of entities changed", median(parts), median(ours), "full refresh", 0.05)
    yield _online(database, size)
    yield _live(database)


def _beside(work: str, ours: float, theirs: float, peer: str, most: float) -> Result:
    ratio = ours / theirs
    told = f"{milliseconds(theirs)} {peer}"
    return Result(work, milliseconds(ours), told, f"{ratio:.2f} ×", f"<= {most} ×", ratio <= most)


def _incremental(database: Database, size: Size, turn: int) -> float:
    _change(database, size, turn)
    return timed(lambda: _refresh(database, Mode.AUTO, NOW + turn * HOUR // 60, turn + 1))


def _online(database: Database, size: Size) -> Result:
    times = []
    for _ in range(200):
        ids = random.sample(range(size.entities), 100)
        with database.read() as connection:
            times.append(timed(partial(read_online, connection, PEOPLE, ids, NOW)))
    work, slowest = "online read of 100 entities", quantiles(times, n=100)[98]
    peer = "Feast on SQLite: p99 14.2 ms, measured elsewhere"
    return Result(work, _spread(times), peer, aim="p99 <= 3 ms", met=slowest <= 0.003)


def _live(database: Database) -> Result:
    times = []
    for entity in range(100):
        with database.write() as connection:
            times.append(timed(partial(refresh_entities, connection, PEOPLE, [entity], NOW + HOUR)))
    return Result("refresh of one entity", _spread(times))


def _rule(database: Database, people: int) -> Iterator[Result]:
    with database.write() as connection:
        _add_people(connection, range(people))
        refresh(connection, PEOPLE, NOW + HOUR, batch=9, mode=Mode.FULL)
    facts = Facts([Person, Reading], [PEOPLE])
    rule = check_condition(
        "readings > 3 && high_share >= 0.6 && age(born) < duration('20000d')", facts.schema("person")
    )
    with database.read() as connection:
        times = [timed(lambda: connection.execute(facts.select("person", {}, NOW, where=rule)).all()) for _ in range(3)]
        hand = [
            timed(lambda: connection.execute(text(RULE_BY_HAND), {"born": NOW - 20_000 * DAY}).all()) for _ in range(3)
        ]
    ours, theirs = median(times), median(hand)
    work, peer = f"one rule over {people:,} entities", f"{milliseconds(theirs)} by hand"
    yield Result(work, milliseconds(ours), peer, f"{ours / theirs:.2f} ×", "<= 1,000 ms", ours <= 1)


def fill(database: Database, size: Size) -> None:
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


def timed(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def _spread(times: list[float]) -> str:
    return f"p50 {milliseconds(median(times))}, p99 {milliseconds(quantiles(times, n=100)[98])}"


if __name__ == "__main__":
    main()
