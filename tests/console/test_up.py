"""`plumbline up` for real: with Prefect's own server, refused the second time, and stopped by Ctrl-C."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.warden import marked
from tests.console.shell import Shell
from tests.console.test_interrupted import heed_interrupts

UP = [sys.executable, "-c", "from console.cli import main; main()", "up"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    found = {"PLUMBLINE_WEB_PORT": free_port(), "PLUMBLINE_PREFECT_PORT": free_port()}
    for name, port in found.items():
        monkeypatch.setenv(name, str(port))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    return found


class Up:
    """A running `plumbline up`."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.log = folder / "up.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*UP, *arguments], stdout=subprocess.PIPE, stderr=log, text=True, preexec_fn=heed_interrupts
            )

    def ready(self) -> Any:
        """What it says when it is up."""
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())

    def stop(self, number: int = signal.SIGINT) -> tuple[int, float]:
        """Ask it to stop: how it ended, and after how many seconds."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.communicate(timeout=30)
        return self.process.returncode, time.monotonic() - began


def test_prefect_comes_up_guarded_once_and_stops_in_time(
    home: Path, tmp_path: Path, shell: Shell, ports: dict[str, int]
) -> None:
    up = Up(tmp_path, "--only", "prefect", "--json")
    said = up.ready()
    assert (said["ready"], said["starting"], said["pid"]) == (["prefect"], [], up.process.pid)
    password = guarded(home, said["prefect"])
    (server,) = marked([f"{home}#prefect"])
    for pid in (server, up.process.pid):
        assert password.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
    refused = shell("up", "--only", "prefect", "--json")
    assert (refused.code, refused.error["type"]) == (4, "ConflictError")
    assert f"process {up.process.pid}" in refused.error["message"]
    code, seconds = up.stop()
    assert (code, seconds < 10, marked([f"{home}#prefect"])) == (0, True, [])
    assert password not in up.log.read_text()


def guarded(home: Path, api: str) -> str:
    """The password, without which the server tells nothing."""
    user, _, password = (home / "prefect.auth").read_text().strip().partition(":")
    assert httpx.post(f"{api}/flows/count", json={}).status_code in (401, 403)
    assert httpx.post(f"{api}/flows/count", json={}, auth=(user, password)).status_code == 200
    return password


def test_a_taken_port_is_said_before_anything_starts(home: Path, shell: Shell, ports: dict[str, int]) -> None:
    with socket.create_server(("127.0.0.1", ports["PLUMBLINE_PREFECT_PORT"])):
        said = shell("up", "--only", "prefect", "--json")
    assert (said.code, said.error["type"]) == (2, "ConfigurationError")
    assert "PLUMBLINE_PREFECT_PORT" in said.error["hint"]
    assert marked([f"{home}#prefect"]) == []
