"""All batch work as Prefect deployments, served by one process: what is installed and listed decides which there are.

Servers with workers use `prefect.yaml` instead; the flows are the same.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import compress
from typing import Any

from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import TerminationSignal
from prefect.runner import Runner
from prefect.schedules import Cron, Interval, Schedule
from prefect.types.entrypoint import EntrypointType

from flows.installation import Installation, installation
from flows.mender import Mender
from flows.timetable import Turn, all_turns
from flows.trouble import expect
from flows.turnstile import TAG
from substrate.clock import SECOND
from substrate.cursors import cursor_ages
from substrate.settings import Settings

log = logging.getLogger(__name__)

ENTRYPOINTS = {
    "ingest-source": "flows.ingest.ingest_source",
    "quality-report": "flows.quality.quality_report",
    "refresh-features": "flows.features.refresh_features",
    "refresh-series": "flows.series.refresh_series",
    "sweep-rules": "flows.rules.sweep_rules",
    "reindex-copilots": "flows.reindex.reindex_copilots",
    "maintenance": "flows.maintenance.maintenance",
    "daily-cycle": "flows.daily.daily_cycle",
}
"""Where each flow is, by its name."""

_ONE = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
"""A run that is due while the one before is still under way is left out: the next will do its work."""

_ANCHOR = datetime(2024, 1, 1, tzinfo=UTC)
"""Where intervals are counted from, so that a restart does not shift them."""


def serve_all(settings: Settings, *, limit: int = 2, poll_seconds: float = 1.0) -> None:
    """Serve all deployments in this process until it is told to stop by SIGTERM or Ctrl-C.

    The Prefect server is the one that `PREFECT_API_URL` names; call it in a process with a `quiet` environment.

    Args:
        settings: where the installation is.
        limit: how many runs at once; each is a process of its own.
        poll_seconds: how often to ask the server for runs that are due.

    Raises:
        ConfigurationError: `sources.yaml` is wrong.
    """
    with installation(settings) as opened:
        due = due_turns(opened)
        expect(opened.database, due, opened.clock.now())
        passed = turns_passed(opened, due)
    made = [deployment(turn, settings.time_zone) for turn in due]
    at_once = [turn in passed for turn in due]
    runner = Runner(pause_on_shutdown=True, limit=limit, query_seconds=poll_seconds)
    mender = Mender(settings)
    mender.start()
    try:
        asyncio.run(_serve(runner, made, at_once))
    except (KeyboardInterrupt, TerminationSignal) as stop:
        log.info("%s: no more flows are served", type(stop).__name__)
    finally:
        mender.stop()


def turns_passed(opened: Installation, due: Iterable[Turn]) -> list[Turn]:
    """The sources whose turn to be read passed while nobody served: those are not made to wait for the next one."""
    with opened.database.read() as connection:
        ages = cursor_ages(connection, opened.clock.now())
    return [turn for turn in due if turn.flow == "ingest-source" and _has_passed(turn, ages)]


def _has_passed(turn: Turn, ages: Mapping[str, int]) -> bool:
    age = ages.get(turn.parameters["source"])
    return age is None or age >= turn.every


async def _serve(runner: Runner, made: Sequence[RunnerDeployment], at_once: Sequence[bool]) -> None:
    """Register deployments, have some of them run at once, and run what is due until told to stop."""
    known = [await runner.aadd_deployment(each) for each in made]
    async with get_client() as client:
        for number in compress(known, at_once):
            await client.create_flow_run_from_deployment(number)
    await runner.start()


def due_turns(opened: Installation) -> list[Turn]:
    """Everything that shall run by itself in an installation."""
    return all_turns(opened.settings, opened.verticals)


def deployment(turn: Turn, zone: str) -> RunnerDeployment:
    """A piece of work as Prefect knows it: a flow with its parameters and its turn."""
    return RunnerDeployment.from_flow(
        flow_named(turn.flow),
        turn.name,
        schedule=_schedule(turn, zone),
        parameters=dict(turn.parameters),
        tags=[TAG, *filter(None, [turn.parameters.get("vertical")])],
        concurrency_limit=_ONE,
        entrypoint_type=EntrypointType.MODULE_PATH,
        paused=False,
    )


def flow_named(name: str) -> Flow[..., Any]:
    """A flow by its name."""
    module, _, attribute = ENTRYPOINTS[name].rpartition(".")
    found: Flow[..., Any] = getattr(import_module(module), attribute)
    return found


def _schedule(turn: Turn, zone: str) -> Schedule:
    if turn.cron is not None:
        return Cron(turn.cron, timezone=zone)
    return Interval(timedelta(seconds=turn.every / SECOND), anchor_date=_ANCHOR, timezone=zone)
