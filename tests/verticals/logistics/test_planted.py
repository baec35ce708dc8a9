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
from verticals.logistics import vertical
from verticals.logistics.sample import SamplePlan, generate

PLAN = SamplePlan(customers=60, days=30, seed=3, defects=0.02)
FACTS = Facts(vertical.records, vertical.views)
RULES = {rule.id: rule for rule in read_rules(vertical.rules)}
WATCHES = {
    "breach": "temperature-breach",
    "container_cutoff": "container-misses-cutoff",
    "count_variance": "count-variance",
    "cover_low": "days-of-cover-low",
    "exception": "shipment-exception",
    "excursion": "temperature-excursion",
    "failed_delivery": "failed-delivery",
    "late_departure": "late-departure",
    "late_leg": "late-leg",
    "late_order_line": "late-order-line",
    "late_shipment": "late-shipment",
    "lot_expiry": "lot-expiry",
    "no_scan": "no-scan",
    "paper_due_14": "document-due-14d",
    "paper_due_30": "document-due-30d",
    "paper_due_7": "document-due-7d",
    "paper_expired": "document-expired",
    "predicted_late": "predicted-late-shipment",
    "predicted_late_leg": "predicted-late-leg",
    "receipt_overdue": "receipt-overdue",
    "sensor_silent": "sensor-silent",
    "service_due": "vehicle-service-due",
    "stock_crossed": "stock-below-reorder",
}


@dataclass(frozen=True)
class Firm:
    """A firm that has read its sample."""

    database: Database
    planted: dict[str, Any]
    report: IngestReport
    again: IngestReport

    def found(self, rule: str, at: int = PLAN.now) -> set[int]:
        """The entities for which a rule is true, its features computed as of then."""
        compiled = compile_rule(RULES[rule], FACTS)
        with self.database.write() as connection:
            for view in vertical.views:
                refresh(connection, view, at)
            return {finding.entity_id for finding in true_entities(connection, compiled, Look(FACTS, at, None, "live"))}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def firm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    """The sample in each database, its kinds in the order of their names: legs before their vehicles."""
    folder = tmp_path_factory.mktemp("feed")
    generate(folder, PLAN)
    url = f"sqlite:///{tmp_path_factory.mktemp('firm') / 'f.sqlite'}"
    if request.param == "postgresql":
        url = fresh_database(request.getfixturevalue("postgres_server"))
    database = open_database(url)
    upgrade(database, [vertical])
    planted = orjson.loads((folder / "planted.json").read_bytes())
    reports = [
        ingest(database, vertical, FolderSource("erp", FolderOptions(path=folder)), PLAN.now + turn * HOUR)
        for turn in range(2)
    ]
    yield Firm(database, planted, *reports)
    database.close()


@pytest.mark.parametrize("kind", WATCHES)
def test_a_rule_finds_what_was_planted_and_nothing_else(firm: Firm, kind: str) -> None:
    cases = [case for case in firm.planted["incidents"] if case["kind"] == kind]
    planted = {record_id("erp", case["resource"], case["id"]) for case in cases if case["expect"] == "fires"}
    assert planted
    assert len(cases) > len(planted)
    assert firm.found(WATCHES[kind]) == planted


def test_every_rule_is_planted_and_every_case_is_watched(firm: Firm) -> None:
    assert {case["kind"] for case in firm.planted["incidents"]} == set(WATCHES)
    assert set(WATCHES.values()) == set(RULES)


@pytest.mark.parametrize(
    "rule", ["late-order-line", "failed-delivery", "shipment-exception", "receipt-overdue", "sensor-silent"]
)
def test_a_look_back_sees_the_day_as_it_was(firm: Firm, rule: str) -> None:
    """Twelve days earlier nothing was planted: a delivery or receipt in time is seen in its time."""
    assert firm.found(rule, PLAN.now - 12 * DAY) == set()


def test_each_planted_defect_lies_in_quarantine_for_its_reason(firm: Firm) -> None:
    with firm.database.read() as connection:
        lying = {(row.place, row.line): row.reason for row in held_rows(connection)}
    planted = {
        (flaw["file"], flaw["line"]): flaw["reason"]
        for flaw in firm.planted["defects"]
        if flaw["expect"] == "quarantined"
    }
    assert lying == planted


def test_every_row_is_accounted_for(firm: Firm) -> None:
    report = firm.report
    assert report.rows_in == report.accepted + report.unchanged + report.quarantined
    expected = Counter(flaw["expect"] for flaw in firm.planted["defects"])
    assert (report.quarantined, report.unchanged) == (expected["quarantined"], expected["unchanged"])


def test_a_second_read_changes_nothing(firm: Firm) -> None:
    again = firm.again
    assert (again.rows_in, again.accepted) == (firm.report.rows_in, 0)
    assert again.quarantined == firm.report.quarantined
