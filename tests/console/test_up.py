"""`plumbline up` for real: all of it, with Prefect's own server, refused the second time, and stopped by Ctrl-C."""

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

from console.cli import main
from console.layout import Part
from console.warden import marked
from tests.console.shell import Shell
from tests.console.test_interrupted import heed_interrupts
from tests.console.test_supervisor import until

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


def test_all_comes_up_once_and_stops_in_time(home: Path, tmp_path: Path, shell: Shell, ports: dict[str, int]) -> None:
    up = Up(tmp_path, "--json")
    said = up.ready()
    assert "web" in said["ready"]
    assert {*said["ready"], *said["starting"]} == {"web", "prefect", "flows"}
    assert httpx.get(f"{said['web']}/healthz").status_code == 200
    until(lambda: is_ready(up, "prefect"))
    password = guarded(home, said["prefect"])
    assert not [pid for pid in family(home, up) if password.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()]
    refused = shell("up", "--json")
    assert (refused.code, refused.error["type"]) == (4, "ConflictError")
    assert f"process {up.process.pid}" in refused.error["message"]
    code, seconds = up.stop()
    assert (code, seconds < 10, family(home)) == (0, True, [])
    assert password not in up.log.read_text()


def family(home: Path, *also: Up) -> list[int]:
    """Every process of the installation."""
    return [*marked([f"{home}#{part}" for part in Part]), *(up.process.pid for up in also)]


def is_ready(up: Up, program: str) -> bool:
    return f"{program} is ready" in up.log.read_text()


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


def test_nothing_starts_on_a_database_that_is_not_there(
    home: Path, ports: dict[str, int], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PLUMBLINE_DATABASE_URL", "postgresql+psycopg://u:s3cret@127.0.0.1:1/plumbline")
    with pytest.raises(SystemExit) as end:
        main(["up", "--json"])
    said = capfd.readouterr()
    assert (end.value.code, said.out, family(home)) == (5, "", [])
    assert "127.0.0.1" in said.err
    assert "s3cret" not in said.err


@pytest.mark.parametrize("name", ["sources.yaml", "contacts.yaml"])
def test_nothing_starts_with_a_file_that_no_part_could_work_with(
    home: Path, shell: Shell, ports: dict[str, int], name: str
) -> None:
    home.mkdir(exist_ok=True)
    (home / name).write_text("sourcecontacts: [")
    said = shell("up", "--json")
    assert (said.code, said.error["type"]) == (2, "ConfigurationError" if name == "sources.yaml" else "ContactsError")
    assert name in said.error["message"]
    assert family(home) == []
