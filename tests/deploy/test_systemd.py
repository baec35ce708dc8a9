"""The units: every section and word is known, nothing runs as root, and systemd itself agrees where it is installed."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from tests.deploy.commands import DEPLOY, complaint, unknown_settings

UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
SECTIONS = {"Unit", "Service", "Install"}
MUST = {
    "User": "plumbline", "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
    "CapabilityBoundingSet": "", "StateDirectoryMode": "0700", "UMask": "0077", "Restart": "always",
    "KillMode": "mixed",
}  # fmt: skip
UNINSTALLED = "plumbline is not executable"


def said(unit: Path) -> dict[str, list[str]]:
    """What a unit says, by `Section.Word`."""
    found: dict[str, list[str]] = defaultdict(list)
    section = ""
    for line in unit.read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            word, _, value = line.partition("=")
            found[f"{section}.{word}"].append(value)
    return found


@pytest.fixture(params=UNITS, ids=lambda path: path.stem)
def unit(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def test_it_is_hardened_and_starts_again(unit: Path) -> None:
    found = said(unit)
    assert {key.partition(".")[0] for key in found} == SECTIONS
    assert {word: found[f"Service.{word}"] for word in MUST} == {word: [value] for word, value in MUST.items()}
    assert int(found["Service.TimeoutStopSec"][0]) > 10


def test_its_command_can_be_typed(unit: Path) -> None:
    (line,) = said(unit)["Service.ExecStart"]
    assert complaint(shlex.split(line)) is None


def test_every_setting_exists_and_none_is_a_secret(unit: Path) -> None:
    text = unit.read_text("utf-8")
    assert unknown_settings(text) == set()
    assert not re.search(r"(PASSWORD|AUTH_STRING|DATABASE_URL|KEY)=", text)


def test_systemd_agrees(unit: Path) -> None:
    """Without systemd there is nobody to ask; the checks above stand alone then."""
    if shutil.which("systemd-analyze") is None:
        return
    asked = ["systemd-analyze", "verify", "--man=no", str(unit)]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    lines = (told.stdout + told.stderr).splitlines()
    assert [line for line in lines if UNINSTALLED not in line and not line.endswith("No such file or directory")] == []


def test_the_file_of_settings_is_understood() -> None:
    text = (DEPLOY / "systemd" / "plumbline.env").read_text("utf-8")
    assert unknown_settings(text) == set()
    assert all(re.match(r"#|PLUMBLINE_\w+=|$", line) for line in text.splitlines())
