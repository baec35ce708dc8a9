"""The real embedder for the tests of retrieval."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest
from sqlalchemy import make_url

from rag.embedders.minilm import MiniLM, open_minilm
from substrate.database import Database, open_database
from substrate.migrate import upgrade
from tests.conftest import fresh_database


@pytest.fixture(scope="session")
def minilm(models_dir: Path) -> MiniLM:
    """The embedder that the product has by default."""
    return open_minilm(models_dir)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with our own tables, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "empty.sqlite"
    database = open_database(f"sqlite:///{path}")
    upgrade(database, [])
    database.close()
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> str:
    """The name of a PostgreSQL database with our own tables, to be copied."""
    url = fresh_database(postgres_server)
    database = open_database(url)
    upgrade(database, [])
    database.close()
    return make_url(url).database or ""


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with the tables of the index, once for each that Plumbline runs on."""
    if request.param == "sqlite":
        path = tmp_path / "ledger.sqlite"
        copyfile(request.getfixturevalue("migrated_sqlite"), path)
        url = f"sqlite:///{path}"
    else:
        server, template = (request.getfixturevalue(name) for name in ("postgres_server", "migrated_postgres"))
        url = fresh_database(server, template)
    opened = open_database(url)
    yield opened
    opened.close()


@pytest.fixture
def one_ledger(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    """A SQLite database with the tables of the index, for what does not depend on the database."""
    path = tmp_path / "one.sqlite"
    copyfile(migrated_sqlite, path)
    opened = open_database(f"sqlite:///{path}")
    yield opened
    opened.close()
