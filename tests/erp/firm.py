"""A firm that runs on Tryton, and Plumbline beside it, reading Tryton's own tables."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select

from automations.alerts import alert
from flows.cycle import CycleReport, run_cycle
from flows.watch import Nobody
from flows.workbench import workbench
from substrate.clock import ManualClock, SystemClock
from substrate.database import Database
from substrate.migrate import upgrade
from substrate.records import record_id, table_of
from substrate.settings import Settings
from substrate.sources.configured import SourceEntry
from substrate.sources.sql.options import SqlOptions
from verticals.logistics import vertical

PYTHON = Path(__file__).parents[2] / ".venv-erp/bin/python"
MODULES = ("stock", "purchase", "sale", "stock_supply")
_OFFICE = Path(__file__).parent / "office.py"


class Office:
    """The staff, who do in Tryton what they are told."""

    def __init__(self, program: subprocess.Popen[str]) -> None:
        self._program = program

    def __call__(self, task: str, *arguments: Any) -> Any:
        """Have something done, and wait for the answer."""
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        print(json.dumps([task, *arguments]), file=self._program.stdin, flush=True)
        said = self._program.stdout.readline()
        assert said, f"Tryton did not {task}"
        return json.loads(said)["answer"]


def set_up(folder: Path) -> None:
    """An empty Tryton with its modules, in a folder."""
    (folder / "trytond.conf").write_text(f"[database]\nuri = sqlite://\npath = {folder}\n")
    (folder / "password").write_text("a password of the tests\n")
    (folder / "erp.sqlite").touch()
    command = [str(PYTHON.with_name("trytond-admin")), "-c", str(folder / "trytond.conf"), "-d", "erp"]
    command += ["-u", *MODULES, "--activate-dependencies", "--email", "office@example.com"]
    subprocess.run(command, check=True, env=os.environ | {"TRYTONPASSFILE": str(folder / "password")})


@contextmanager
def at_work(folder: Path) -> Iterator[Office]:
    """The staff of the Tryton in a folder, until they go home."""
    environment = os.environ | {"TRYTOND_CONFIG": str(folder / "trytond.conf")}
    environment.pop("PYTHONPATH", None)
    command = [str(PYTHON), str(_OFFICE), "sqlite:////erp"]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder
    ) as program:
        yield Office(program)
        assert program.stdin is not None
        program.stdin.close()


class Beside:
    """Plumbline, reading the tables of a Tryton."""

    def __init__(self, home: Path, database: Database, url: str) -> None:
        self.database = database
        self.home = home
        options = SqlOptions(url=SecretStr(url), sweep_every=1)
        self.entry = SourceEntry(
            name="tryton", vertical="logistics", zone="Europe/Berlin", mapping="tryton", sql=options
        )
        upgrade(database, [vertical])

    def run(self) -> CycleReport:
        """One cycle, as of now."""
        settings = Settings(home=self.home, signing_key=SecretStr("key"))
        bench = workbench(settings, self.database, ManualClock(SystemClock().now()), vertical)
        return run_cycle(bench, [self.entry], Nobody())

    def record(self, kind: str, key: Any) -> dict[str, Any]:
        """A record as Plumbline knows it; empty where it knows none."""
        table = table_of(vertical.kinds[kind])
        chosen = select(table).where(table.c.id == record_id("tryton", kind, str(key)))
        with self.database.read() as connection:
            found = connection.execute(chosen).mappings().first()
        return dict(found) if found else {}

    def alerts(self, rule: str, kind: str, key: Any) -> list[str]:
        """The states of the alerts of a rule about a record, oldest first."""
        chosen = select(alert.c.state).where(
            alert.c.rule_id == rule, alert.c.entity_id == record_id("tryton", kind, str(key))
        )
        with self.database.read() as connection:
            return [str(state) for state in connection.scalars(chosen.order_by(alert.c.episode))]
