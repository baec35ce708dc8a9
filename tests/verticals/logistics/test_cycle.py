"""Whole cycles of a sample firm: every row accounted for, people told, and a second run changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from automations.alerts import LIVE, alert
from flows.cycle import CycleReport, run_cycle
from flows.watch import Nobody
from flows.workbench import workbench
from substrate.clock import ManualClock
from substrate.database import Database
from substrate.migrate import upgrade
from substrate.records import record_id
from substrate.settings import Settings
from substrate.sources.configured import SourceEntry
from substrate.sources.folder import FolderOptions
from tests.verticals.logistics.test_planted import WATCHES
from verticals.logistics import vertical
from verticals.logistics.sample import SamplePlan, generate

PLAN = SamplePlan(customers=20, days=10, seed=5)


@dataclass
class Installation:
    """A firm's installation, whose clock stands."""

    home: Path
    feed: Path
    database: Database
    clock: ManualClock

    def run(self) -> CycleReport:
        """One cycle on the feed."""
        settings = Settings(home=self.home, signing_key=SecretStr("key"))
        entry = SourceEntry(name="erp", vertical="logistics", folder=FolderOptions(path=self.feed))
        return run_cycle(workbench(settings, self.database, self.clock, vertical), [entry], Nobody())

    def firing(self, rule: str) -> set[int]:
        """The entities for which a rule's alert fires."""
        chosen = select(alert.c.entity_id).where(
            alert.c.timeline == LIVE, alert.c.rule_id == rule, alert.c.state == "firing"
        )
        with self.database.read() as connection:
            return set(connection.scalars(chosen))


@pytest.fixture
def firm(tmp_path: Path, database: Database) -> Installation:
    """An installation in which nothing happened yet, with a feed of its own, on each database."""
    generate(tmp_path / "feed", PLAN)
    (tmp_path / "home").mkdir()
    upgrade(database, [vertical])
    return Installation(tmp_path / "home", tmp_path / "feed", database, ManualClock(PLAN.now))


def test_a_cycle_tells_what_was_planted_and_a_second_changes_nothing(firm: Installation) -> None:
    report = firm.run()
    (rows,) = report.ingests.values()
    assert rows.rows_in == rows.accepted + rows.unchanged + rows.quarantined > 1_000
    cases = orjson.loads((firm.feed / "planted.json").read_bytes())["incidents"]
    for kind, rule in WATCHES.items():
        if not rule.startswith("document-due"):
            planted = {
                record_id("erp", case["resource"], case["id"])
                for case in cases
                if (case["kind"], case["expect"]) == (kind, "fires")
            }
            assert (rule, firm.firing(rule)) == (rule, planted)
    before = {rule: firm.firing(rule) for rule in WATCHES.values()}
    (again,) = firm.run().ingests.values()
    assert (again.accepted, again.quarantined) == (0, rows.quarantined)
    assert {rule: firm.firing(rule) for rule in WATCHES.values()} == before
