"""A run that lost its process or its server is tried once more by itself; a second time it is closed and told."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Cancelling, Crashed, Failed, Pending, Running

from flows.mender import Mender
from flows.quality import quality_report
from flows.zombies import AGAIN, close_zombies, note_process, try_again
from tests.flows.house import House

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture
def client(conducted: House) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as opened:
        yield opened


@pytest.fixture
def work(client: SyncPrefectClient) -> Iterator[UUID]:
    """A deployment, whose runs somebody would start again."""
    made = client.create_deployment(client.create_flow(quality_report), name=f"lost-{os.urandom(4).hex()}")
    yield made
    client.delete_deployment(made)


def begun(client: SyncPrefectClient, work: UUID, state: State[Any] | None = None) -> FlowRun:
    """A run of a deployment, as it stands."""
    made = client.create_flow_run_from_deployment(work, parameters={"vertical": "hospital"})
    client.set_flow_run_state(made.id, Running(), force=True)
    if state is not None:
        client.set_flow_run_state(made.id, state, force=True)
    return client.read_flow_run(made.id)


def gone(client: SyncPrefectClient, run: FlowRun) -> None:
    """Let it have been in a process of this machine that is no more."""
    with subprocess.Popen(["true"]) as process:
        pass
    client.update_flow_run_labels(run.id, {"plumbline.process": f"{socket.gethostname()}:{process.pid}"})


def mended(client: SyncPrefectClient, run: FlowRun, later: timedelta = timedelta()) -> tuple[bool, bool, str | None]:
    """Whether a run was tried again or closed, and how it stands then."""
    again, closed = try_again(client, datetime.now(UTC) + later)
    now = client.read_flow_run(run.id).state_name
    return run.id in {one.id for _, one in again}, run.id in {one.id for _, one in closed}, now


def test_a_run_whose_process_is_gone_is_tried_once_and_then_closed(client: SyncPrefectClient, work: UUID) -> None:
    run = begun(client, work)
    gone(client, run)
    assert mended(client, run) == (True, False, "AwaitingRetry")
    assert AGAIN in client.read_flow_run(run.id).tags
    client.set_flow_run_state(run.id, Running(), force=True)
    assert mended(client, run) == (False, False, "Running")  # it has not said yet where it is
    gone(client, run)
    assert mended(client, run) == (False, True, "Crashed")
    assert mended(client, run) == (False, False, "Crashed")


def test_a_run_that_crashed_is_tried_once(client: SyncPrefectClient, work: UUID) -> None:
    run = begun(client, work, Crashed(message="its server was gone"))
    assert mended(client, run, timedelta(hours=1)) == (False, False, "Crashed")  # that is long ago
    assert mended(client, run) == (True, False, "AwaitingRetry")
    client.set_flow_run_state(run.id, Crashed(message="again"), force=True)
    assert mended(client, run) == (False, False, "Crashed")


@pytest.mark.parametrize(
    ("why", "again"), [("ConnectError: All connection attempts failed", True), ("StepFailed: x", False)]
)
def test_a_run_that_failed_without_its_server_is_tried_once(
    client: SyncPrefectClient, work: UUID, why: str, again: bool
) -> None:
    run = begun(client, work, Failed(message=f"Flow run encountered an exception: {why}"))
    assert mended(client, run)[0] is again


def test_a_run_whose_process_lives_or_is_unknown_is_left_alone(client: SyncPrefectClient, work: UUID) -> None:
    unknown, here, elsewhere = (begun(client, work) for _ in range(3))
    note_process(client, here.id)
    client.update_flow_run_labels(elsewhere.id, {"plumbline.process": "another.example:1"})
    assert [mended(client, run) for run in (unknown, here, elsewhere)] == [(False, False, "Running")] * 3


def test_a_run_that_a_person_cancelled_is_not_tried_again(client: SyncPrefectClient, work: UUID) -> None:
    run = begun(client, work, Cancelling())
    gone(client, run)
    assert mended(client, run) == (False, True, "Crashed")


def test_a_step_of_another_run_is_closed(client: SyncPrefectClient) -> None:
    run = client.create_flow_run(quality_report, parameters={"vertical": "hospital"}, state=Running())
    gone(client, run)
    assert mended(client, run) == (False, True, "Crashed")


def test_a_run_that_never_began_is_closed_in_time(client: SyncPrefectClient, work: UUID) -> None:
    run = client.create_flow_run_from_deployment(work, parameters={"vertical": "hospital"}, state=Pending())
    assert run.id not in {one.id for _, one in close_zombies(client, datetime.now(UTC))}
    assert run.id in {one.id for _, one in close_zombies(client, datetime.now(UTC) + timedelta(hours=1))}


def test_a_run_that_is_tried_again_has_all_its_time(client: SyncPrefectClient, work: UUID) -> None:
    then: State[Any] = Running(timestamp=datetime.now(UTC) - timedelta(hours=2))
    run = begun(client, work, then)
    client.set_flow_run_state(run.id, Running(), force=True)
    assert run.id not in {one.id for _, one in close_zombies(client, datetime.now(UTC))}


def test_a_run_says_where_it_is(client: SyncPrefectClient, conducted: House) -> None:
    state: Any = quality_report("hospital", return_state=True)
    said = client.read_flow_run(state.state_details.flow_run_id).labels
    assert said["plumbline.process"] == f"{socket.gethostname()}:{os.getpid()}"


def test_the_steward_is_told_of_what_is_lost_for_good(client: SyncPrefectClient, conducted: House) -> None:
    run = client.create_flow_run(quality_report, parameters={"vertical": "hospital"}, state=Running())
    gone(client, run)
    with conducted.opened() as opened:
        Mender(opened.settings).look()
    assert conducted.alerts() == [('{"name":"quality-report hospital"}', "firing", 1)]
