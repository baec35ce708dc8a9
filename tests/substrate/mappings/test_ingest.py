"""Plain CSV files with a mapping file, from sources.yaml to records, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from substrate.database import Database
from substrate.errors import ConfigurationError
from substrate.ingest import IngestReport, ingest
from substrate.migrate import upgrade
from substrate.sources.configured import SourceEntry, folder_entry, load_sources, opened, speaking
from tests.substrate.mappings.page import CASES, KIS, SOURCES, export
from tests.substrate.test_ingest import live
from verticals.hospital import vertical
from verticals.hospital.records import Encounter, Location, Patient

NOW = 1_559_500_000_000_000


@pytest.fixture
def entry(database: Database, tmp_path: Path) -> SourceEntry:
    """The source of the page, in an empty hospital."""
    upgrade(database, [vertical])
    folder = export(tmp_path / "export")
    (tmp_path / "kis.yaml").write_text(KIS, "utf-8")
    (tmp_path / "sources.yaml").write_text(SOURCES.replace("/srv/export", str(folder)), "utf-8")
    (found,) = load_sources(tmp_path / "sources.yaml")
    return found


def take(database: Database, entry: SourceEntry) -> IngestReport:
    spoken = speaking(vertical, entry)
    with opened(entry, spoken) as source:
        return ingest(database, spoken, source, NOW, zone=entry.zone)


def test_the_example_of_the_page_becomes_records(database: Database, entry: SourceEntry) -> None:
    report = take(database, entry)
    assert (report.rows_in, report.accepted, +report.records) == (4, 4, {"patient": 2, "encounter": 2, "location": 1})
    patient, stay = live(database, Patient)["7"], live(database, Encounter)["F1"]
    assert (patient["name"], patient["sex"], patient["active"]) == ("Ada Byron", "female", True)
    assert (stay["patient_id"], stay["reason"], stay["end"]) == (patient["id"], "costly", None)
    assert stay["location_id"] == live(database, Location)["Bett/B 1"]["id"]
    assert take(database, entry).accepted == 0


def test_what_is_cancelled_goes_and_what_is_none_of_ours_too(database: Database, entry: SourceEntry) -> None:
    take(database, entry)
    assert entry.folder is not None
    changed = CASES.replace("B 1;N", "B 1;J").replace("F2;8;A", "F2;8;E")
    (entry.folder.path / "Faelle.csv").write_text(changed, "utf-8")
    report = take(database, entry)
    assert (report.accepted, report.gone["encounter"], live(database, Encounter)) == (2, 2, {})


def test_a_changed_file_has_its_source_read_again(database: Database, entry: SourceEntry) -> None:
    take(database, entry)
    file = Path(str(entry.mapping))
    file.write_text(KIS.replace("w: female", "w: woman"), "utf-8")
    assert take(database, entry).accepted == 1
    assert live(database, Patient)["7"]["sex"] == "woman"


def test_a_bad_row_lies_in_quarantine_and_the_rest_goes_on(database: Database, entry: SourceEntry) -> None:
    assert entry.folder is not None
    (entry.folder.path / "Faelle.csv").write_text(CASES.replace("F2;8;A", "F2;8;Z"), "utf-8")
    report = take(database, entry)
    assert (report.accepted, report.reasons) == (3, {"unknown_code": 1})


@pytest.mark.parametrize("name", ["nowhere", "nowhere.yaml"])
def test_a_mapping_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="nowhere") as told:
        speaking(vertical, folder_entry("hospital", tmp_path, mapping=name))
    assert told.value.hint
