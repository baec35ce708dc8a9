"""What the README tells a newcomer really runs."""

from __future__ import annotations

import re
import sys
import types
from importlib import import_module
from pathlib import Path

import pytest

from automations.channels.channel import Rendered, Sent
from automations.rule_check import check_rule
from automations.rule_files import read_rule
from automations.rulebook import activate, import_rules
from automations.rulebook import rule as stored
from console.cli import main
from substrate.catalog import Vertical, vertical
from substrate.database import Database
from substrate.facts import Facts
from substrate.features.declare import Aggregate, View
from substrate.features.refresh import refresh
from substrate.features.tables import tables_of
from substrate.migrate import upgrade
from substrate.schema import reconcile
from substrate.settings import Settings
from verticals.hospital.records import Patient

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def block(heading: str, language: str) -> str:
    """The first block of a language under a heading."""
    section = README.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert found, f"no {language} under {heading}"
    return found.group(1)


def run(heading: str) -> dict[str, object]:
    """What the Python under a heading leaves behind."""
    module = types.ModuleType(f"readme_{heading.split()[-1]}")
    sys.modules[module.__name__] = module
    exec(compile(block(heading, "python"), "README.md", "exec"), module.__dict__)
    return module.__dict__


def test_the_rule_is_right_and_goes_live(database: Database) -> None:
    hospital = vertical("hospital")
    upgrade(database, [hospital])
    spec = read_rule(block("Add a rule", "yaml"), "long-stay.yaml")
    assert check_rule(spec, Facts(hospital.records, hospital.views)) == []
    with database.write() as connection:
        import_rules(connection, "hospital", [spec], "anna", 1)
        activate(connection, "long-stay", "anna", 2)
        assert stored(connection, "long-stay").lifecycle == "active"


def test_the_feature_is_computed(database: Database) -> None:
    hospital = vertical("hospital")
    upgrade(database, [hospital])
    feature = run("Add a feature")["feature"]
    assert isinstance(feature, Aggregate)
    view = View(Patient, (feature,))
    with database.write() as connection:
        connection.exec_driver_sql("DROP TABLE feature_hospital_patient")
        connection.exec_driver_sql("DROP TABLE feature_hospital_patient_history")
        reconcile(connection, tables_of(view))
        assert refresh(connection, view, 10).entities == 0


def test_the_channel_sends(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    opened = run("Add a channel")["opened"]
    assert callable(opened)
    message = Rendered("Bed 7 is blocked", "text", None, {}, "anna", None, "high", "fired", 1)
    assert opened(Settings(), database).send(message, "k") == Sent("k")
    assert capsys.readouterr().out == "Bed 7 is blocked\n"


def test_the_vertical_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    command = block("Add a vertical", "sh").splitlines()[0].removeprefix("plumbline ")
    with pytest.raises(SystemExit) as end:
        main(command.split())
    assert end.value.code in (0, None)
    monkeypatch.syspath_prepend(str(tmp_path / "plumbline-clinic"))
    assert isinstance(import_module("clinic").vertical, Vertical)


@pytest.mark.parametrize("path", re.findall(r"\]\(((?!http)[^)#]+)\)", README))
def test_every_link_leads_somewhere(path: str) -> None:
    assert (ROOT / path).exists()
