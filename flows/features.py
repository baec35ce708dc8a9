"""The flow that keeps features true, a task a view.

The whole of a view is one statement: parts of its entities would each read all of its events anew, and together take
longer. So views go side by side where the database lets several write, and one after the other where it does not.
"""

from __future__ import annotations

from prefect import Task, flow
from prefect.artifacts import create_table_artifact
from prefect.assets import Asset, materialize
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
from substrate.features.refresh import RefreshReport


@flow(
    flow_run_name="features {vertical}",
    timeout_seconds=TIME_LIMITS["refresh-features"],
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
        views, alone = list(bench.vertical.views_by_kind), opened.database.is_sqlite
        moment = steps.begin(bench, to_micros(as_of) if as_of else None)
    if view is not None and view not in views:
        raise NotFoundError(f"{vertical} has no view {view!r}", hint=f"It has: {', '.join(views)}.")
    chosen = [kind for kind in views if view in (None, kind)]
    reports = _one_by_one(vertical, chosen, moment) if alone else _side_by_side(vertical, chosen, moment)
    create_table_artifact(refresh_lines(reports), key=f"features-{slug(vertical)}", description="What was computed.")
    return {report.view: report.changed for report in reports}


def _one_by_one(vertical: str, views: list[str], moment: Moment) -> list[RefreshReport]:
    return [_making(vertical, kind)(vertical, kind, moment.at, moment.timeline) for kind in views]


def _side_by_side(vertical: str, views: list[str], moment: Moment) -> list[RefreshReport]:
    begun = [_making(vertical, kind).submit(vertical, kind, moment.at, moment.timeline) for kind in views]
    return [future.result() for future in begun]


def _making(vertical: str, kind: str) -> Task[[str, str, int, str], RefreshReport]:
    given: list[str | Asset] = [records_asset(vertical)]
    return refresh_view.with_options(assets=[features_asset(vertical, kind)], asset_deps=given)


@materialize(
    "plumbline://features",
    task_run_name="features of {view}",
    **TRIED,
)
def refresh_view(vertical: str, view: str, at: int, timeline: str) -> RefreshReport:
    """Refresh one view in one transaction."""
    with discreet(), installation() as opened:
        bench = opened.bench(vertical)
        return steps.refresh_view(bench, bench.vertical.views_by_kind[view], Moment(at, timeline))
