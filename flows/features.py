"""The flow that keeps features true, a task a view, and a task a part of a view that is large and computed anew.

A view is one statement; parts of it read their own entities' events alone, by the index. Views and parts go side by
side where the database lets several write, and one after the other where it does not.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, cast

from prefect import Task, flow, get_run_logger, task, unmapped
from prefect.artifacts import create_table_artifact
from prefect.assets import Asset, materialize
from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from pydantic import AwareDatetime

from flows import steps
from flows.accounts import refresh_lines
from flows.guarded import TRIED, discreet
from flows.hooks import HOOKS
from flows.installation import installation
from flows.lineage import features_asset, records_asset
from flows.steps import Moment
from flows.timetable import TIME_LIMITS, slug
from substrate.clock import to_micros
from substrate.errors import NotFoundError
from substrate.features.parts import Division, Part, PartReport
from substrate.features.refresh import Mode, RefreshReport

_AT_ONCE = 4
"""So many tasks compute side by side at most: each keeps one processor of the database server busy."""


@flow(
    flow_run_name="features {vertical}",
    timeout_seconds=TIME_LIMITS["refresh-features"],
    # Prefect's types do not know that its own runner is one.
    task_runner=cast("TaskRunner[PrefectFuture[Any]]", ThreadPoolTaskRunner(max_workers=_AT_ONCE)),
    **HOOKS,
)
def refresh_features(vertical: str, view: str | None = None, as_of: AwareDatetime | None = None) -> dict[str, int]:
    """Make features true as of now: only where something changed, if that is less work.

    Args:
        vertical: Whose features, such as hospital.
        view: The kind of entity; none: all views.
        as_of: Look at an earlier instant, on a copy that never touches what is live; none: now.
    """
    with discreet(), installation() as opened:
        bench = opened.bench(vertical)
        views, alone = bench.vertical.views_by_kind, opened.database.is_sqlite
        moment = steps.begin(bench, to_micros(as_of) if as_of else None)
        large = [kind for kind, one in views.items() if steps.is_large(bench, one)]
    if view is not None and view not in views:
        raise NotFoundError(f"{vertical} has no view {view!r}", hint=f"It has: {', '.join(views)}.")
    chosen = [kind for kind in views if view in (None, kind)]
    whole = [kind for kind in chosen if kind not in large]
    begun = [] if alone else _side_by_side(vertical, whole, moment)
    found = {kind: _in_parts(vertical, kind, moment, alone=alone) for kind in chosen if kind in large}
    done = _one_by_one(vertical, whole, moment) if alone else [future.result() for future in begun]
    found |= {report.view: report for report in done}
    reports = [found[kind] for kind in chosen]
    create_table_artifact(refresh_lines(reports), key=f"features-{slug(vertical)}", description="What was computed.")
    return {report.view: report.changed for report in reports}


def _one_by_one(vertical: str, views: Sequence[str], moment: Moment) -> list[RefreshReport]:
    return [_making(vertical, kind)(vertical, kind, moment.at, moment.timeline) for kind in views]


def _side_by_side(vertical: str, views: Sequence[str], moment: Moment) -> list[PrefectFuture[RefreshReport]]:
    return [_making(vertical, kind).submit(vertical, kind, moment.at, moment.timeline) for kind in views]


def _making(vertical: str, kind: str) -> Task[[str, str, int, str], RefreshReport]:
    return refresh_view.with_options(assets=[features_asset(vertical, kind)], asset_deps=_given(vertical))


def _given(vertical: str) -> list[str | Asset]:
    return [records_asset(vertical)]


def _in_parts(vertical: str, kind: str, moment: Moment, *, alone: bool) -> RefreshReport:
    """Refresh a large view: in part where that does, else all of it, part by part."""
    began = time.monotonic()
    found = begin_view(vertical, kind, moment.at, moment.timeline)
    if isinstance(found, RefreshReport):
        return found
    if alone:
        done = [refresh_part(vertical, kind, found, part) for part in found.parts]
    else:
        done = refresh_part.map(unmapped(vertical), unmapped(kind), unmapped(found), list(found.parts)).result()
    finishing = finish_view.with_options(assets=[features_asset(vertical, kind)], asset_deps=_given(vertical))
    report = finishing(vertical, kind, moment.timeline, found, done, time.monotonic() - began)
    if report is None:
        get_run_logger().warning("another refresh of %s has begun meanwhile, and sees to all of it", kind)
        return RefreshReport(kind, Mode.FULL, 0, 0, time.monotonic() - began, moment.at)
    return report


@materialize("plumbline://features", task_run_name="features of {view}", **TRIED)
def refresh_view(vertical: str, view: str, at: int, timeline: str) -> RefreshReport:
    """Refresh one view in one transaction."""
    with discreet(), installation() as opened:
        bench = opened.bench(vertical)
        return steps.refresh_view(bench, bench.vertical.views_by_kind[view], Moment(at, timeline))


@task(task_run_name="features of {view}: what changed", **TRIED)
def begin_view(vertical: str, view: str, at: int, timeline: str) -> RefreshReport | Division:
    """Refresh a large view in part, or say in which parts all of it is to be computed."""
    with discreet(), installation() as opened:
        bench = opened.bench(vertical)
        return steps.begin_view(bench, bench.vertical.views_by_kind[view], Moment(at, timeline))


@task(task_run_name="features of {view}: part {part.number}", **TRIED)
def refresh_part(vertical: str, view: str, division: Division, part: Part) -> PartReport:
    """Compute one part of a view in one transaction; to do it again changes nothing."""
    with discreet(), installation() as opened:
        bench = opened.bench(vertical)
        return steps.refresh_part(bench, bench.vertical.views_by_kind[view], division, part)


@materialize("plumbline://features", task_run_name="features of {view}: all parts", **TRIED)
def finish_view(
    vertical: str, view: str, timeline: str, division: Division, done: list[PartReport], seconds: float
) -> RefreshReport | None:
    """Note that all parts are done; None: another refresh has begun meanwhile."""
    with discreet(), installation() as opened:
        bench = opened.bench(vertical)
        moment = Moment(division.at, timeline)
        return steps.finish_view(bench, bench.vertical.views_by_kind[view], moment, division, done, seconds)
