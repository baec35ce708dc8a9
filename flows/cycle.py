"""One full cycle: records in, features fresh, rules evaluated, messages out. It only puts the rooms in order.

A run as of an earlier day reads the same records, and keeps features and alerts of its own (a timeline). Its messages
go to the inbox and the outbox folder alone, since nobody wants a reminder from 2019.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from automations.delivery import DeliveryReport
from automations.engine import RuleReport
from flows.steps import Moment, begin, deliver, read, refresh_one_series, refresh_view, sweep
from flows.watch import Watch
from flows.workbench import Workbench
from substrate.features.refresh import RefreshReport
from substrate.ingest import IngestReport
from substrate.series.refresh import SeriesReport
from substrate.sources.configured import SourceEntry


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
    moment = begin(bench, as_of)
    report = CycleReport(moment.at, moment.timeline)
    with _step("ingest", report):
        for entry in sources:
            report.ingests[entry.name] = read(bench, entry, watch, allow_mass_delete=allow_mass_delete)
    # Reading may take long; what follows is about the time after it.
    report.at = as_of if as_of is not None else bench.clock.now()
    moment = Moment(report.at, moment.timeline)
    with _step("features", report):
        report.refreshes = _refresh(bench, moment, watch)
        report.series = _refresh_series(bench, moment, watch)
    with _step("rules", report):
        report.rules = _evaluate(bench, moment, watch)
    with _step("deliver", report):
        report.deliveries = _deliver(bench, report.timeline, watch)
    return report


@contextmanager
def _step(name: str, report: CycleReport) -> Iterator[None]:
    started = time.monotonic()
    yield
    report.seconds[name] = time.monotonic() - started


def _refresh(bench: Workbench, moment: Moment, watch: Watch) -> list[RefreshReport]:
    reports = []
    watch.begin("Refreshing features", len(bench.vertical.views))
    for view in bench.vertical.views:
        reports.append(refresh_view(bench, view, moment))
        watch.advance(1)
    watch.end()
    return reports


def _refresh_series(bench: Workbench, moment: Moment, watch: Watch) -> list[SeriesReport]:
    reports = []
    watch.begin("Refreshing series", len(bench.vertical.series))
    for series in bench.vertical.series:
        reports.append(refresh_one_series(bench, series, moment))
        watch.advance(1)
    watch.end()
    return reports


def _evaluate(bench: Workbench, moment: Moment, watch: Watch) -> RuleReport:
    watch.begin("Evaluating rules", None)
    found = sweep(bench, moment)
    watch.end()
    return found


def _deliver(bench: Workbench, timeline: str, watch: Watch) -> DeliveryReport:
    watch.begin("Delivering messages", None)
    sent = deliver(bench, timeline, watch)
    watch.end()
    return sent
