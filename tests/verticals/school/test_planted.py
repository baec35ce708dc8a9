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
from verticals.school import vertical
from verticals.school.sample import SamplePlan, generate

PLAN = SamplePlan(students=110, days=80, seed=3, defects=0.02)
FACTS = Facts(vertical.records, vertical.views)
RULES = {rule.id: rule for rule in read_rules(vertical.rules)}
BY_THE_CLOCK = {"guardian-weekly-digest", "form-daily-digest", "registers-missing-today"}
OF_EXCEPTIONS = {"chronic-absence"}
"""Of schools that write down exceptions only; the sample marks every day."""
WATCHED = sorted(RULES.keys() - BY_THE_CLOCK - OF_EXCEPTIONS)


@dataclass(frozen=True)
class House:
    """A school that has read its sample."""

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
    """The sample in each database, its kinds in the order of their names: attendance before its students."""
    folder = tmp_path_factory.mktemp("feed")
    generate(folder, PLAN)
    url = f"sqlite:///{tmp_path_factory.mktemp('house') / 'h.sqlite'}"
    if request.param == "postgresql":
        url = fresh_database(request.getfixturevalue("postgres_server"))
    database = open_database(url)
    upgrade(database, [vertical])
    report = ingest(database, vertical, FolderSource("sis", FolderOptions(path=folder)), PLAN.now)
    yield House(database, orjson.loads((folder / "planted.json").read_bytes()), report)
    database.close()


@pytest.mark.parametrize("rule", WATCHED)
def test_a_rule_finds_what_was_planted_and_nothing_else(house: House, rule: str) -> None:
    cases = [case for case in house.planted["incidents"] if case["kind"] == rule.replace("-", "_")]
    planted = {record_id("sis", case["record"], case["id"]) for case in cases if case["expect"] == "fires"}
    assert planted
    assert house.found(rule) == planted


def test_every_kind_of_incident_is_watched(house: House) -> None:
    assert {case["kind"].replace("_", "-") for case in house.planted["incidents"]} == set(WATCHED)


def test_the_summaries_come_by_the_clock(house: House) -> None:
    friday = PLAN.today + 4 * DAY + 15 * HOUR
    assert not house.found("form-daily-digest")
    assert not house.found("guardian-weekly-digest")
    assert house.found("form-daily-digest", PLAN.today + 15 * HOUR)
    assert house.found("registers-missing-today", PLAN.today + 15 * HOUR) == {record_id("sis", "organization", "sch0")}
    assert house.found("guardian-weekly-digest", friday)


def test_a_look_back_sees_the_day_as_it_was(house: House) -> None:
    """At seven in the morning no mark of the day was made, and nobody knew of what was planted later."""
    assert house.found("absence-unexplained", PLAN.today + 7 * HOUR) == set()
    cases = [case for case in house.planted["incidents"] if case["kind"] == "absence_two_days"]
    earlier = {record_id("sis", "student", case["id"]) for case in cases if case["why"] in ("three_days", "back_again")}
    assert len(earlier) == 4
    assert house.found("absence-two-days", PLAN.today + 7 * HOUR) == earlier


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
