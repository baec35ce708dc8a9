"""A PostgreSQL of the machine, for Prefect's own server: the one from the wheel lacks the extension pg_trgm."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

_OWNER = "postgres"


def _found() -> Path | None:
    """The folder of the programs, where the extension comes with them."""
    initdb = shutil.which("initdb")
    if initdb is None:
        return None
    programs = Path(initdb).resolve().parent
    version = programs.parent.name
    shares = (programs.parent / "share/extension", Path(f"/usr/share/postgresql/{version}/extension"))
    return programs if any((share / "pg_trgm.control").exists() for share in shares) else None


SYSTEM_POSTGRES = _found()


@contextmanager
def system_postgres() -> Iterator[str]:
    """The address of an empty database for Prefect, on a server that ends with the block."""
    assert SYSTEM_POSTGRES is not None
    with TemporaryDirectory() as made:
        folder = Path(made)
        if os.getuid() == 0:
            shutil.chown(folder, _OWNER)
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        _as_owner("initdb", "-D", f"{folder}/data", "-A", "trust", "-U", _OWNER, "-E", "UTF8", "--locale=C.UTF-8")
        _as_owner("pg_ctl", "-D", f"{folder}/data", "-o", options, "-l", f"{folder}/log", "-w", "start")
        try:
            yield f"postgresql+asyncpg://{_OWNER}@/postgres?host={folder}"
        finally:
            _as_owner("pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "-w", "stop")


def _as_owner(program: str, *words: str) -> None:
    assert SYSTEM_POSTGRES is not None
    user = _OWNER if os.getuid() == 0 else None
    command = [str(SYSTEM_POSTGRES / program), *words]
    # Not into pipes: the server that pg_ctl starts would hold them open.
    subprocess.run(command, user=user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", check=True)
