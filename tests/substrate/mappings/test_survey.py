"""Trying a mapping file tells what its author should know, and shows no protected value."""

from __future__ import annotations

from pathlib import Path

from substrate.mappings.survey import PROTECTED
from substrate.probe import Probe, probe
from substrate.sources.configured import folder_entry
from tests.substrate.mappings.page import CASES, KIS, PATIENTS, export
from verticals.hospital import vertical


def tried(folder: Path, *, patients: str = PATIENTS, cases: str = CASES, rows: int = 9) -> Probe:
    feed = export(folder / "feed")
    (feed / "Patienten.csv").write_text(patients, "utf-8")
    (feed / "Faelle.csv").write_text(cases, "utf-8")
    (feed / "notes.docx").write_bytes(b"PK")
    (folder / "kis.yaml").write_text(KIS, "utf-8")
    entry = folder_entry("hospital", feed, mapping=str(folder / "kis.yaml"))
    return probe(entry, {"hospital": vertical}, 0, rows=rows)


def test_columns_that_nothing_reads_and_fields_that_stay_empty(tmp_path: Path) -> None:
    wide = CASES.replace(";Betrag\n", ";Betrag;Kasse\n").replace(",50\n", ",50;AOK\n").replace(",00\n", ",00;TK\n")
    facts = tried(tmp_path, cases=wide, rows=1).facts()
    assert (facts["tried"], facts["refused"]) == (2, 0)
    assert facts["unused_columns"] == {"Faelle": ["Kasse"]}
    assert facts["unfilled_fields"] == {"Faelle": ["encounter.end"]}


def test_codes_that_are_not_listed_are_counted(tmp_path: Path) -> None:
    result = tried(tmp_path, patients=PATIENTS.replace(";w;", ";?;"), cases=CASES.replace(";S;", ";X;"))
    assert [each.reason for each in result.refusals] == ["unknown_code", "unknown_code"]
    codes = result.facts()["unknown_codes"]
    assert [(each["column"], each["code"], each["rows"]) for each in codes] == [
        ("Geschlecht", PROTECTED, 1),
        ("Art", PROTECTED, 1),
    ]


def test_rows_of_others_are_counted(tmp_path: Path) -> None:
    assert tried(tmp_path, cases=CASES.replace(";A;", ";E;")).facts()["left_out"] == {"Faelle": 1}


def test_what_is_left_alone_is_told_once(tmp_path: Path) -> None:
    assert [place for place, _ in tried(tmp_path).ignored] == ["notes.docx"]
