"""The documents say what the code does: a heading for every key, state, cause and reason; examples that are read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from automations.lifecycle import Cause, Send, State
from automations.rule_files import read_rule
from automations.rules import Example, Missing, Notify, Remind, Rule

DOCS = Path(__file__).parents[2] / "docs"
PARTS: dict[str, type[BaseModel]] = {
    "": Rule,
    "remind.": Remind,
    "missing.": Missing,
    "notify.": Notify,
    "examples.": Example,
}


def headings(name: str) -> list[str]:
    """The headings that stand in code quotes."""
    return re.findall(r"^### `(.+)`$", (DOCS / name).read_text(), re.MULTILINE)


def test_every_key_of_a_rule_file_has_its_heading_and_no_heading_is_left_over() -> None:
    keys = [
        f"{prefix}{field.alias or name}"
        for prefix, model in PARTS.items()
        for name, field in model.model_fields.items()
    ]
    assert sorted(headings("rules.md")) == sorted(keys)


def test_every_state_cause_and_reason_has_its_heading() -> None:
    assert sorted(headings("alerts.md")) == sorted([*State, *Cause, *Send])


@pytest.mark.parametrize("trigger", ["when", "remind", "missing"])
def test_the_examples_of_the_document_are_rules(trigger: str) -> None:
    texts = re.findall(r"```yaml\n(.*?)```", (DOCS / "rules.md").read_text(), re.DOTALL)
    rules = [read_rule(text, "docs/rules.md") for text in texts]
    assert [rule for rule in rules if getattr(rule, trigger) is not None]
