"""One full cycle: records in, features fresh, rules evaluated, messages out. It only puts the rooms in order.

A run as of an earlier day reads the same records, and keeps features and alerts of its own (a timeline). Its messages
go to the inbox and the outbox folder alone, since nobody wants a reminder from 2019.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from automations.announcer import Announcer
from automations.delivery import DeliveryReport, deliver_due
from automations.engine import Engine, RuleReport, budgets_of, evaluate
from automations.rule_files import read_rules
from automations.shipping import ship_rules
from automations.timelines import timeline_for
from flows.watch import Watch
from flows.workbench import Workbench
from substrate.facts import Facts
from substrate.features.refresh import RefreshReport, refresh
from substrate.features.tables import LIVE, REPLAY
from substrate.freshness import advance, series_name, view_name
from substrate.ingest import IngestReport, ingest
from substrate.series.declare import placed
from substrate.series.refresh import SeriesReport
from substrate.series.refresh import refresh as refresh_series
from substrate.sources.configured import SourceEntry, opened
from substrate.sweep import Limits


@dataclass
class CycleReport:
    """What a cycle did.

    Attributes:
        at: the instant that its answers are true for.
        timeline: which line of alerts it belongs to.
        ingests: what became of every row, by source.
        refreshes: what was computed, by view.
        series: what was computed, by series.
        rules: what the rules said.
        deliveries: what was sent.
        seconds: how long each step took.
    """

    at: int
    timeline: str
    ingests: dict[str, IngestReport] = field(default_factory=dict)
    refreshes: list[RefreshReport] = field(default_factory=list)
    series: list[SeriesReport] = field(default_factory=list)
    rules: RuleReport = field(default_factory=RuleReport)
    deliveries: DeliveryReport = field(default_factory=DeliveryReport)
    seconds: dict[str, float] = field(default_factory=dict)


def run_cycle(
    bench: Workbench,
    sources: Sequence[SourceEntry],
    watch: Watch,
    *,
    as_of: int | None = None,
    allow_mass_delete: bool = False,
) -> CycleReport:
    """Run every step in order; what a step commits stays, whatever happens to the next.

    Args:
        bench: what the steps work with.
        sources: what to read first; none: work on what is there.
        watch: sees how far it is.
        as_of: look at an earlier instant; None: now.
        allow_mass_delete: a person has looked, and a source may drop what it likes.
    """
    with bench.database.write() as connection:
        ship_rules(connection, bench.vertical.name, read_rules(bench.vertical.rules), bench.clock.now())
        report = CycleReport(bench.clock.now(), timeline_for(connection, as_of))
    with _step("ingest", report):
        for entry in sources:
            report.ingests[entry.name] = _ingest(bench, entry, watch, allow_mass_delete=allow_mass_delete)
    # Reading may take long; what follows is about the time after it.
    report.at = at = as_of if as_of is not None else bench.clock.now()
    with _step("features", report):
        report.refreshes = _refresh(bench, at, watch, replay=as_of is not None)
        report.series = _refresh_series(bench, at, watch, replay=as_of is not None)
    with _step("rules", report):
        report.rules = _evaluate(bench, report, watch)
    with _step("deliver", report):
        report.deliveries = _deliver(bench, report.timeline, watch)
    return report


@contextmanager
def _step(name: str, report: CycleReport) -> Iterator[None]:
    started = time.monotonic()
    yield
    report.seconds[name] = time.monotonic() - started


def _ingest(bench: Workbench, entry: SourceEntry, watch: Watch, *, allow_mass_delete: bool) -> IngestReport:
    settings = bench.settings
    limits = Limits(settings.mass_delete_share, settings.mass_delete_floor, allow_mass_delete)
    now = bench.clock.now()
    with opened(entry, bench.vertical) as source:
        watch.begin(f"Reading {entry.name}", source.estimate(None))
        report = ingest(
            bench.database, bench.vertical, source, now,
            zone=entry.zone, limits=limits, batch_rows=settings.batch_rows, progress=watch.advance,
        )  # fmt: skip
        report.ignored += [(ignored.place, str(ignored.why)) for ignored in source.ignored]
    watch.end()
    return report


def _refresh(bench: Workbench, at: int, watch: Watch, *, replay: bool) -> list[RefreshReport]:
    reports = []
    watch.begin("Refreshing features", len(bench.vertical.views))
    for view in bench.vertical.views:
        with bench.database.write() as connection:
            reports.append(refresh(connection, view, at, timeline=REPLAY if replay else LIVE))
            if not replay:
                advance(connection, [view_name(view.entity.kind)], bench.vertical.name, at)
        watch.advance(1)
    watch.end()
    return reports


def _refresh_series(bench: Workbench, at: int, watch: Watch, *, replay: bool) -> list[SeriesReport]:
    reports = []
    watch.begin("Refreshing series", len(bench.vertical.series))
    for series in bench.vertical.series:
        with bench.database.write() as connection:
            local = placed(series, bench.settings.time_zone)
            reports.append(refresh_series(connection, local, at, timeline=REPLAY if replay else LIVE))
            if not replay:
                advance(connection, [series_name(series.name)], bench.vertical.name, at)
        watch.advance(1)
    watch.end()
    return reports


def _evaluate(bench: Workbench, report: CycleReport, watch: Watch) -> RuleReport:
    vertical, replay = bench.vertical, report.timeline != LIVE
    facts = Facts(vertical.records, vertical.views, timeline=REPLAY if replay else LIVE)
    usable = bench.local() if replay else bench.channels
    announcer = Announcer(bench.directory, usable, perishable=not replay)
    engine = Engine(bench.database, vertical.name, facts, budgets_of(vertical), announcer)
    watch.begin("Evaluating rules", None)
    fresh = {view_name(each.view): each.as_of for each in report.refreshes}
    found = evaluate(engine, report.at, timeline=report.timeline, fresh=fresh)
    watch.end()
    return found


def _deliver(bench: Workbench, timeline: str, watch: Watch) -> DeliveryReport:
    usable = bench.channels if timeline == LIVE else bench.local()
    watch.begin("Delivering messages", None)
    sent = deliver_due(bench.database, usable, bench.templates, bench.clock, timeline=timeline, progress=watch.advance)
    watch.end()
    return sent
