"""What Prefect calls when a flow run begins and ends: one that failed or crashed becomes one of our own alerts.

A hook has the run's state and nothing else that can be trusted, so it opens the installation anew.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypedDict

from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.flows import FlowStateHook
from prefect.logging.loggers import flow_run_logger

from flows.installation import installation
from flows.missed import leave_out_missed
from flows.timetable import subject_of
from flows.trouble import went_well, went_wrong
from flows.zombies import note_process
from substrate.errors import PlumblineError


def begin(flow: Flow[Any, Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Note in which process a run is, and leave out the runs that it makes needless."""
    with get_client(sync_client=True) as client:
        note_process(client, flow_run.id)
        for run in leave_out_missed(client, client.read_flow_run(flow_run.id), datetime.now(UTC)):
            flow_run_logger(flow_run, flow).info("%s: %s was missed and is left out", state.name, run.name)


def tell_steward(flow: Flow[Any, Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Raise the alert of a flow run that failed or crashed."""
    how = "crashed" if state.is_crashed() else "failed"
    with installation() as opened:
        went_wrong(opened.settings, opened.database, opened.clock, _subject(flow, flow_run), how, why_of(state))


def take_back(flow: Flow[Any, Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Note that a flow ran well; a walk through the past says nothing of today."""
    if state.is_completed() and flow_run.parameters.get("as_of") is None:
        with installation() as opened:
            went_well(opened.settings, opened.database, opened.clock, _subject(flow, flow_run))


def why_of(state: State[Any]) -> str:
    """Why a run ended as it did, without any value: words of our own errors, else only what kind it was."""
    found = state.result(raise_on_failure=False) if state.is_failed() and state.data is not None else None
    if isinstance(found, PlumblineError):
        return found.message
    if isinstance(found, Exception):
        return type(found).__name__
    return f"Prefect says: {state.name}"


class Hooks(TypedDict):
    """What Prefect calls when a flow run begins and ends: what its decorator takes."""

    on_running: list[FlowStateHook[..., Any]]
    on_completion: list[FlowStateHook[..., Any]]
    on_failure: list[FlowStateHook[..., Any]]
    on_crashed: list[FlowStateHook[..., Any]]


HOOKS: Hooks = {
    "on_running": [begin],
    "on_completion": [take_back],
    "on_failure": [tell_steward],
    "on_crashed": [tell_steward],
}
"""The same for every flow."""


def _subject(flow: Flow[Any, Any], run: FlowRun) -> str:
    return subject_of(flow.name, run.parameters)
