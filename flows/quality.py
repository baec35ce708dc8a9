"""The flow that reports on the data: what lies in quarantine and why, and what is older than promised."""

from __future__ import annotations

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact

from automations.engine import budgets_of
from flows.accounts import quality_text, stale_lines
from flows.guarded import TRIED, discreet
from flows.hooks import HOOKS
from flows.installation import installation
from flows.onward import link_to_state
from flows.timetable import TIME_LIMITS, slug
from substrate.clock import DAY
from substrate.freshness import stale, watermarks
from substrate.quarantine import lying


@flow(
    flow_run_name="quality {vertical}",
    timeout_seconds=TIME_LIMITS["quality-report"],
    **HOOKS,
)
def quality_report(vertical: str) -> dict[str, int]:
    """Say what of a vertical is held in quarantine, by source and reason, and which data is older than promised.

    Args:
        vertical: Whose data, such as hospital.
    """
    return report(vertical)


@task(
    task_run_name="quality of {vertical}",
    **TRIED,
)
def report(vertical: str) -> dict[str, int]:
    """Count, and write the page."""
    with discreet(), installation() as opened:
        bench = opened.bench(vertical)
        now, resources = opened.clock.now(), list(bench.vertical.mappers_by_resource)
        with opened.database.read() as connection:
            held = lying(connection, vertical, resources, now - DAY)
            old = stale(watermarks(connection), budgets_of(bench.vertical), now)
    text = quality_text(vertical, held, stale_lines(old))
    link_to_state(opened.settings, f"quality-{slug(vertical)}-now")
    create_markdown_artifact(text, key=f"quality-{slug(vertical)}", description=f"The quality of {vertical}'s data.")
    return {"held": sum(one.held for one in held), "fresh": sum(one.fresh for one in held), "stale": len(old)}
