"""Runs that lost their process or their server: found, tried again once, and else closed, so that people see it.

A run notes in which process it is. Where that process is gone, or the run crashed, it is scheduled anew: every flow is
safe to start again. What runs elsewhere is found by its age alone.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import Crashed, Scheduled

from flows.timetable import TIME_LIMITS

AGAIN = "tried-again"
"""The tag of a run that was scheduled anew, so that it is only once."""

_GRACE = timedelta(minutes=10)
_RECENT = timedelta(minutes=30)
_WHERE = "plumbline.process"
_NOWHERE = "none"
_FAILED = "Flow run encountered an exception: "
_GONE_SERVER = frozenset(
    name for name, kind in vars(httpx).items() if isinstance(kind, type) and issubclass(kind, httpx.TransportError)
)
_TOO_LONG = "It ran on past its time limit: its process is gone. What it had committed stays, and the next run goes on."
_GONE = "Its process is gone. What it had committed stays, and the next run goes on."
_ONCE_MORE = "It lost its process or its server, and is tried once more. What it had committed stays."


def note_process(client: SyncPrefectClient, run: UUID) -> None:
    """Say that a run is in this process."""
    client.update_flow_run_labels(run, {_WHERE: _here(os.getpid())})


Found = tuple[str, FlowRun]
"""A run and the name of its flow."""


def close_zombies(client: SyncPrefectClient, now: datetime) -> list[Found]:
    """Set runs to crashed that should have ended long ago, and name them.

    Args:
        client: of the Prefect server.
        now: an aware time.
    """
    found = list(_too_old(client, now))
    for _, run in found:
        client.set_flow_run_state(run.id, Crashed(message=_TOO_LONG), force=True)
    return found


def try_again(client: SyncPrefectClient, now: datetime) -> tuple[list[Found], list[Found]]:
    """Schedule runs anew, each once, that crashed just now or whose process on this machine is gone; close the others.

    Args:
        client: of the Prefect server.
        now: an aware time.

    Returns:
        The runs that were scheduled anew, and those that were closed.
    """
    standing = FlowRunFilter(state=_in(StateType.RUNNING, StateType.CANCELLING))
    lost = [(flow, run) for flow, run in _runs(client, standing) if _is_gone(run)]
    crashed = list(_crashed(client, now))
    again = [(flow, run) for flow, run in lost + crashed if _may_be_tried(run) and _is_still_so(client, run)]
    for _, run in again:
        client.update_flow_run_labels(run.id, {_WHERE: _NOWHERE})
        client.update_flow_run(run.id, tags=[*run.tags, AGAIN])
        state: State[None] = Scheduled(name="AwaitingRetry", message=_ONCE_MORE, scheduled_time=now)
        client.set_flow_run_state(run.id, state, force=True)
    closed = [(flow, run) for flow, run in lost if not _may_be_tried(run) and _is_still_so(client, run)]
    for _, run in closed:
        client.set_flow_run_state(run.id, Crashed(message=_GONE), force=True)
    return again, closed


def _is_still_so(client: SyncPrefectClient, run: FlowRun) -> bool:
    """Whether nobody else has seen to it meanwhile."""
    now = client.read_flow_run(run.id)
    return now.state_id == run.state_id


def _may_be_tried(run: FlowRun) -> bool:
    """Whether somebody will start it again: a step of another run has nobody, and a person may have cancelled it."""
    cancelled = run.state is not None and run.state.type is StateType.CANCELLING
    return run.deployment_id is not None and AGAIN not in run.tags and not cancelled


def _is_gone(run: FlowRun) -> bool:
    """Whether its process was on this machine and is no more; another that took its number counts as it."""
    place = str(run.labels.get(_WHERE, ""))
    _, _, number = place.rpartition(":")
    return number.isdigit() and place == _here(int(number)) and not _lives(int(number))


def _here(number: int) -> str:
    return f"{socket.gethostname()}:{number}"


def _lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _crashed(client: SyncPrefectClient, now: datetime) -> Iterator[Found]:
    wanted = FlowRunFilter(
        state=_in(StateType.CRASHED, StateType.FAILED), end_time=FlowRunFilterEndTime(after_=now - _RECENT)
    )
    for flow, run in _runs(client, wanted):
        if run.state is not None and (run.state.is_crashed() or _lost_its_server(run.state)):
            yield flow, run


def _lost_its_server(state: State[Any]) -> bool:
    """Whether a run failed because Prefect's server was gone: an error of ours, or a source's, has other words."""
    said = (state.message or "").removeprefix(_FAILED).partition(":")[0]
    return said in _GONE_SERVER


def _too_old(client: SyncPrefectClient, now: datetime) -> Iterator[Found]:
    standing = FlowRunFilter(state=_in(StateType.PENDING, StateType.RUNNING, StateType.CANCELLING))
    for flow, run in _runs(client, standing):
        # Not when it first began: it may have been tried again since.
        if run.state is not None and run.state.timestamp < now - timedelta(seconds=TIME_LIMITS[flow]) - _GRACE:
            yield flow, run


def _runs(client: SyncPrefectClient, wanted: FlowRunFilter) -> list[Found]:
    """Runs of our flows, each with its flow's name."""
    ours = FlowFilter(name=FlowFilterName(any_=list(TIME_LIMITS)))
    found = client.read_flow_runs(flow_filter=ours, flow_run_filter=wanted)
    names = {flow.id: flow.name for flow in client.read_flows(flow_filter=ours)} if found else {}
    return [(names[run.flow_id], run) for run in found]


def _in(*types: StateType) -> FlowRunFilterState:
    return FlowRunFilterState(type=FlowRunFilterStateType(any_=list(types)))
