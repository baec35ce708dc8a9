"""A small installation on which whole cycles are run: a feed, a home folder, a database, and a clock that stands."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Table, func, select

from automations.alerts import LIVE, alert
from automations.outbox import Delivery, count_outbox
from console.summary import merged
from flows.cycle import CycleReport, run_cycle
from flows.watch import Nobody
from flows.workbench import Workbench, workbench
from substrate.clock import ManualClock, parse_instant
from substrate.database import Database
from substrate.ingest import IngestReport
from substrate.migrate import upgrade
from substrate.settings import Settings
from substrate.sources.configured import folder_entry
from verticals.hospital import vertical

NOW = parse_instant("2026-03-02T10:00:00Z")


class Station:
    """Runs cycles of the hospital on a feed."""

    def __init__(self, home: Path, feed: Path, database: Database) -> None:
        self.home = home
        self.feed = feed
        self.database = database
        self.clock = ManualClock(NOW)
        self.home.mkdir(exist_ok=True)
        upgrade(database, [vertical])

    def run(self, *, as_of: int | None = None, bulk: bool = False, allow_mass_delete: bool = False) -> CycleReport:
        """One cycle."""
        entry = folder_entry("hospital", self.feed, bulk=bulk)
        return run_cycle(self.bench(), [entry], Nobody(), as_of=as_of, allow_mass_delete=allow_mass_delete)

    def bench(self) -> Workbench:
        """What the cycle works with; contacts are read anew."""
        settings = Settings(home=self.home, signing_key=SecretStr("key"))
        return workbench(settings, self.database, self.clock, vertical)

    def contacts(self, text: str) -> None:
        """Say who stands behind the roles."""
        (self.home / "contacts.yaml").write_text(text, "utf-8")

    def alerts(self, timeline: str = LIVE) -> Counter[tuple[str, str]]:
        """The alerts of a timeline, by rule and state."""
        chosen = select(alert.c.rule_id, alert.c.state).where(alert.c.timeline == timeline)
        with self.database.read() as connection:
            return Counter((row.rule_id, row.state) for row in connection.execute(chosen))

    def messages(self) -> dict[Delivery, int]:
        """How many messages are in each state."""
        with self.database.read() as connection:
            return count_outbox(connection)

    def count(self, table: Table) -> int:
        """How many rows a table has."""
        with self.database.read() as connection:
            return connection.execute(select(func.count()).select_from(table)).scalar_one()

    def everything(self, table: Table) -> list[tuple[Any, ...]]:
        """All rows of a table."""
        with self.database.read() as connection:
            return sorted(tuple(row) for row in connection.execute(select(table)))


def rows_of(report: CycleReport) -> IngestReport:
    """The account of all rows."""
    return merged(report)
