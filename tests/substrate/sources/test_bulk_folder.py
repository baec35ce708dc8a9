"""A folder that holds everything: what is absent is gone, but only if everything could be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from substrate.sources.folder import FolderOptions, FolderSource
from substrate.sources.pickup import kind_of_name
from substrate.sources.source import Cursor, Fault, Page

GOOD = '{"resourceType":"Patient","id":"1"}\n'
OTHER = '{"resourceType":"Encounter","id":"1"}\n'


def read(folder: Path, cursor: Cursor | None = None, **options: Any) -> Page:
    source = FolderSource("drop", FolderOptions(path=folder, mode="bulk", **options))
    return list(source.read(cursor, 1))[-1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files of patients and one of encounters."""
    (tmp_path / "Patient.000.ndjson").write_text(GOOD)
    (tmp_path / "Patient.001.ndjson").write_text(GOOD)
    (tmp_path / "Encounter.ndjson").write_text(OTHER)
    return tmp_path


def test_kinds_read_to_the_end_are_complete(folder: Path) -> None:
    assert read(folder).complete == {"Patient", "Encounter"}


@pytest.mark.parametrize("bad", ["", GOOD + '{"resourceType":"Pa', GOOD + "not json\n"])
def test_kind_with_a_bad_file_is_not_complete(folder: Path, bad: str) -> None:
    (folder / "Patient.001.ndjson").write_text(bad)
    assert read(folder).complete == {"Encounter"}


@pytest.mark.parametrize("name", ["Patient.002.ndjson.part", "Patient.002.ndjson.tmp"])
def test_kind_with_a_file_on_its_way_is_not_complete(folder: Path, name: str) -> None:
    (folder / name).write_text(GOOD)
    assert read(folder).complete == {"Encounter"}


def test_when_one_file_changes_all_files_of_its_kind_are_read(folder: Path) -> None:
    first = read(folder)
    (folder / "Patient.001.ndjson").write_text(GOOD.replace('"1"', '"2"'))
    again = read(folder, first.cursor)
    assert [row.place for row in again.rows] == ["Patient.000.ndjson", "Patient.001.ndjson"]
    assert again.complete == {"Patient"}
    assert [skip.kind for skip in again.skipped] == ["Encounter"]


def test_when_a_file_goes_its_records_are_gone(folder: Path) -> None:
    first = read(folder)
    (folder / "Patient.001.ndjson").unlink()
    again = read(folder, first.cursor)
    assert [row.place for row in again.rows] == ["Patient.000.ndjson"]
    assert again.complete == {"Patient"}


def test_unchanged_folder_is_skipped_and_says_nothing_is_gone(folder: Path) -> None:
    again = read(folder, read(folder).cursor)
    assert (again.rows, again.complete, len(again.skipped)) == ((), frozenset(), 3)


def test_empty_folder_says_nothing_is_gone(folder: Path) -> None:
    first = read(folder)
    for path in folder.iterdir():
        path.unlink()
    assert read(folder, first.cursor).complete == frozenset()


def test_mixed_file_that_is_torn_holds_every_kind_back(folder: Path) -> None:
    (folder / "export.ndjson").write_text(GOOD + OTHER + '{"resou')
    assert read(folder).complete == frozenset()


def test_kinds_not_wanted_are_never_complete(folder: Path) -> None:
    (folder / "Patient.002.ndjson").write_text(GOOD + OTHER)
    assert read(folder, kinds=("Patient",)).complete == {"Patient"}


def test_json_array_and_bundle_are_read(tmp_path: Path) -> None:
    (tmp_path / "Ward.json").write_text('[{"id":"1"},{"id":"2"},3]')
    (tmp_path / "x.json").write_text('{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Bed","id":"1"}}]}')
    found = [(row.kind, row.fault) for row in read(tmp_path).rows]
    assert found == [("Ward", None), ("Ward", None), ("Ward", Fault.NOT_AN_OBJECT), ("Bed", None)]


def test_json_that_is_too_large_or_cut_is_one_faulty_row(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"id":"' + "x" * 100 + '"}]')
    (tmp_path / "b.json").write_text('[{"id":"1"},')
    found = [row.fault for row in read(tmp_path, max_json_bytes=50).rows]
    assert found == [Fault.TOO_LARGE, Fault.TRUNCATED]


def test_kind_of_a_name() -> None:
    names = ["Patient.000.ndjson.gz", "1.Patient.ndjson", "users_2024-05-01.csv", "bed part-3.csv", "ward (2).json"]
    assert [kind_of_name(name) for name in names] == ["Patient", "Patient", "users", "bed", "ward"]
