"""The flow that evaluates all rules and sends what is due."""

from __future__ import annotations

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.assets import Asset, materialize
from pydantic import AwareDatetime

from flows import steps
from flows.accounts import alerts_of, number_lines, sent_of
from flows.guarded import TRIED, discreet
from flows.hooks import HOOKS
from flows.installation import installation
from flows.lineage import alerts_asset, features_asset, series_asset
from flows.narration import Narration
from flows.timetable import TIME_LIMITS, slug
from substrate.catalog import Vertical
from substrate.clock import to_micros


@flow(
    flow_run_name="rules {vertical}",
    timeout_seconds=TIME_LIMITS["sweep-rules"],
    **HOOKS,
)
def sweep_rules(vertical: str, as_of: AwareDatetime | None = None) -> dict[str, int]:
    """Evaluate all rules, put what is to be told into the outbox, and send what is due.

    Args:
        vertical: Whose rules, such as hospital.
        as_of: Look at an earlier instant, whose messages stay on this machine; none: now.
    """
    with discreet(), installation() as opened:
        given = _looked_at(opened.bench(vertical).vertical)
    instant = to_micros(as_of) if as_of else None
    found = evaluate.with_options(assets=[alerts_asset(vertical)], asset_deps=given)(vertical, instant)
    sent = send(vertical, instant)
    lines = number_lines("rules and alerts", found) + number_lines("messages", sent)
    create_table_artifact(lines, key=f"rules-{slug(vertical)}", description="`plumbline alerts list` shows the alerts.")
    return found | sent


def _looked_at(vertical: Vertical) -> list[str | Asset]:
    views: list[str | Asset] = [features_asset(vertical.name, kind) for kind in vertical.views_by_kind]
    return views + [series_asset(vertical.name, series.name) for series in vertical.series]


@materialize(
    "plumbline://alerts",
    task_run_name="rules of {vertical}",
    **TRIED,
)
def evaluate(vertical: str, as_of: int | None) -> dict[str, int]:
    """Evaluate every rule, each in its own transaction; one that fails stops no other."""
    with discreet(), installation() as opened:
        bench = opened.bench(vertical)
        report = steps.sweep(bench, steps.begin(bench, as_of))
    logger = get_run_logger()
    for rule, why in report.errors.items():
        logger.warning("%s failed: %s", rule, why)
    for rule, old in report.stale.items():
        logger.warning("%s is held still by old data: %s", rule, ", ".join(one.name for one in old))
    return alerts_of(report)


@task(
    task_run_name="messages of {vertical}",
    **TRIED,
)
def send(vertical: str, as_of: int | None) -> dict[str, int]:
    """Send what is due; what fails waits for its next try."""
    with discreet(), installation() as opened:
        bench = opened.bench(vertical)
        return sent_of(steps.deliver(bench, steps.begin(bench, as_of).timeline, Narration()))
