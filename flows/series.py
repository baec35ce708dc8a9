"""The flow that keeps series true, a task a series."""

from __future__ import annotations

from prefect import flow
from prefect.artifacts import create_table_artifact
from prefect.assets import Asset, materialize
from pydantic import AwareDatetime

from flows import steps
from flows.accounts import series_lines
from flows.guarded import TRIED, discreet
from flows.hooks import HOOKS
from flows.installation import installation
from flows.lineage import records_asset, series_asset
from flows.steps import Moment
from flows.timetable import TIME_LIMITS, slug
from substrate.clock import to_micros
from substrate.series.refresh import SeriesReport


@flow(
    flow_run_name="series {vertical}",
    timeout_seconds=TIME_LIMITS["refresh-series"],
    **HOOKS,
)
def refresh_series(vertical: str, as_of: AwareDatetime | None = None) -> dict[str, int]:
    """Make all series true as of now.

    Args:
        vertical: Whose series, such as hospital.
        as_of: Look at an earlier instant, on a copy that never touches what is live; none: now.
    """
    with discreet(), installation() as opened:
        bench = opened.bench(vertical)
        names = [series.name for series in bench.vertical.series]
        moment = steps.begin(bench, to_micros(as_of) if as_of else None)
    reports = [_refreshed(vertical, name, moment) for name in names]
    create_table_artifact(series_lines(reports), key=f"series-{slug(vertical)}", description="What was computed.")
    return {report.series: report.points for report in reports}


def _refreshed(vertical: str, name: str, moment: Moment) -> SeriesReport:
    given: list[str | Asset] = [records_asset(vertical)]
    task = refresh_one.with_options(assets=[series_asset(vertical, name)], asset_deps=given)
    return task(vertical, name, moment.at, moment.timeline)


@materialize(
    "plumbline://series",
    task_run_name="series {series}",
    **TRIED,
)
def refresh_one(vertical: str, series: str, at: int, timeline: str) -> SeriesReport:
    """Refresh one series in one transaction."""
    with discreet(), installation() as opened:
        bench = opened.bench(vertical)
        return steps.refresh_one_series(bench, bench.vertical.series_named(series), Moment(at, timeline))
