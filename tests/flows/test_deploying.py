"""Server, deploy, worker and serve for real, with authentication on and every way out of this machine walled up."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prefect.client.schemas.objects import FlowRun
from prefect.flows import load_flow_from_entrypoint

from flows.deployments import ENTRYPOINTS, due_turns, turns_passed
from flows.timetable import TIME_LIMITS, Turn, turns
from substrate.clock import SECOND
from substrate.cursors import cursor_ages, store_cursor
from substrate.sources.configured import folder_entry
from tests.flows.house import House
from tests.flows.orchestra import ROOT, WALLS, Orchestra, eventually, playing
from tests.flows.system_postgres import SYSTEM_POSTGRES, system_postgres
from verticals.hospital import vertical

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

LISTED = yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["deployments"]
SERVE = (
    "from flows.deployments import serve_all; from flows.installation import load_settings; serve_all(load_settings())"
)
BY_PATH = (
    "from prefect.flows import load_flow_from_entrypoint as load; print(load({!r}, use_placeholder_flow=False).name)"
)


@pytest.mark.parametrize("entrypoint", [one["entrypoint"] for one in LISTED])
def test_every_entrypoint_leads_to_a_flow_that_can_be_imported(entrypoint: str) -> None:
    flow: Any = load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False)
    assert ENTRYPOINTS[flow.name] == entrypoint
    assert flow.timeout_seconds == TIME_LIMITS[flow.name]
    assert flow.on_failure_hooks
    assert flow.on_crashed_hooks


def test_a_flow_is_found_by_the_path_of_its_file_too() -> None:
    code = BY_PATH.format("flows/daily.py:daily_cycle")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "daily-cycle", done.stderr


def test_the_file_lists_what_is_served() -> None:
    served = turns([vertical], [folder_entry("hospital", Path("/srv/drop"), name="epr")])
    listed = {(one["entrypoint"], one["name"], _when(one), str(one.get("parameters", {}))) for one in LISTED}
    assert listed == {(ENTRYPOINTS[one.flow], one.name, _turn(one), str(dict(one.parameters))) for one in served}


def _when(listed: dict[str, Any]) -> Any:
    (schedule,) = listed["schedules"]
    return schedule.get("cron") or schedule["interval"]


def _turn(turn: Turn) -> Any:
    return turn.cron or turn.every // SECOND


def test_the_server_tells_nothing_to_those_who_may_not_ask(orchestra: Orchestra) -> None:
    assert httpx.post(f"{orchestra.url}/flow_runs/filter", json={}).status_code == httpx.codes.UNAUTHORIZED


def test_the_wall_refuses_and_writes_down(orchestra: Orchestra, tmp_path: Path) -> None:
    record = tmp_path / "record.txt"
    given = {**orchestra.environment(), "PYTHONPATH": str(WALLS), "WALL_RECORD": str(record)}
    for code in (
        "import socket; socket.create_connection(('192.0.2.1', 9), 1)",
        "import socket; socket.getaddrinfo('example.org', 9)",
    ):
        assert subprocess.run([sys.executable, "-c", code], env=given, capture_output=True, check=False).returncode == 1
    assert len(record.read_text("utf-8").splitlines()) == 2


def test_a_worker_finishes_a_run_and_nobody_leaves_the_machine(orchestra: Orchestra, house: House) -> None:
    run = deployed_run(orchestra, house)
    assert run.state_name == "Completed"
    assert run.name == "ingest hospital/epr"
    assert {"plumbline", "hospital"} <= set(run.tags)
    assert orchestra.attempts() == ""


@pytest.mark.skipif(SYSTEM_POSTGRES is None, reason="needs a system PostgreSQL whose initdb finds pg_trgm")
def test_the_same_on_a_server_on_postgresql(house: House, tmp_path: Path) -> None:
    with (
        system_postgres() as url,
        playing(_made(tmp_path / "pg"), {"PREFECT_SERVER_DATABASE_CONNECTION_URL": url}) as server,
    ):
        assert deployed_run(server, house).state_name == "Completed"
        assert server.attempts() == ""


def deployed_run(server: Orchestra, house: House) -> FlowRun:
    """Deploy all of `prefect.yaml`, and let a worker finish a run."""
    home = {"PLUMBLINE_HOME": str(house.home)}
    with server.child(
        "worker", "-m", "prefect", "worker", "start", "--pool", "plumbline", "--type", "process", more=home
    ):
        eventually(server.has_pool, "the work pool")
        server.prefect("deploy", "--all", more=home)
        return server.run("ingest-source/hospital-epr")


@pytest.fixture
def serving(orchestra: Orchestra, house: House) -> Iterator[Orchestra]:
    """All deployments served by one process."""
    with orchestra.child("serve", "-c", SERVE, more={"PLUMBLINE_HOME": str(house.home)}):
        eventually(lambda: orchestra.serves("maintenance/house"), "the deployments")
        yield orchestra


def test_what_is_served_follows_from_what_is_listed_and_runs(serving: Orchestra, house: House) -> None:
    assert serving.run("ingest-source/hospital-epr").state_name == "Completed"
    with house.opened() as opened, opened.database.read() as connection:
        marks = connection.exec_driver_sql("SELECT name FROM watermark WHERE name LIKE 'flow:%'").scalars().all()
    assert "flow:daily-cycle hospital" in marks
    assert serving.attempts() == ""


def test_a_source_that_was_never_read_does_not_wait_for_its_turn(orchestra: Orchestra, house: House) -> None:
    with orchestra.child("serve", "-c", SERVE, more={"PLUMBLINE_HOME": str(house.home)}):
        eventually(lambda: _was_read(house), "the first read")


def test_only_a_source_whose_turn_has_passed_is_read_at_once(house: House) -> None:
    with house.opened() as opened:
        due = due_turns(opened)
        assert {turn.flow for turn in turns_passed(opened, due)} == {"ingest-source"}
        with opened.database.write() as connection:
            for turn in due:
                store_cursor(connection, str(turn.parameters.get("source")), "", {}, opened.clock.now())
        assert turns_passed(opened, due) == []


def _was_read(house: House) -> bool:
    with house.opened() as opened, opened.database.read() as connection:
        return bool(cursor_ages(connection, opened.clock.now()))


def test_a_schedule_makes_runs(serving: Orchestra) -> None:
    eventually(lambda: serving.has_scheduled("ingest-source"), "a run that is scheduled")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
