"""The steps of the batch work, as plain functions: the command line and the Prefect flows call the same ones.

Each commits what it did before it returns, and is safe to do again after it was killed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from automations.announcer import Announcer
from automations.delivery import DeliveryReport, deliver_due
from automations.engine import Engine, RuleReport, budgets_of, evaluate
from automations.rule_files import read_rules
from automations.shipping import ship_rules
from automations.timelines import timeline_for
from flows.watch import Nobody, Watch
from flows.workbench import Workbench
from substrate.facts import Facts
from substrate.features import parts
from substrate.features.declare import View
from substrate.features.parts import Division, Part, PartReport
from substrate.features.refresh import RefreshReport, state_of
from substrate.features.refresh import refresh as refresh_stored
from substrate.features.tables import LIVE, REPLAY
from substrate.freshness import advance, series_name, view_name
from substrate.ingest import IngestReport, ingest
from substrate.series.declare import Series, placed
from substrate.series.refresh import SeriesReport
from substrate.series.refresh import refresh as refresh_points
from substrate.sources.configured import SourceEntry, opened, speaking
from substrate.sweep import Limits

NOBODY = Nobody()


@dataclass(frozen=True, slots=True)
class Moment:
    """What a step is about.

    Attributes:
        at: the instant that its answers are true for, in microseconds since 1970 UTC.
        timeline: which line of alerts it belongs to; all but the live one are walks through an earlier time.
    """

    at: int
    timeline: str = LIVE

    @property
    def copy(self) -> str:
        """Which copy of features and series goes with it."""
        return LIVE if self.timeline == LIVE else REPLAY


def begin(bench: Workbench, as_of: int | None = None) -> Moment:
    """Bring in the rules that the vertical ships, and say which moment a run from now on is about."""
    with bench.database.write() as connection:
        ship_rules(connection, bench.vertical.name, read_rules(bench.vertical.rules), bench.clock.now())
        timeline = timeline_for(connection, as_of)
    return Moment(bench.clock.now() if as_of is None else as_of, timeline)


def read(
    bench: Workbench, entry: SourceEntry, watch: Watch = NOBODY, *, allow_mass_delete: bool = False
) -> IngestReport:
    """Read a source from where it was left to its end.

    Raises:
        SourceError: it cannot be read at all; what was committed stays, and the next read goes on from there.
    """
    settings = bench.settings
    limits = Limits(settings.mass_delete_share, settings.mass_delete_floor, allow_mass_delete)
    now, vertical = bench.clock.now(), speaking(bench.vertical, entry)
    with opened(entry, vertical) as source:
        watch.begin(f"Reading {entry.name}", source.estimate(None))
        report = ingest(
            bench.database, vertical, source, now,
            zone=entry.zone, limits=limits, batch_rows=settings.batch_rows, progress=watch.advance,
        )  # fmt: skip
        report.ignored += [(ignored.place, str(ignored.why)) for ignored in source.ignored]
    watch.end()
    return report


def refresh_view(bench: Workbench, view: View, moment: Moment) -> RefreshReport:
    """Make the features of one view true as of a moment."""
    with bench.database.write() as connection:
        report = refresh_stored(connection, view, moment.at, timeline=moment.copy)
        _advance(connection, bench, view, moment)
    return report


def is_large(bench: Workbench, view: View) -> bool:
    """Whether a view is refreshed in parts, where all of it has to be computed."""
    with bench.database.read() as connection:
        return parts.is_large(connection, view, bench.settings.partition_entities)


def begin_view(bench: Workbench, view: View, moment: Moment) -> RefreshReport | Division:
    """Make the features of a large view true where that takes some of its entities only; else say in which parts."""
    with bench.database.write() as connection:
        size = bench.settings.partition_entities
        found = parts.begin(connection, view, moment.at, size, timeline=moment.copy)
        if isinstance(found, RefreshReport):
            _advance(connection, bench, view, moment)
    return found


def refresh_part(bench: Workbench, view: View, division: Division, part: Part) -> PartReport:
    """Make the features of a part of a view true."""
    with bench.database.write() as connection:
        return parts.refresh_part(connection, view, division, part)


def finish_view(
    bench: Workbench, view: View, moment: Moment, division: Division, done: Iterable[PartReport], seconds: float
) -> RefreshReport | None:
    """Note that all parts of a view are true; None: another refresh has begun meanwhile, and sees to it."""
    with bench.database.write() as connection:
        report = parts.finish(connection, view, division, done, seconds)
        if report is not None:
            _advance(connection, bench, view, moment)
    return report


def _advance(connection: Connection, bench: Workbench, view: View, moment: Moment) -> None:
    if moment.timeline == LIVE:
        advance(connection, [view_name(view.entity)], bench.vertical.name, moment.at)


def refresh_one_series(bench: Workbench, series: Series, moment: Moment) -> SeriesReport:
    """Make the points of one series true as of a moment."""
    with bench.database.write() as connection:
        local = placed(series, bench.settings.time_zone)
        report = refresh_points(connection, local, moment.at, timeline=moment.copy)
        if moment.timeline == LIVE:
            advance(connection, [series_name(series.name)], bench.vertical.name, moment.at)
    return report


def sweep(bench: Workbench, moment: Moment) -> RuleReport:
    """Evaluate all rules of the vertical, and put what is to be told into the outbox."""
    vertical, live = bench.vertical, moment.timeline == LIVE
    facts = Facts(vertical.records, vertical.views, timeline=moment.copy)
    announcer = Announcer(bench.directory, bench.channels if live else bench.local(), perishable=live)
    engine = Engine(bench.database, vertical.name, facts, budgets_of(vertical), announcer)
    return evaluate(engine, moment.at, timeline=moment.timeline, fresh={} if live else _of_the_copy(bench, moment))


def _of_the_copy(bench: Workbench, moment: Moment) -> dict[str, int]:
    """How far the features of a walk through the past are; the table of watermarks knows only what is live."""
    with bench.database.read() as connection:
        states = {view: state_of(connection, view, moment.copy) for view in bench.vertical.views}
    return {view_name(view.entity): state.as_of for view, state in states.items() if state is not None}


def deliver(bench: Workbench, timeline: str = LIVE, watch: Watch = NOBODY) -> DeliveryReport:
    """Send the messages of a timeline that are due."""
    usable = bench.channels if timeline == LIVE else bench.local()
    return deliver_due(
        bench.database, usable, bench.templates, bench.clock, timeline=timeline, progress=watch.advance
    )  # fmt: skip
