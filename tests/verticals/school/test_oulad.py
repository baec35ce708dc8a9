"""Real submissions of a university: every row accounted for, each known defect seen, and who is told is right."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, func, select

from automations.conditions import compile_rule
from automations.findings import Look, true_entities
from automations.rule_files import read_rules
from substrate.clock import DAY, parse_instant
from substrate.database import Database, open_database
from substrate.facts import Facts
from substrate.features.refresh import refresh
from substrate.features.tables import feature_table
from substrate.ingest import IngestReport, ingest
from substrate.migrate import upgrade
from substrate.records import record_id, table_of
from substrate.sources.folder import FolderOptions, FolderSource
from tests.verticals.school.oulad import KINDS, Oulad, rows_of, work_set
from tests.verticals.school.oulad_reference import Reference
from verticals.school import vertical
from verticals.school.features import STUDENT
from verticals.school.records import Class, LineItem, Registration, Student, Submission

pytestmark = pytest.mark.slow
READ_AT = parse_instant("2026-01-01")
DAYS = [date(2013, 5, 12), date(2013, 11, 20), date(2014, 5, 7)]
FACTS = Facts(vertical.records, vertical.views)
RULES = {rule.id: rule for rule in read_rules(vertical.rules)}


@dataclass(frozen=True)
class House:
    """A university that has read its tables."""

    database: Database
    folder: Path
    report: IngestReport
    asked: IngestReport
    reference: Reference

    def found(self, rule: str, when: date) -> set[int]:
        """The entities for which a rule is true at noon of a day."""
        at = parse_instant(f"{when}T12:00:00Z")
        with self.database.write() as connection:
            for view in vertical.views:
                refresh(connection, view, at)
            look = Look(FACTS, at, None, "live")
            return {found.entity_id for found in true_entities(connection, compile_rule(RULES[rule], FACTS), look)}

    def feature(self, name: str) -> dict[int, Any]:
        """A feature of each student, where it is not 0."""
        table = feature_table(STUDENT)
        with self.database.read() as connection:
            found = connection.execute(select(table.c.id, table.c[name])).all()
        return {row[0]: row[1] for row in found if row[1]}

    def count(self, table: Table, *conditions: Any) -> int:
        """How many rows meet conditions."""
        with self.database.read() as connection:
            return connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()


@pytest.fixture(scope="module")
def house(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Both presentations of 2013, in a SQLite file."""
    folder, work = shared_data / "school" / "oulad_2013", tmp_path_factory.mktemp("oulad")
    rows = list(work_set(folder))
    with (work / "work_set.csv").open("w", encoding="utf-8") as target:
        writer = csv.DictWriter(target, ("id_student", "id_assessment"))
        writer.writeheader()
        writer.writerows(rows)
    database, school = open_database(f"sqlite:///{work / 'o.sqlite'}"), Oulad.read(folder).vertical()
    upgrade(database, [school])
    report = ingest(database, school, FolderSource("ou", FolderOptions(path=folder, kinds=KINDS)), READ_AT)
    asked = ingest(database, school, FolderSource("ou", FolderOptions(path=work, kinds=("work_set",))), READ_AT)
    assert asked.accepted == asked.rows_in == len(rows)
    yield House(database, folder, report, asked, Reference(folder))
    database.close()


def test_every_row_is_accounted_for(house: House) -> None:
    lying = sum(len(rows_of(house.folder, table)) for table in KINDS)
    report = house.report
    assert report.rows_in == lying == 110_001
    assert (report.accepted + report.unchanged, report.quarantined) == (lying, 0)
    assert house.count(table_of(Student)) == 13_327
    assert house.count(table_of(Registration)) == 13_529
    assert house.count(table_of(Submission)) == 82_842 + house.asked.accepted


def test_each_known_defect_is_seen(house: House) -> None:
    work, item, registered = table_of(Submission), table_of(LineItem), table_of(Registration)
    answered = (work.c.submitted_at.is_not(None),)
    after_end = (
        select(work.c.id)
        .join(item, item.c.id == work.c.line_item_id)
        .join(registered, (registered.c.student_id == work.c.student_id))
        .where(registered.c.end <= work.c.submitted_at - DAY // 2 - DAY, _same_run(item, registered))
    )
    with house.database.read() as connection:
        after = len(set(connection.scalars(after_end)))
    assert {
        "score is null": house.count(work, *answered, work.c.percent.is_(None)),
        "banked": house.count(work, work.c.exempt),
        "assessment without a date": house.count(item, item.c.due_at.is_(None)),
        "registration without a date": house.count(registered, registered.c.start == 0),
        "withdrawn": house.count(registered, registered.c.end.is_not(None)),
        "handed in late": house.count(work, ~work.c.exempt, work.c.submitted_at > work.c.due_at),
        "handed in after withdrawal": after,
        "students in several modules": len(rows_of(house.folder, "student")) - house.count(table_of(Student)),
    } == {
        "score is null": 84,
        "banked": 720,
        "assessment without a date": 3,
        "registration without a date": 18,
        "withdrawn": 3_723,
        "handed in late": 25_321,
        "handed in after withdrawal": 160,
        "students in several modules": 202,
    }


def _same_run(item: Table, registered: Table) -> Any:
    run = table_of(Class)
    return select(run.c.term_id).where(run.c.id == item.c.class_id).scalar_subquery() == registered.c.term_id


@pytest.mark.parametrize("when", DAYS)
def test_missing_work_is_told_of_those_of_whom_it_is_true(house: House, when: date) -> None:
    gone = house.reference.gone(when)
    missing = {pair for pair in house.reference.unanswered(when, 2, 14) if pair[0] not in gone}
    expected = {record_id("ou", "submission", "/".join(pair)) for pair in missing}
    assert len(expected) > 100
    assert house.found("work-missing", when) == expected


@pytest.mark.parametrize("when", DAYS)
def test_late_and_missing_work_is_counted_as_by_hand(house: House, when: date) -> None:
    house.found("work-missing", when)
    late = house.reference.late(when, 45)
    assert house.feature("work_late_45d") == {record_id("ou", "student", key): n for key, n in late.items()}
    missing = Counter(student for student, _ in house.reference.unanswered(when, 1, 45))
    assert house.feature("work_missing_45d") == {record_id("ou", "student", key): n for key, n in missing.items()}


@pytest.mark.parametrize("when", DAYS)
def test_students_at_risk_are_those_of_whom_it_is_true(house: House, when: date) -> None:
    missing = Counter(student for student, _ in house.reference.unanswered(when, 1, 45))
    often = {student for student, count in missing.items() if count >= 3}
    expected = (often & house.reference.low(when, 45, 45.0)) - house.reference.gone(when)
    found = house.found("student-at-risk", when)
    assert found == {record_id("ou", "student", key) for key in expected}
