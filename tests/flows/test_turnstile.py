"""A name that is held lets one pass; what a server that was killed knew of it is not lost."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from prefect.states import Pending, Running

from console.layout import prefect_command
from flows.orchestrator import api_url, auth_string, server_answers, server_environment
from flows.quality import quality_report
from flows.turnstile import TAG, let_go, one_at_a_time
from substrate.settings import Settings
from tests.flows.house import House
from tests.flows.orchestra import eventually, free_port

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

NAME = "plumbline-source-lab"


class Server:
    """Our own Prefect server, as `plumbline up` starts it."""

    def __init__(self, home: Path) -> None:
        self.settings = Settings(home=home, prefect_port=free_port())
        self.login = auth_string(self.settings, {}).get_secret_value()
        self._start()

    def killed_and_started_again(self) -> None:
        """Kill it in the middle of its work."""
        self.kill()
        self._start()

    def kill(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()

    def held(self) -> int:
        """How many hold the name."""
        with SyncPrefectClient(api_url(self.settings, {}), auth_string=self.login) as client:
            return client.read_global_concurrency_limit_by_name(NAME).active_slots

    def _start(self) -> None:
        kept = {name: text for name, text in os.environ.items() if not name.startswith("PREFECT_")}
        its = {**kept, **server_environment(self.settings, {})}
        silent = subprocess.DEVNULL
        self._process = subprocess.Popen(prefect_command(self.settings), env=its, stdout=silent, stderr=silent)
        eventually(lambda: server_answers(self.settings, {}), "the server's first answer")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    told = {PREFECT_API_URL: api_url(made.settings, {}), PREFECT_API_AUTH_STRING: made.login}
    with temporary_settings(told):
        yield made
    made.kill()


def test_a_server_that_was_killed_still_knows_who_holds_a_name(server: Server) -> None:
    with ExitStack() as first:
        first.enter_context(one_at_a_time(NAME))
        server.killed_and_started_again()
        assert server.held() == 1
    assert server.held() == 0


def test_a_name_that_nobody_lets_go_of_is_waited_for_only_so_long(
    conducted: House, caplog: pytest.LogCaptureFixture
) -> None:
    with one_at_a_time("plumbline-source-held"), one_at_a_time("plumbline-source-held", patience_seconds=0.5):
        assert "goes on without it" in caplog.text


@pytest.fixture
def work(conducted: House) -> Iterator[tuple[SyncPrefectClient, UUID, str]]:
    """A deployment of which one run may go on at a time, and one is said to."""
    with get_client(sync_client=True) as client:
        flow = client.create_flow(quality_report)
        made = client.create_deployment(flow, f"held-{os.urandom(4).hex()}", concurrency_limit=1, tags=[TAG])
        limit = client.read_deployment(made).global_concurrency_limit
        assert limit is not None
        client.update_global_concurrency_limit(limit.name, GlobalConcurrencyLimitUpdate(active_slots=1))
        yield client, made, limit.name
        client.delete_deployment(made)


@pytest.mark.parametrize("state", [None, Pending(), Running()])
def test_a_limit_is_freed_where_nobody_runs_and_only_there(
    work: tuple[SyncPrefectClient, UUID, str], state: State[Any] | None
) -> None:
    client, deployment, limit = work
    if state is not None:
        run = client.create_flow_run_from_deployment(deployment)
        client.set_flow_run_state(run.id, state, force=True)
    let_go(client)
    assert client.read_global_concurrency_limit_by_name(limit).active_slots == (0 if state is None else 1)
