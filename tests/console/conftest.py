"""A home folder of its own for each test, and one that has seen a sample hospital."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest

from substrate.catalog import SampleOrder
from substrate.clock import SystemClock
from tests.console.shell import Shell
from verticals.hospital.sample.order import sample


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty installation; nothing of the person's own settings reaches it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLUMBLINE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def on_each_database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The installation keeps its data in each database that Plumbline runs on, one after the other."""
    monkeypatch.setenv("PLUMBLINE_DATABASE_URL", database_url)


@pytest.fixture
def shell(home: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A shell in an empty installation."""
    return Shell(capsys)


@pytest.fixture(scope="session")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hospital of twenty people and four days, until now."""
    folder: Path = tmp_path_factory.mktemp("feed")
    order = SampleOrder(people=20, days=4, defects=0.03, until=SystemClock().now())
    sample(folder, order, lambda _done, _total: None)
    return folder


@pytest.fixture(scope="session")
def lived_in(tmp_path_factory: pytest.TempPathFactory, feed: Path) -> Path:
    """A home folder after one run, to be copied."""
    folder: Path = tmp_path_factory.mktemp("lived") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder.parent)
        patch.setenv("PLUMBLINE_HOME", str(folder))
        from console.run import run

        run("hospital", folder=feed, as_json=True)
    return folder


@pytest.fixture
def used(home: Path, lived_in: Path, shell: Shell) -> Shell:
    """A shell in an installation that ran once."""
    copytree(lived_in, home)
    return shell
