"""A real Prefect server of the test run, its workers and commands, none of which gets beyond this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import ObjectNotFound

from flows.quiet import quiet

ROOT = Path(__file__).resolve().parents[2]
WALLS = Path(__file__).with_name("walls")
LOGIN = "plumbline:only for tests"
PATIENCE = 300.0
Started = subprocess.Popen[bytes]


def eventually(reached: Callable[[], bool], what: str) -> None:
    """Look again and again until it is so; fail if it does not come to be."""
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, f"{what}: never"
        time.sleep(0.05)


@dataclass(frozen=True)
class Orchestra:
    """A Prefect server with authentication on, and the environment in which others find it."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """The API's address."""
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def record(self) -> Path:
        """Where attempts to leave this machine are written down."""
        return self.folder / "attempts.txt"

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """What a child process finds."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "PLUMBLINE_"))}
        ours = {
            "PYTHONPATH": os.pathsep.join((str(WALLS), str(ROOT))),
            "WALL_RECORD": str(self.record),
            "PREFECT_HOME": str(self.folder / "prefect"),
            "PREFECT_API_URL": self.url,
            "PREFECT_API_AUTH_STRING": LOGIN,
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        }
        return quiet({**kept, **ours, **(more or {})})

    def prefect(self, *words: str, more: Mapping[str, str] | None = None) -> str:
        """Run one command of Prefect that must succeed, in the folder of `prefect.yaml`."""
        command = [sys.executable, "-m", "prefect", "--no-prompt", *words]
        done = subprocess.run(
            command, env=self.environment(more), cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def child(self, name: str, *command: str, more: Mapping[str, str] | None = None) -> Iterator[Started]:
        """A child process, ended as a supervisor would end it."""
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *command], env=self.environment(more), cwd=ROOT, stdout=log, stderr=log
            )
        try:
            yield process
        finally:
            end(process)

    def client(self) -> SyncPrefectClient:
        """A client of the server."""
        return SyncPrefectClient(self.url, auth_string=LOGIN)

    def is_up(self) -> bool:
        """Whether the server answers those who may ask."""
        try:
            user, _, password = LOGIN.partition(":")
            return httpx.get(f"{self.url}/admin/version", auth=(user, password), timeout=5).is_success
        except httpx.TransportError:
            return False

    def run(self, deployment: str) -> FlowRun:
        """Ask for a run of a deployment, and wait until it ended."""
        with self.client() as client:
            made = client.create_flow_run_from_deployment(client.read_deployment_by_name(deployment).id)
            eventually(lambda: _is_final(client.read_flow_run(made.id).state), f"the end of {deployment}")
            return client.read_flow_run(made.id)

    def has_pool(self) -> bool:
        """Whether a worker has made the work pool."""
        with self.client() as client:
            return any(pool.name == "plumbline" for pool in client.read_work_pools())

    def serves(self, deployment: str) -> bool:
        """Whether a deployment is there and not paused."""
        with self.client() as client:
            try:
                return not client.read_deployment_by_name(deployment).paused
            except ObjectNotFound:
                return False

    def has_scheduled(self, flow: str) -> bool:
        """Whether the scheduler has made a run of a flow."""
        with self.client() as client:
            wanted = FlowFilter(name=FlowFilterName(any_=[flow]))
            return any(run.auto_scheduled for run in client.read_flow_runs(flow_filter=wanted))

    def attempts(self) -> str:
        """What tried to leave this machine."""
        return self.record.read_text("utf-8") if self.record.exists() else ""


@contextmanager
def playing(folder: Path, more: Mapping[str, str] | None = None) -> Iterator[Orchestra]:
    """A server that ends with the block."""
    opened = Orchestra(folder, free_port())
    serving = {
        "PREFECT_SERVER_API_AUTH_STRING": LOGIN,
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{folder / 'server.sqlite'}",
        **(more or {}),
    }
    command = ("-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(opened.port))
    with opened.child("server", *command, more=serving) as process:
        eventually(lambda: opened.is_up() or _ended(process), "the server's first answer")
        yield opened


def end(process: Started) -> None:
    """End a process and wait for it."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_final(state: State[object] | None) -> bool:
    return state is not None and state.is_final()


def _ended(process: Started) -> bool:
    assert process.poll() is None, f"it ended with {process.returncode}"
    return False
