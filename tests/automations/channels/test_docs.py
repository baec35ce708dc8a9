"""The page on channels keeps its word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from automations.channels.channel import Failure
from automations.contacts import directory_from
from automations.samples import Sample
from automations.template_check import faults_of
from automations.templating import Templates
from substrate.columns import Sensitivity
from substrate.sandbox import Sandbox
from tests.automations.channels.harnesses import HARNESSES
from tests.automations.sample_alert import NOW, context

PAGE = (Path(__file__).parents[3] / "docs/channels.md").read_text()


def block(language: str, number: int = 0) -> str:
    """One of the page's examples."""
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return found[number]


def test_every_channel_has_its_heading() -> None:
    assert [name for name in HARNESSES if f"\n## {name}\n" not in PAGE] == []


def test_every_class_of_failure_is_told() -> None:
    assert [failure for failure in Failure if f"| `{failure}` |" not in PAGE] == []


def test_every_filter_is_told() -> None:
    assert [name for name in Sandbox(autoescape=False).filters if name != "e" and f"`{name}`" not in PAGE] == []


def test_the_contacts_are_contacts() -> None:
    directory = directory_from(block("yaml"), "contacts.yaml")
    assert [one.id for one in directory.recipients("charge-nurse", "North wing")] == ["anna", "ben"]
    assert [one.name for one in directory.recipients("nobody", None)] == ["ben"]


def test_the_template_is_a_template() -> None:
    assert faults_of(block("jinja"), "text", [Sample("a result", context(), "fired", NOW)]) == []


@pytest.mark.parametrize(("number", "clearance"), [(0, Sensitivity.PHI), (1, Sensitivity.INTERNAL)])
def test_the_messages_are_what_is_sent(number: int, clearance: Sensitivity) -> None:
    message = Templates(zone="Europe/Berlin").render(
        context(), clearance, reason="fired", recipient="anna", address=None, severity="high", created_at=NOW
    )
    assert block("text", number) == message.text + "\n"
