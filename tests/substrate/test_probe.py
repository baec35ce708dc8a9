"""Trying a source shows what would become of its rows, and writes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from substrate.errors import NotFoundError, SourceError
from substrate.probe import Refused, probe
from substrate.sources.configured import folder_entry
from tests.substrate.clinic import CLINIC

LINES = ['{"id":"a","fee":1}', '{"id":"b","start":"soon"}', "{", '{"fee":2}', '{"id":"c","pulse":"fast"}']


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with good and bad visits."""
    (tmp_path / "Visit.ndjson").write_text("\n".join(LINES) + "\n")
    (tmp_path / "notes.docx").write_bytes(b"PK")
    return tmp_path


def test_each_refused_row_is_told_with_place_and_reason(folder: Path) -> None:
    found = probe(folder_entry("clinic", folder), {"clinic": CLINIC}, 0, rows=100)
    assert (found.tried, found.refused) == (5, 4)
    assert [each.reason for each in found.refusals] == ["bad_time", "bad_json", "missing_key", "wrong_type"]
    assert found.refusals[0] == Refused("Visit.ndjson:2", "Visit", "bad_time", "start is not a valid date or time")
    assert [place for place, _ in found.ignored] == ["notes.docx"]


def test_it_stops_after_so_many_rows(folder: Path) -> None:
    found = probe(folder_entry("clinic", folder), {"clinic": CLINIC}, 0, rows=1)
    assert found.facts() == {"tried": 1, "refused": 0, "refusals": [], "ignored": found.ignored}


def test_the_folder_is_as_it_was(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*")}
    probe(folder_entry("clinic", folder), {"clinic": CLINIC}, 0, rows=100)
    assert {path: path.read_bytes() for path in folder.rglob("*")} == before


def test_a_vertical_that_is_not_installed_is_named(folder: Path) -> None:
    with pytest.raises(NotFoundError, match="is for 'zoo'") as told:
        probe(folder_entry("zoo", folder), {"clinic": CLINIC}, 0, rows=1)
    assert told.value.hint == "Installed: clinic."


def test_a_folder_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(SourceError, match="nowhere"):
        probe(folder_entry("clinic", folder / "nowhere"), {"clinic": CLINIC}, 0, rows=1)
