"""Runs that lost their process and still stand as running: found by their age, and closed, so that people see it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Crashed

from flows.timetable import TIME_LIMITS

_GRACE = timedelta(minutes=10)
_WHY = "It ran on past its time limit: its process is gone. What it had committed stays, and the next run goes on."


def close_zombies(client: SyncPrefectClient, now: datetime) -> list[tuple[str, FlowRun]]:
    """Set runs to crashed that should have ended long ago; the flow and the run of each.

    Args:
        client: of the Prefect server.
        now: an aware time.
    """
    found = [(flow, run) for flow in TIME_LIMITS for run in _too_old(client, flow, now)]
    for _, run in found:
        client.set_flow_run_state(run.id, Crashed(message=_WHY), force=True)
    return found


def _too_old(client: SyncPrefectClient, flow: str, now: datetime) -> Iterable[FlowRun]:
    started_before = now - timedelta(seconds=TIME_LIMITS[flow]) - _GRACE
    return client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=[flow])),
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.CANCELLING])),
            start_time=FlowRunFilterStartTime(before_=started_before),
        ),
    )
