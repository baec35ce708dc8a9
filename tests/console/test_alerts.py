"""`plumbline alerts`: list, show, explain, take on, leave alone, end, and ask why there is none."""

from __future__ import annotations

from typing import Any

import pytest

from flows.installation import installation
from flows.trouble import went_wrong
from tests.console.shell import Shell


@pytest.fixture
def worst(used: Shell) -> dict[str, Any]:
    """The worst open alert."""
    found: dict[str, Any] = used.ask("alerts", "list")[0]
    return found


def line_of(shell: Shell, alert: dict[str, Any]) -> dict[str, Any]:
    """The alert as the list of all has it now."""
    found: dict[str, Any] = next(one for one in shell.ask("alerts", "list", "--all") if one["id"] == alert["id"])
    return found


def test_the_list_has_the_worst_first_and_keeps_its_keys(used: Shell) -> None:
    listed = used.ask("alerts", "list")
    assert listed[0]["severity"] == "critical"
    keys = {"id", "code", "severity", "state", "rule_id", "title", "entity_kind", "subject", "opened_at", "acked_by"}
    assert all(one.keys() >= keys for one in listed)
    assert all(one["severity"] == "low" for one in used.ask("alerts", "list", "--severity", "low"))


def test_an_alert_says_why_it_is_there(used: Shell, worst: dict[str, Any]) -> None:
    explained = used.ask("alerts", "explain", worst["code"])
    assert explained.keys() >= {"id", "rule", "title", "severity", "state", "clocks", "because", "evidence", "trail"}
    assert explained["because"]
    shown = used.ask("alerts", "show", worst["code"])
    assert shown["because"] == explained["because"]


def test_people_read_why(used: Shell, worst: dict[str, Any]) -> None:
    assert worst["title"] in used("alerts", "explain", worst["code"]).out
    assert worst["title"] in used("alerts", "show", worst["code"]).out
    assert worst["code"] in used("alerts", "list").out


def test_an_alert_is_taken_on(used: Shell, worst: dict[str, Any]) -> None:
    said = used("alerts", "ack", worst["code"], "--comment", "I am there")
    assert said.code == 0
    assert line_of(used, worst)["acked_by"].startswith("cli")
    assert used.ask("alerts", "explain", worst["code"])["trail"][-1]["comment"] == "I am there"


@pytest.mark.parametrize("until", ["2h", "2999-01-01", "2999-01-01T10:00Z"])
def test_an_alert_is_left_alone_for_a_time(used: Shell, worst: dict[str, Any], until: str) -> None:
    used.ask("alerts", "snooze", worst["code"], "--until", until)
    assert line_of(used, worst)["snoozed_until"] is not None


@pytest.mark.parametrize("until", ["yesterday", "soon", ""])
def test_a_time_that_is_none_is_refused(used: Shell, worst: dict[str, Any], until: str) -> None:
    said = used("alerts", "snooze", worst["code"], "--until", until, "--json")
    assert (said.code, said.error["type"]) == (2, "ConfigurationError")


def test_an_alert_is_ended_by_hand_once(used: Shell, worst: dict[str, Any]) -> None:
    used.ask("alerts", "resolve", worst["code"], "--comment", "was entered twice")
    assert line_of(used, worst)["state"] == "resolved"
    again = used("alerts", "resolve", worst["code"], "--json")
    assert (again.code, again.error["type"]) == (4, "ConflictError")


def test_silence_is_explained_too(used: Shell) -> None:
    patient = used.ask("alerts", "list", "--rule", "follow-up-missed")[0]["entity_id"]
    at = used.ask("alerts", "list")[0]["opened_at"]
    found = used.ask("alerts", "why-not", "frequent-emergency-visits", patient, "--at", at)
    assert found.keys() >= {"rule", "version", "verdict", "evidence"}
    assert found["verdict"] == "false"


def test_a_whole_number_names_an_alert_as_well(used: Shell, worst: dict[str, Any]) -> None:
    assert used.ask("alerts", "show", worst["id"])["id"] == worst["id"]


def test_an_alert_about_plumbline_itself_is_listed_and_explained_like_any_other(used: Shell) -> None:
    with installation() as opened:
        went_wrong(opened.settings, opened.database, opened.clock, "daily-cycle hospital", "late", "it did not run")
    (line,) = used.ask("alerts", "list", "--rule", "plumbline-flow-failed")
    assert (line["subject"], line["severity"], line["state"]) == ("daily-cycle hospital", "high", "firing")
    assert "it did not run" in used("alerts", "explain", line["code"]).out
