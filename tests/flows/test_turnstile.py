"""A name that is held lets one pass; what a server that was killed knew of it is not lost."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from console.layout import prefect_command
from flows.orchestrator import api_url, auth_string, server_answers, server_environment
from flows.turnstile import one_at_a_time
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
