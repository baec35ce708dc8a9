"""Alerts at full size: 500 rules on one event, alerts persisted a second, one rule over a million entities.

Run: `python -m benchmarks.alerts [--entities 1000000] [--alerts 20000] [--rules 500] [--url postgresql://…]`
Without `--url` it runs on a SQLite file in a temporary folder, and on PostgreSQL if the server from the wheel is here.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from statistics import median, quantiles
from time import perf_counter
from typing import ClassVar

from automations.announcer import Announcer
from automations.contacts import Directory
from automations.engine import Engine, evaluate
from automations.live import evaluate_entities
from automations.reflexes import prepare
from automations.rule_files import rule_from
from automations.rulebook import import_rules, pause, rules
from automations.rules import Rule
from benchmarks.result import Result, show
from benchmarks.servers import urls
from substrate.bulk import append
from substrate.clock import DAY, MINUTE
from substrate.columns import Sensitivity, column
from substrate.database import Database, open_database
from substrate.facts import Facts
from substrate.records import Record, history_of, record_id, table_of
from substrate.schema import SYSTEM, reconcile

NOW = 18_000 * DAY
_CHUNK = 50_000
_WARM_UP = 50


class Monitor(Record, table=True):
    """Something with numbers that can be out of range."""

    __tablename__ = "bench_monitor"
    kind: ClassVar[str] = "monitor"

    pulse: int | None = column("Pulse", Sensitivity.PHI, unit="1/min", default=None)
    pressure: float | None = column("Pressure", Sensitivity.PHI, unit="mm[Hg]", default=None)
    status: str | None = column("Status", Sensitivity.PHI, default=None)
    limit: int | None = column("Limit", Sensitivity.PHI, default=None)


def main() -> None:
    """Measure and print one table."""
    asked = _arguments()
    with urls() as empty:
        for url in [asked.url] if asked.url else empty:
            show(results(url, asked.entities, asked.alerts, asked.rules), "alerts")


def results(url: str, entities: int, alerts: int, count: int = 500) -> Iterator[Result]:
    """Measure on an empty database."""
    with closing(open_database(url)) as database:
        for result in _measured(database, entities, alerts, count):
            yield replace(result, work=f"{database.engine.dialect.name}: {result.work}")


def _measured(database: Database, entities: int, alerts: int, count: int) -> Iterator[Result]:
    engine = _engine(database)
    _fill(database, alerts)
    yield _event(engine, count, alerts)
    yield _persisted(engine)
    yield _again(engine)
    _fill(database, entities, first=alerts)
    yield _million(engine, entities)


def _event(engine: Engine, count: int, entities: int) -> Result:
    _import(engine, [_quiet(number) for number in range(count)])
    with engine.database.read() as connection:
        reflexes = prepare(engine, rules(connection))["monitor"]
    dice = random.Random(1)
    whole: list[float] = []
    alone: list[float] = []
    for turn in range(_WARM_UP + 1_000):
        if turn == _WARM_UP:
            whole.clear()
            alone.clear()
        number = record_id("bench", "monitor", str(dice.randrange(entities)))
        started = perf_counter()
        evaluate_entities(engine, reflexes, [number], NOW)
        whole.append(perf_counter() - started)
        row = [None, dice.randint(40, 180), 80.0, "on", 200]
        started = perf_counter()
        reflexes.triggered(row, NOW)
        alone.append(perf_counter() - started)
    text = f"{_quantiles(whole)}; the rules alone {_quantiles(alone)}"
    _pause_all(engine)
    work, peer = f"{count} rules on one event, read included", "cel-python: about 450 ms, measured elsewhere"
    return Result(work, text, peer, aim="p99 < 5 ms", met=quantiles(whole, n=100)[98] < 0.005)


def _persisted(engine: Engine) -> Result:
    _import(engine, [_rule("all-fire", "pulse > 0 && pressure > 0.0")])
    started = perf_counter()
    report = evaluate(engine, NOW, only=["all-fire"])
    seconds = perf_counter() - started
    count = sum(report.opened.values())
    text = f"{count / seconds:,.0f}/s ({count:,} with trail and {report.enqueued:,} messages in {seconds:.2f} s)"
    return Result("alerts persisted", text, "Keep: 1,000 a minute", aim=">= 1,000/s", met=count / seconds >= 1_000)


def _again(engine: Engine) -> Result:
    started = perf_counter()
    report = evaluate(engine, NOW + MINUTE, only=["all-fire"])
    text = f"{perf_counter() - started:.2f} s, {report.enqueued} messages"
    return Result("the same again, nothing changed", text, aim="0 messages", met=report.enqueued == 0)


def _million(engine: Engine, entities: int) -> Result:
    _import(engine, [_rule("one-in-ten-thousand", "pulse > limit && pressure > 80.0 && status == 'on'")])
    started = perf_counter()
    report = evaluate(engine, NOW, only=["one-in-ten-thousand"])
    first = perf_counter() - started
    started = perf_counter()
    evaluate(engine, NOW + MINUTE, only=["one-in-ten-thousand"])
    again = perf_counter() - started
    text = f"{first:.2f} s with {sum(report.opened.values())} opened, {again:.2f} s the next time"
    return Result(f"one rule over {entities:,} entities, engine included", text, aim="<= 1 s", met=first <= 1)


def _rule(name: str, when: str) -> Rule:
    said = {
        "rule": name, "title": name, "description": name, "entity": "monitor", "when": when, "severity": "low",
        "owner": "bench", "cost_of_delay": "none", "notify": [{"role": "bench"}], "lifecycle": "active",
    }  # fmt: skip
    return rule_from(said, "benchmark")


def _quiet(number: int) -> Rule:
    return _rule(f"quiet-{number}", f"pulse > {1_000 + number} && pressure < {50 + number}.0 || status == 's{number}'")


def _import(engine: Engine, specs: list[Rule]) -> None:
    with engine.database.write() as connection:
        import_rules(connection, "bench", specs, "bench", NOW)


def _pause_all(engine: Engine) -> None:
    with engine.database.write() as connection:
        for stored in rules(connection):
            pause(connection, stored.rule.id, "bench", NOW)


def _fill(database: Database, count: int, first: int = 0) -> None:
    """Monitors of which all have a pulse, and one in ten thousand is above its limit."""
    names = (
        "id",
        "source",
        "source_key",
        "recorded_at",
        "content_hash",
        "batch",
        "pulse",
        "pressure",
        "status",
        "limit",
    )
    for start in range(first, first + count, _CHUNK):
        rows = [
            (record_id("bench", "monitor", str(n)), "bench", str(n), NOW, 0, 1, 60 + n % 40, 90.0, "on",
             50 if n % 10_000 == 7 else 200)
            for n in range(start, min(start + _CHUNK, first + count))
        ]  # fmt: skip
        with database.write() as connection:
            append(connection, table_of(Monitor), names, rows)


def _engine(database: Database) -> Engine:
    SYSTEM.create_all(database.engine)
    with database.write() as connection:
        reconcile(connection, [table_of(Monitor), history_of(Monitor)])
    return Engine(database, "bench", Facts([Monitor]), announce=Announcer(Directory(), ("inbox", "file")))


def _quantiles(seconds: list[float]) -> str:
    return f"p50 {median(seconds) * 1e3:.2f} ms, p99 {quantiles(seconds, n=100)[98] * 1e3:.2f} ms"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entities", type=int, default=1_000_000)
    parser.add_argument("--alerts", type=int, default=20_000)
    parser.add_argument("--rules", type=int, default=500)
    parser.add_argument("--url")
    return parser.parse_args()


if __name__ == "__main__":
    main()
