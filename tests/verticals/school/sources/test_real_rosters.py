"""Real exports of School Data Sync and Ed-Fi: every row accounted for, and every refusal explained."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from substrate.clock import parse_instant
from substrate.database import Database, open_database
from substrate.ingest import IngestReport, ingest
from substrate.migrate import upgrade
from substrate.quarantine import quarantine
from substrate.sources.configured import SourceEntry, opened, speaking
from verticals.school import vertical

NOW = parse_instant("2022-06-30T12:00:00Z")
SDS = "school/ms_sds_csv/CSV Samples"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Database]:
    """An empty school."""
    database = open_database(f"sqlite:///{tmp_path / 'real.sqlite'}")
    upgrade(database, [vertical])
    yield database
    database.close()


def load(house: Database, **place: Any) -> IngestReport:
    """One read of a source."""
    entry = SourceEntry.model_validate({"name": "sis", "vertical": "school", "zone": "America/Chicago", **place})
    spoken = speaking(vertical, entry)
    with opened(entry, spoken) as source:
        report = ingest(house, spoken, source, NOW, zone=entry.zone)
    assert report.rows_in == report.accepted + report.unchanged + report.quarantined
    return report


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("SDS Format/100 Users", 758), ("SDS Format/25 Users", 74), ("SDS Format/Min Required Attributes", 74),
        ("UK Format/100 Users", 758), ("UK Format/25 Users", 212), ("UK Format/Min Required Attributes", 212),
    ],
)  # fmt: skip
def test_version_1_is_read_whole(house: Database, shared_data: Path, name: str, rows: int) -> None:
    place = {"mapping": "sds_v1", "folder": {"path": shared_data / SDS / name, "mode": "bulk"}}
    assert (load(house, **place).accepted, load(house, **place).unchanged) == (rows, rows)


@pytest.mark.parametrize(("name", "rows", "accepted"), [("SDS v2", 67, 67), ("SDS v2.1", 41, 25)])
def test_version_2_is_read_whole(house: Database, shared_data: Path, name: str, rows: int, accepted: int) -> None:
    place = {"mapping": "sds", "oneroster_csv": {"path": shared_data / SDS / name, "mode": "bulk"}}
    first = load(house, **place)
    assert (first.rows_in, first.accepted, first.quarantined) == (rows, accepted, 0)
    assert load(house, **place).unchanged == rows


def test_interchange_is_read_whole_but_for_a_mark_that_nobody_can_read(house: Database, shared_data: Path) -> None:
    place = {"edfi_xml": {"path": shared_data / "school/edfi_sample_xml", "mode": "bulk"}}
    first = load(house, **place)
    assert (first.rows_in, first.accepted, first.unchanged, dict(first.reasons)) == (8191, 8189, 1, {"unknown_code": 1})
    assert {kind: first.records[kind] for kind in ("student", "attendance", "registration", "guardianship")} == {
        "student": 960, "attendance": 1916, "registration": 413, "guardianship": 1872,
    }  # fmt: skip
    with house.read() as connection:
        details = list(connection.scalars(select(quarantine.c.detail)))
    assert [detail.startswith("the event's category is none of") for detail in details] == [True]
    assert load(house, **place).accepted == 0
