"""A mapping file on the command line: tried, and used."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.console.shell import Shell
from tests.substrate.mappings.page import KIS, export


@pytest.fixture
def kis(tmp_path: Path, home: Path) -> Path:
    """The mapping file of docs/mapping.md, beside its export."""
    export(tmp_path / "export")
    (tmp_path / "kis.yaml").write_text(KIS, "utf-8")
    return tmp_path / "kis.yaml"


def test_a_file_is_tried_without_data_and_with(shell: Shell, kis: Path) -> None:
    assert shell.ask("sources", "check", kis)["resources"]["Faelle"] == ["encounter", "location"]
    assert "The file is sound" in shell("sources", "check", kis).out
    facts = shell.ask("sources", "check", kis, "--from", "export")
    assert (facts["tried"], facts["refused"], facts["unused_columns"]) == (4, 0, {})
    said = shell("sources", "check", kis, "--from", "export", "--rows", 1)
    assert "no row gives a value to encounter.end" in said.out


def test_a_faulty_file_is_a_fault_of_configuration(shell: Shell, kis: Path) -> None:
    kis.write_text(KIS.replace("key: PatNr", "ky: PatNr"), "utf-8")
    said = shell("sources", "check", kis)
    assert said.code == 2
    assert "resources.Patienten.ky: there is no such key; did you mean 'key'?" in said.err


def test_a_folder_is_run_through_a_mapping(shell: Shell, kis: Path) -> None:
    report = shell.ask("run", "hospital", "--from", "export", "--mapping", kis)
    assert (report["rows"]["accepted"], report["rows"]["quarantined"]) == (4, 0)
    assert shell.ask("run", "hospital", "--from", "export", "--mapping", kis)["rows"]["accepted"] == 0


def test_a_mapping_without_its_folder_is_no_order(shell: Shell, kis: Path) -> None:
    said = shell("run", "hospital", "--mapping", kis)
    assert said.code != 0
    assert "--from" in said.err
