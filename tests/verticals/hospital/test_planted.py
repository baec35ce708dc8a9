"""From a sample feed to findings: what was planted is found, all of it and nothing else, on both databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from automations.conditions import compile_rule
from automations.findings import Look, true_entities
from automations.rule_files import read_rules
from automations.rules import Lifecycle
from substrate.clock import DAY, HOUR
from substrate.database import Database, open_database
from substrate.facts import Facts
from substrate.features.refresh import refresh
from substrate.ingest import IngestReport, ingest
from substrate.migrate import upgrade
from substrate.quarantine import held_rows
from substrate.records import record_id
from substrate.sources.folder import FolderOptions, FolderSource
from tests.conftest import fresh_database
from verticals.hospital import vertical
from verticals.hospital.sample import SamplePlan, generate

PLAN = SamplePlan(patients=120, days=40, seed=3, defects=0.02)
FACTS = Facts(vertical.records, vertical.views)
RULES = {rule.id: rule for rule in read_rules(vertical.rules) if rule.lifecycle is Lifecycle.ACTIVE}
WATCHES = {
    "antibiotic_delayed": "antibiotic-delayed",
    "bed_conflict": "bed-conflict",
    "critical_unacknowledged": "critical-result-unacknowledged",
    "discharge_overdue": "discharge-overdue",
    "discharge_stalled": "discharge-stalled",
    "discharge_unbilled": "discharge-unbilled",
    "follow_up_missed": "follow-up-missed",
    "immunization_follow_up": "immunization-follow-up",
    "lost_to_follow_up": "lost-to-follow-up",
    "missed_dose": "missed-dose",
    "no_show": "no-show",
    "reminder_due": "appointment-reminder",
    "turnaround_breached": "lab-turnaround-breached",
}


@dataclass(frozen=True)
class House:
    """A hospital that has read its sample."""

    database: Database
    planted: dict[str, Any]
    report: IngestReport

    def found(self, rule: str, at: int = PLAN.now) -> set[int]:
        """The entities for which a rule is true, its features computed as of then."""
        compiled = compile_rule(RULES[rule], FACTS)
        with self.database.write() as connection:
            for view in vertical.views:
                refresh(connection, view, at)
            return {finding.entity_id for finding in true_entities(connection, compiled, Look(FACTS, at, None, "live"))}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The sample in each database, its kinds in the order of their names: encounters before their places."""
    folder = tmp_path_factory.mktemp("feed")
    generate(folder, PLAN)
    url = f"sqlite:///{tmp_path_factory.mktemp('house') / 'h.sqlite'}"
    if request.param == "postgresql":
        url = fresh_database(request.getfixturevalue("postgres_server"))
    database = open_database(url)
    upgrade(database, [vertical])
    report = ingest(database, vertical, FolderSource("his", FolderOptions(path=folder)), PLAN.now)
    yield House(database, orjson.loads((folder / "planted.json").read_bytes()), report)
    database.close()


def number(case: dict[str, Any]) -> int:
    """The id of the record that a planted case speaks of."""
    mapper = vertical.mappers_by_resource[case["resource"]]
    return record_id("his", mapper.record.kind, mapper.prefix + case["id"])


@pytest.mark.parametrize("kind", WATCHES)
def test_a_rule_finds_what_was_planted_and_nothing_else(house: House, kind: str) -> None:
    planted = {number(case) for case in house.planted["incidents"] if (case["kind"], case["expect"]) == (kind, "fires")}
    assert planted
    assert house.found(WATCHES[kind]) == planted


def test_every_kind_of_incident_is_watched(house: House) -> None:
    assert {case["kind"] for case in house.planted["incidents"]} == set(WATCHES)


@pytest.mark.parametrize(
    "rule", ["critical-result-unacknowledged", "lab-turnaround-breached", "missed-dose", "antibiotic-delayed"]
)
def test_a_look_back_sees_the_day_as_it_was(house: House, rule: str) -> None:
    """Ten days earlier nothing was planted: an acknowledgement, a result or a dose in time is seen in its time."""
    assert house.found(rule, PLAN.now - 10 * DAY - 3 * HOUR) == set()


def test_each_planted_defect_lies_in_quarantine_for_its_reason(house: House) -> None:
    with house.database.read() as connection:
        lying = {(row.place, row.line): row.reason for row in held_rows(connection)}
    planted = {
        (flaw["file"], flaw["line"]): flaw["reason"]
        for flaw in house.planted["defects"]
        if flaw["expect"] == "quarantined"
    }
    assert lying == planted


def test_every_row_is_accounted_for(house: House) -> None:
    report = house.report
    assert report.rows_in == report.accepted + report.unchanged + report.quarantined
    expected = Counter(flaw["expect"] for flaw in house.planted["defects"])
    assert (report.quarantined, report.unchanged) == (expected["quarantined"], expected["unchanged"])
