"""A mapping file is drafted from a database, tried on it, and refused where it would be in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.console.shell import Shell
from tests.substrate.mappings.schemas import ODOO, made


@pytest.fixture
def url(tmp_path: Path, home: Path) -> str:
    """A database like Odoo's."""
    return made(f"sqlite:///{tmp_path / 'erp.db'}", ODOO)


def test_a_draft_is_written_and_can_be_tried_at_once(shell: Shell, url: str, tmp_path: Path) -> None:
    file = tmp_path / "erp.yaml"
    said = shell("sources", "draft", "--url", url, "--vertical", "logistics", "--out", file)
    assert (said.code, "questions" in said.out) == (0, True)
    assert "purchase_order" in shell.ask("sources", "check", file)["resources"]
    tried = shell("sources", "check", file, "--url", url, "--json").json
    assert tried["tried"] > 10
    assert {each["reason"] for each in tried["refusals"]} <= {"missing_value"}
    assert {each["resource"] for each in tried["refusals"]} <= {"stock_picking", "purchase_order"}


def test_a_draft_without_a_file_is_shown(shell: Shell, url: str) -> None:
    said = shell("sources", "draft", "--url", url, "--vertical", "logistics")
    assert said.out.startswith("# A first guess")
    assert "Kowalska" not in said.out


def test_a_draft_overwrites_nothing(shell: Shell, url: str, tmp_path: Path) -> None:
    (tmp_path / "erp.yaml").write_text("mine")
    said = shell("sources", "draft", "--url", url, "--vertical", "logistics", "--out", tmp_path / "erp.yaml")
    assert (said.code != 0, (tmp_path / "erp.yaml").read_text()) == (True, "mine")


def test_an_address_from_the_environment_is_never_shown(
    shell: Shell, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERP_URL", "postgresql://reader:s3cret@localhost:1/erp")
    said = shell("sources", "draft", "--url", "env:ERP_URL", "--vertical", "logistics")
    assert (said.code != 0, "cannot be reached" in said.err, "s3cret" in said.out + said.err) == (True, True, False)


def test_a_wrong_column_is_named_with_its_neighbours(shell: Shell, url: str, tmp_path: Path) -> None:
    lines = "mapping: erp\nvertical: logistics\nresources: {res_partner: {record: party, key: id, fields: {name: nam}}}"
    (tmp_path / "erp.yaml").write_text(lines)
    said = shell("sources", "check", tmp_path / "erp.yaml", "--url", url)
    assert (said.code != 0, "no column 'nam'" in said.err, "It has: name" in said.err) == (True, True, True)


def test_a_source_of_sources_yaml_is_tried_and_listed(
    shell: Shell, url: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERP_URL", url)
    shell("sources", "draft", "--url", url, "--vertical", "logistics", "--out", home / "erp.yaml")
    listed = "sources: [{name: erp, vertical: logistics, mapping: erp.yaml, sql: {url: 'env:ERP_URL'}}]"
    (home / "sources.yaml").write_text(listed)
    assert shell("sources", "check", "erp", "--json").json["tried"] > 10
    assert shell.ask("sources", "list")[0]["kind"] == "sql"
