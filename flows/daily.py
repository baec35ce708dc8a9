"""The flow that does the whole in order: read, report, refresh, evaluate, index, look after the house."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from prefect import Flow, flow, get_run_logger, tags
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State
from pydantic import AwareDatetime

from flows.accounts import number_lines
from flows.features import refresh_features
from flows.guarded import StepFailed, discreet
from flows.hooks import HOOKS
from flows.ingest import ingest_source
from flows.installation import installation
from flows.maintenance import maintenance
from flows.onward import link_to_state
from flows.quality import quality_report
from flows.reindex import reindex_copilots
from flows.rules import sweep_rules
from flows.series import refresh_series
from flows.timetable import TIME_LIMITS, slug

Step = tuple[str, Flow[..., dict[str, int]], dict[str, Any]]


@flow(
    flow_run_name="daily cycle {vertical}",
    timeout_seconds=TIME_LIMITS["daily-cycle"],
    **HOOKS,
)
def daily_cycle(
    vertical: str, as_of: AwareDatetime | None = None, with_maintenance: bool = True
) -> dict[str, dict[str, int]]:
    """Do all the batch work of a vertical, one step after the other; a step that fails stops no other.

    Rules that rest on what could not be brought up to date hold still by themselves.

    Args:
        vertical: Whose, such as hospital.
        as_of: Run the day as it was then, on a line of alerts of its own; none: now.
        with_maintenance: Look after the house too; left out in a run as of another day.
    """
    with discreet(), installation() as opened:
        sources = [entry.name for entry in opened.sources(vertical)]
        link_to_state(opened.settings, f"daily-{slug(vertical)}-now")
    counts, failed = {}, []
    for name, step, given in _steps(vertical, sources, as_of, with_maintenance):
        with tags("plumbline", vertical):
            # Prefect's types cannot tell `return_state` among named arguments.
            state = cast("State[dict[str, int]]", step(**given, return_state=True))
        if state.is_completed():
            counts[name] = state.result()
        else:
            failed.append(name)
    lines = [line for name, found in counts.items() for line in number_lines(name, found)]
    create_table_artifact(lines, key=f"daily-{slug(vertical)}", description="What each step did.")
    if failed:
        get_run_logger().error("failed: %s", ", ".join(failed))
        raise StepFailed(f"{len(failed)} steps failed: {', '.join(failed)}", hint="Their own runs say why.")
    return counts


def _steps(vertical: str, sources: list[str], as_of: datetime | None, last: bool) -> Iterator[Step]:
    whose: dict[str, Any] = {"vertical": vertical}
    then = {**whose, "as_of": as_of}
    for source in sources:
        yield f"ingest {source}", ingest_source, {**whose, "source": source}
    yield "quality", quality_report, whose
    yield "features", refresh_features, then
    yield "series", refresh_series, then
    yield "rules", sweep_rules, then
    if as_of is None:
        yield "copilots", reindex_copilots, whose
    if as_of is None and last:
        yield "maintenance", maintenance, {}
