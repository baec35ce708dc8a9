"""A month of 600 students' attendance: who was absent for days, and whose rate is low, as counted by hand."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from automations.conditions import compile_rule
from automations.findings import Look, true_entities
from automations.rule_files import read_rules
from substrate.clock import parse_instant
from substrate.database import Database, open_database
from substrate.facts import Facts
from substrate.features.refresh import refresh
from substrate.features.tables import feature_table
from substrate.ingest import IngestReport, ingest
from substrate.mapping import Reader
from substrate.migrate import upgrade
from substrate.quality import Reason, RowRefused
from substrate.records import record_id
from substrate.sources.folder import FolderOptions, FolderSource
from tests.verticals.school.oea import school
from verticals.school import vertical
from verticals.school.features import REGISTRATION, STUDENT

DAYS = ["2022-01-07", "2022-01-19", "2022-01-28"]
FACTS = Facts(vertical.records, vertical.views)
RULES = {rule.id: rule for rule in read_rules(vertical.rules)}
FOLDER = "school/oea_attendance/contoso_sis_batch1"
ROW = {
    "id": "1", "student_id": "s1", "school_id": "h1", "attendance_date": "3/1/2022", "all_day": "Yes",
    "AttendanceCode": "A", "PresenceFlag": "0", "school_year": "2022",
}  # fmt: skip


@dataclass(frozen=True)
class House:
    """Five schools that have read their registers."""

    database: Database
    rows: list[dict[str, str]]
    report: IngestReport

    def history(self, day: str) -> dict[str, list[str]]:
        """Each student's codes up to a day, the newest last: the reference, from the raw rows alone."""
        found: dict[str, list[str]] = defaultdict(list)
        for row in sorted(self.rows, key=lambda row: row["attendance_date"]):
            if row["attendance_date"] <= day:
                found[row["student_id"]].append(row["AttendanceCode"])
        return found

    def found(self, rule: str, day: str) -> set[int]:
        """The entities for which a rule is true at noon."""
        at = parse_instant(f"{day}T12:00:00Z")
        with self.database.write() as connection:
            for view in (STUDENT, REGISTRATION):
                refresh(connection, view, at)
            look = Look(FACTS, at, None, "live")
            return {found.entity_id for found in true_entities(connection, compile_rule(RULES[rule], FACTS), look)}


@pytest.fixture(scope="module")
def house(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The registers of January 2022."""
    with gzip.open(shared_data / FOLDER / "studentattendance.csv.gz", "rt", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    database, now = (
        open_database(f"sqlite:///{tmp_path_factory.mktemp('oea') / 'o.sqlite'}"),
        parse_instant("2022-02-01"),
    )
    upgrade(database, [vertical])
    source = FolderSource("oea", FolderOptions(path=shared_data / FOLDER, kinds=("studentattendance",)))
    report = ingest(database, school(), source, now)
    yield House(database, rows, report)
    database.close()


def test_every_row_is_accounted_for(house: House) -> None:
    report = house.report
    assert (report.rows_in, report.accepted, report.quarantined) == (12_000, 12_000, 0)


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize(("rule", "days"), [("absence-two-days", 2), ("absence-three-days", 3)])
def test_days_in_a_row_are_told_of_those_of_whom_it_is_true(house: House, rule: str, days: int, day: str) -> None:
    expected = {key for key, codes in house.history(day).items() if codes[-days:] == ["A"] * days}
    assert expected
    assert house.found(rule, day) == {record_id("oea", "student", key) for key in expected}


@pytest.mark.parametrize("day", DAYS)
def test_rates_are_as_counted_by_hand(house: House, day: str) -> None:
    house.found("absence-two-days", day)
    table = feature_table(STUDENT)
    with house.database.read() as connection:
        rows = connection.execute(select(table.c.id, table.c.attendance_rate_45d)).all()
    found = {row.id: row.attendance_rate_45d for row in rows}
    rates = {key: codes.count("P") / len(codes) for key, codes in house.history(day).items()}
    assert found == {record_id("oea", "student", key): pytest.approx(rate) for key, rate in rates.items()}


@pytest.mark.parametrize("day", DAYS[1:])
def test_who_attended_less_than_90_percent_is_told(house: House, day: str) -> None:
    low = {key for key, codes in house.history(day).items() if codes.count("A") * 10 > len(codes) >= 10}
    expected = {record_id("oea", "registration", f"{key}/2022") for key in low}
    assert 100 < len(low) < 600
    assert house.found("attendance-below-90", day) == expected


def read(**changes: str) -> Any:
    """The draft of a changed row."""
    return school().mappers[0].read({**ROW, **changes}, Reader("oea"))


def test_one_id_for_all_rows_makes_no_row_disappear_and_a_day_comes_first() -> None:
    first, second = read(), read(attendance_date="13/1/2022")
    assert (first.key, second.key) == ("s1/2022-01-03", "s1/2022-01-13")
    assert first.values["at"] == parse_instant("2022-01-03")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"attendance_date": "1/13/2022"}, Reason.BAD_TIME),
        ({"AttendanceCode": "Z"}, Reason.UNKNOWN_CODE),
        ({"PresenceFlag": "1"}, Reason.FAILED_CHECK),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, str], reason: Reason) -> None:
    with pytest.raises(RowRefused) as caught:
        read(**changes)
    assert caught.value.reason is reason
