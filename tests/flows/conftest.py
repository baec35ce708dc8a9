"""A feed that is made once, and an installation for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest

from substrate.catalog import SampleOrder
from substrate.database import Database, open_database
from tests.flows.house import House, conducting
from tests.flows.orchestra import Orchestra, playing
from tests.flows.station import NOW, Station
from verticals.hospital.sample.order import sample


@pytest.fixture(scope="session")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hospital of twenty people and four days."""
    folder: Path = tmp_path_factory.mktemp("feed")
    sample(folder, SampleOrder(people=20, days=4, defects=0.03, until=NOW), lambda _done, _total: None)
    return folder


@pytest.fixture(scope="session")
def after_one_run(tmp_path_factory: pytest.TempPathFactory, feed: Path) -> Path:
    """A database after one cycle, to be copied."""
    folder = tmp_path_factory.mktemp("ran")
    path: Path = folder / "ran.sqlite"
    database = open_database(f"sqlite:///{path}")
    Station(folder / "home", feed, database).run()
    database.close()
    return path


@pytest.fixture
def fresh(tmp_path: Path, feed: Path, database: Database) -> Station:
    """An installation in which nothing happened yet, on each database."""
    return Station(tmp_path / "home", feed, database)


@pytest.fixture
def ran(tmp_path: Path, feed: Path, after_one_run: Path) -> Iterator[Station]:
    """An installation that ran once."""
    path = tmp_path / "ran.sqlite"
    copyfile(after_one_run, path)
    database = open_database(f"sqlite:///{path}")
    yield Station(tmp_path / "home", feed, database)
    database.close()


@pytest.fixture(scope="session")
def orchestra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orchestra]:
    """One Prefect server for all tests, on SQLite."""
    with playing(tmp_path_factory.mktemp("prefect")) as opened:
        yield opened


@pytest.fixture
def house(tmp_path: Path, feed: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """An installation with one source, found through the environment as flows find it."""
    made = House(tmp_path / "house")
    made.lists(f"- {{name: epr, vertical: hospital, folder: {{path: '{feed}'}}}}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLUMBLINE_HOME", str(made.home))
    return made


@pytest.fixture
def conducted(orchestra: Orchestra, house: House) -> Iterator[House]:
    """The same, where flows that run in this process tell the server."""
    with conducting(orchestra):
        yield house
