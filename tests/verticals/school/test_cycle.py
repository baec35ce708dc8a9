"""Whole cycles of a sample school: every row accounted for, people told, and a second run changes nothing."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree

import orjson
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from automations.alerts import LIVE, alert
from flows.cycle import CycleReport, run_cycle
from flows.watch import Nobody
from flows.workbench import workbench
from substrate.clock import ManualClock, parse_instant
from substrate.database import Database
from substrate.migrate import upgrade
from substrate.records import record_id
from substrate.settings import Settings
from substrate.sources.configured import SourceEntry
from substrate.sources.folder import FolderOptions
from verticals.school import vertical
from verticals.school.sample import SamplePlan, generate

PLAN = SamplePlan(students=80, days=30, seed=5)
NOON = f"{PLAN.until:%Y-%m-%d}T12:00:00Z"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample feed."""
    folder: Path = tmp_path_factory.mktemp("feed")
    generate(folder, PLAN)
    return folder


@dataclass
class Installation:
    """A school's installation, whose clock stands."""

    home: Path
    feed: Path
    database: Database
    clock: ManualClock

    def run(self) -> CycleReport:
        """One cycle on the feed."""
        settings = Settings(home=self.home, signing_key=SecretStr("key"))
        entry = SourceEntry(name="sis", vertical="school", folder=FolderOptions(path=self.feed))
        return run_cycle(workbench(settings, self.database, self.clock, vertical), [entry], Nobody())

    def firing(self, rule: str) -> set[int]:
        """The entities for which a rule's alert fires."""
        chosen = select(alert.c.entity_id).where(
            alert.c.timeline == LIVE, alert.c.rule_id == rule, alert.c.state == "firing"
        )
        with self.database.read() as connection:
            return set(connection.scalars(chosen))


@pytest.fixture
def school(tmp_path: Path, sample: Path, database: Database) -> Installation:
    """An installation in which nothing happened yet, with a feed of its own, on each database."""
    copytree(sample, tmp_path / "feed")
    (tmp_path / "home").mkdir()
    upgrade(database, [vertical])
    return Installation(tmp_path / "home", tmp_path / "feed", database, ManualClock(PLAN.now))


def test_a_cycle_tells_what_was_planted_and_a_second_changes_nothing(school: Installation) -> None:
    report = school.run()
    (rows,) = report.ingests.values()
    assert rows.rows_in == rows.accepted + rows.unchanged + rows.quarantined > 2_000
    cases = orjson.loads((school.feed / "planted.json").read_bytes())["incidents"]
    for rule in ("absence-unexplained", "absence-two-days", "register-not-taken", "work-missing"):
        kind = rule.replace("-", "_")
        planted = [case for case in cases if (case["kind"], case["expect"]) == (kind, "fires")]
        assert school.firing(rule) == {record_id("sis", case["record"], case["id"]) for case in planted} != set()
    assert report.deliveries.sent == report.rules.enqueued > 0
    again = school.run()
    assert (again.ingests["sis"].accepted, again.rules.opened, again.rules.enqueued) == (0, {}, 0)
    assert [each.changed for each in again.refreshes] == [0] * len(again.refreshes)


def test_a_corrected_mark_takes_the_alert_back(school: Installation) -> None:
    school.run()
    assert school.firing("absence-unexplained")
    with (school.feed / "attendance.csv").open(encoding="utf-8", errors="replace") as lines:
        marks = [row for row in csv.DictReader(lines) if row["code"] == "absent" and not row["session"]]
    with (school.feed / "attendance_2.csv").open("w", encoding="utf-8") as target:
        writer = csv.DictWriter(target, list(marks[0]))
        writer.writeheader()
        for mark in marks:
            if mark["date"] == f"{PLAN.until:%Y-%m-%d}":
                writer.writerow({**mark, "code": "late", "corrected_at": NOON, "revision": "1", "changed_at": NOON})
    school.clock.instant = parse_instant(NOON)
    report = school.run()
    assert school.firing("absence-unexplained") == set()
    assert report.rules.resolved > 0
