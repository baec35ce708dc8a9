"""Rule files: what is read, what is refused and in which words, and that writing one loses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from automations.rule_files import RuleError, read_rule, read_rules, specification, write_rule
from automations.rules import Lifecycle, Severity
from substrate.clock import DAY, HOUR, MINUTE

WARD = """
rule: ward-full
title: Ward is full
description: More patients than beds
entity: ward
when: occupied > beds
for: 1h30m
severity: high
owner: bed-manager
cost_of_delay: Patients wait in the emergency department
notify:
  - {role: charge-nurse, when: fired}
"""


def refusal(text: str) -> str:
    with pytest.raises(RuleError) as caught:
        read_rule(text, "ward-full.yaml")
    return str(caught.value)


def test_a_rule_is_read_with_durations_in_micros_and_defaults_filled_in() -> None:
    rule = read_rule(WARD, "ward-full.yaml")
    assert (rule.for_, rule.keep_firing_for, rule.nodata_after) == (90 * MINUTE, 0, 6 * HOUR)
    assert rule.severity is Severity.HIGH
    assert rule.lifecycle is Lifecycle.DRAFT


def test_writing_and_reading_again_gives_an_equal_rule() -> None:
    rule = read_rule(WARD, "ward-full.yaml")
    assert read_rule(write_rule(rule), "again.yaml") == rule
    assert specification(rule)["for"] == "1h30m"


def test_a_reminder_counts_from_its_instant() -> None:
    text = WARD.replace("when: occupied > beds\nfor: 1h30m", "remind: {field: start, before: 1d}")
    rule = read_rule(text, "x.yaml")
    assert rule.remind is not None
    assert rule.remind.offset == -DAY


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("severity: high", "severity: hihg", "ward-full.yaml: severity: 'hihg'"),
        ("severity: high", "serverity: high", "did you mean 'severity'?"),
        ("for: 1h30m", "for: 90", "for: 90: write a duration with its unit"),
        ("for: 1h30m", "for: soon", "duration 'soon' is not a duration"),
        ("when: occupied > beds", "", "exactly one trigger of `when`, `remind` and `missing`; found none"),
        (
            "{role: charge-nurse, when: fired}",
            "{roll: charge-nurse}",
            "notify.0.roll: no such key; did you mean 'role'?",
        ),
        ("for: 1h30m", "remind: {field: a, before: 1h}", "found when and remind"),
        ("notify:\n  - {role: charge-nurse, when: fired}", "notify: []", "name at least one role"),
        ("rule: ward-full", "rule: Ward_Full", "rule: 'Ward_Full'"),
        ("title: Ward is full", "title: 'a", "not YAML"),
    ],
)
def test_a_fault_names_file_key_and_value(old: str, new: str, said: str) -> None:
    assert said in refusal(WARD.replace(old, new))


def test_all_faults_of_a_file_are_told_at_once() -> None:
    text = refusal(WARD.replace("severity: high", "severity: hihg").replace("for: 1h30m", "for: soon"))
    assert text.count("ward-full.yaml: ") == 2


def test_clear_without_a_condition_is_refused() -> None:
    text = WARD.replace("when: occupied > beds\nfor: 1h30m", "remind: {field: start, before: 1d}\nclear: true")
    assert "clear" in refusal(text)


def test_a_folder_is_read_in_the_order_of_ids(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(WARD)
    (tmp_path / "b.yaml").write_text(WARD.replace("ward-full", "a-ward"))
    (tmp_path / "notes.txt").write_text("not a rule")
    assert [rule.id for rule in read_rules(tmp_path)] == ["a-ward", "ward-full"]


def test_two_files_with_one_id_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(WARD)
    (tmp_path / "b.yaml").write_text(WARD)
    with pytest.raises(RuleError, match=r"b\.yaml: rule: 'ward-full' is already"):
        read_rules(tmp_path)
