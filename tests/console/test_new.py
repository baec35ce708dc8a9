"""A vertical that `plumbline new` writes installs, passes the suite of all verticals, and runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from console.new import check_name, write_package
from flows.conformance import REQUIREMENTS, Requirement
from substrate.errors import ConfigurationError
from tests.console.shell import Shell

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "from console.cli import main; main()"


@dataclass(frozen=True)
class Machine:
    """A fresh virtual environment in which Plumbline and its dependencies are found, and nothing else."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "venv/bin/python"

    def run(self, *arguments: str) -> str:
        """What a program of it says; it must end well."""
        environment = {**os.environ, "PLUMBLINE_HOME": str(self.folder / "home"), "PYTHONDONTWRITEBYTECODE": "1"}
        environment.pop("PYTHONPATH", None)
        done = subprocess.run(arguments, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def plumbline(self, *arguments: str) -> dict[str, dict[str, int]]:
        """What a command says as JSON."""
        found: dict[str, dict[str, int]] = json.loads(self.run(str(self.python), "-c", COMMAND, *arguments, "--json"))
        return found


def uv(*arguments: str) -> Sequence[str]:
    return (str(Path(sys.executable).with_name("uv")), *arguments, "--offline", "--quiet")


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """With a new vertical, installed like any package, without a network.

    What builds it has built Plumbline itself before: it lies in the environment, or in uv's cache.
    """
    made = Machine(tmp_path_factory.mktemp("machine"))
    write_package("kennel", "Dog kennel", made.folder / "kennel")
    made.run(*uv("venv", "--python", sys.executable, "venv"))
    (site,) = (made.folder / "venv/lib").glob("python*/site-packages")
    (site / "plumbline.pth").write_text(f"{ROOT}\n{sysconfig.get_path('purelib')}\n")
    alone = ["--no-build-isolation"] if find_spec("hatchling") else []
    made.run(*uv("pip", "install", "--no-deps", *alone, "--python", str(made.python), "./kennel"))
    return made


@pytest.mark.slow
def test_it_passes_its_own_tests_and_the_suite_of_all(machine: Machine) -> None:
    said = machine.run(str(machine.python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "kennel")
    assert "19 passed" in said


@pytest.mark.slow
def test_it_runs(machine: Machine) -> None:
    listed = machine.run(str(machine.python), "-c", COMMAND, "verticals", "list")
    assert "Dog kennel" in listed
    written = machine.plumbline("sample", "kennel", "--out", "feed", "--people", "20", "--days", "10", "--defects", "0")
    report = machine.plumbline("run", "kennel", "--from", "feed")
    assert report["rows"]["accepted"] == sum(written["resources"].values())
    assert report["alerts"]["opened"] == written["incidents"]["booking-missed"] == 4
    assert machine.plumbline("run", "kennel", "--from", "feed")["rows"]["accepted"] == 0


def test_it_reads_csv_files_through_its_own_mapping(machine: Machine) -> None:
    feed = machine.folder / "csv"
    feed.mkdir()
    (feed / "clients.csv").write_text("no,first name,last name,phone\n7,Ada,Byron,1\n")
    (feed / "bookings.csv").write_text(
        "no,client,modified,state,service,booked,day,time,arrived\n"
        "1,7,2026-03-01T08:00,B,bath,2026-03-01T08:00,2026-03-02,930,-\n"
    )
    report = machine.plumbline("run", "kennel", "--from", "csv", "--mapping", "csv", "--source", "till")
    assert (report["rows"]["accepted"], report["rows"]["quarantined"]) == (2, 0)


def test_a_folder_in_use_is_left_alone(shell: Shell, tmp_path: Path) -> None:
    assert "kennel/records.py" in shell.ask("new", "vertical", "kennel", "--out", tmp_path / "k")["files"]
    said = shell("new", "vertical", "kennel", "--out", tmp_path / "k")
    assert said.code != 0
    assert "and not empty" in " ".join(said.err.split())


@pytest.mark.parametrize("name", ["Kennel", "dog-kennel", "class", "substrate", "json", "pytest", "k", "7up"])
def test_a_name_that_no_package_could_have_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        check_name(name)


def test_it_is_held_against_all_requirements(machine: Machine) -> None:
    found = machine.plumbline("verticals", "check", "kennel")
    assert list(found) == [requirement.name for requirement in REQUIREMENTS]
    assert not any(found.values())


def test_what_is_wrong_is_said(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Requirement("luck", "The vertical is lucky.", lambda _vertical, _folder: ["it is [not]"])
    monkeypatch.setattr("console.verticals.REQUIREMENTS", (broken,))
    said = shell("verticals", "check", "hospital")
    assert (said.code, said.out) == (1, "✗ The vertical is lucky.\n    it is [not]\n")


def test_what_is_installed_is_listed(shell: Shell) -> None:
    listed = {each["name"]: each for each in shell.ask("verticals", "list")}
    assert listed["hospital"]["records"] == 16
    assert "Hospital" in shell("verticals", "list").out
