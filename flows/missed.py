"""Runs that were missed while nobody was there to start them: the first that starts does the work of all."""

from __future__ import annotations

from datetime import datetime

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Cancelled

_WHY = "It was missed, and a later start of the same work does it too."


def leave_out_missed(client: SyncPrefectClient, begun: FlowRun, now: datetime) -> list[FlowRun]:
    """Cancel the runs of the same deployment and parameters that were due before a run began, and name them.

    Args:
        client: of the Prefect server.
        begun: the run that begins now.
        now: an aware time.
    """
    if begun.deployment_id is None:
        return []
    waiting = client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            deployment_id=FlowRunFilterDeploymentId(any_=[begun.deployment_id]),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
            expected_start_time=FlowRunFilterExpectedStartTime(before_=now),
        )
    )
    missed = [run for run in waiting if run.id != begun.id and run.parameters == begun.parameters]
    for run in missed:
        client.set_flow_run_state(run.id, Cancelled(name="Missed", message=_WHY), force=True)
    return missed
