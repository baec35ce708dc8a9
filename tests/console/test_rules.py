"""Rules at the command line: what a message would look like, and no rule goes with a template that cannot be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.console.shell import Shell

RULE = """\
rule: own-rule
title: Long stay
description: A stay is long.
entity: encounter
when: '!has(end) && age(start) > duration("1h")'
severity: low
owner: bed-manager
cost_of_delay: A blocked bed
notify: [{role: bed-manager}]
values: [patient.name]
template: own
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A rule of the house's own, and the folder of its templates."""
    (tmp_path / "own.yaml").write_text(RULE)
    (tmp_path / "home" / "templates").mkdir(parents=True, exist_ok=True)
    return tmp_path / "home" / "templates" / "own.text.jinja"


def test_the_shipped_rules_and_templates_are_right(shell: Shell) -> None:
    assert shell.ask("rules", "check")["problems"] == []


def test_a_template_that_is_not_there_keeps_its_rule_out(shell: Shell, own: Path) -> None:
    said = shell("rules", "import", "own.yaml", "--json")
    assert said.code == 2
    assert "own.text.jinja" in said.error["message"]


def test_a_template_that_stumbles_keeps_its_rule_out(shell: Shell, own: Path) -> None:
    own.write_text("{{ title }} {{ fact['patient.nme'] }}")
    (problem,) = shell("rules", "check", "own.yaml", "--json").json["problems"]
    assert (problem["key"], problem["grave"]) == ("template", True)
    assert "line 1: the rule tells no 'patient.nme'" in problem["message"]
    assert "did you mean 'patient.name'?" in problem["hint"]


def test_a_house_s_own_template_is_used(shell: Shell, own: Path) -> None:
    own.write_text("{{ title }}: {{ fact['patient.name'] }}!")
    assert shell.ask("rules", "import", "own.yaml")["added"] == ["own-rule"]
    shown = shell.ask("rules", "preview", "own-rule")
    assert shown["text"].startswith("Long stay: ‹")
    assert shown["problems"] == []


def test_a_rule_whose_template_is_gone_is_not_let_loose(shell: Shell, own: Path) -> None:
    own.write_text("{{ title }}")
    shell.ask("rules", "import", "own.yaml")
    own.unlink()
    said = shell("rules", "activate", "own-rule", "--json")
    assert said.code == 4
    assert "own.text.jinja" in said.error["hint"]


def test_a_warning_stops_nothing(shell: Shell, own: Path) -> None:
    own.write_text("{{ subject.name }} {{ fact['patient.name'] }}")
    said = shell("rules", "import", "own.yaml")
    assert said.code == 0
    assert "warning: own-rule: template: own.text.jinja, line 1: all that it tells is hidden" in said.out


def test_the_doctor_finds_a_broken_template(shell: Shell, own: Path) -> None:
    own.write_text("{{ nope }}")
    said = shell("doctor")
    assert said.code == 1
    assert "own.text.jinja" in said.out


def test_a_message_about_a_real_record_can_be_seen(used: Shell) -> None:
    shown = used.ask("rules", "preview", "severe-pressure-not-seen")
    assert (shown["channel"], shown["clearance"], shown["about"][:14]) == ("inbox", "phi", "a real patient")
    masked = used.ask("rules", "preview", "severe-pressure-not-seen", "--channel", "webhook")
    assert masked["clearance"] == "internal"
    assert "a patient" in masked["subject"]


def test_the_record_the_channel_and_the_reason_can_be_chosen(used: Shell) -> None:
    said = used("rules", "preview", "ward-full", "--entity", "Location/nowhere")
    assert said.code == 3
    assert used("rules", "preview", "ward-full", "--channel", "pigeon").code == 3
    assert used("rules", "preview", "ward-full", "--reason", "mood").code == 2
    assert used.ask("rules", "preview", "ward-full", "--reason", "resolved")["subject"].startswith("Resolved: ")


def test_a_preview_reads_as_the_message_does(used: Shell) -> None:
    said = used("rules", "preview", "missed-dose")
    assert said.code == 0
    assert "Subject: " in said.out
    assert "MEDIUM: Dose was not given" in said.out
    assert "Nothing is sent." in said.out
