"""Tickets at the keyboard: from a help desk's export to an answer, for those who may see it and for nobody else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.console.shell import Shell

QUESTION = "Why does the label printer print blanks?"
COPILOTS = """
copilots:
  - name: desk
    sources:
      - name: tickets
        tickets: {path: "exports/*.json", preset: zammad}
        link: https://desk.example/{key}
"""
TICKETS: list[dict[str, Any]] = [
    {
        "id": 1, "title": "Label printer prints blanks", "state": "closed", "created_at": "2024-02-01T10:00:00Z",
        "updated_at": "2024-02-03T10:00:00Z", "articles": [
            {"body": "<p>The label printer prints blanks since noon, says Zebedee.</p>", "internal": False},
            {"body": "The ribbon was put in the wrong way round.", "internal": False},
            {"body": "Zebedee never listens.", "internal": True},
        ],
    },
    {"id": 2, "title": "Cannot log in", "state": "open", "articles": [{"body": "Caps lock.", "internal": False}]},
    {"id": 3, "title": "Printer, once more", "state": "merged", "articles": [{"body": "Blanks!", "internal": False}]},
]  # fmt: skip


@pytest.fixture
def desk(shell: Shell, home: Path, models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell beside an export of three tickets, one of them merged, with the model there."""
    monkeypatch.setenv("PLUMBLINE_MODELS_DIR", str(models_dir))
    (home / "exports").mkdir(parents=True)
    (home / "copilots.yaml").write_text(COPILOTS, "utf-8")
    export(home, TICKETS)
    return shell


def export(home: Path, tickets: list[dict[str, Any]]) -> None:
    (home / "exports" / "tickets.json").write_text(json.dumps(tickets), "utf-8")


@pytest.mark.slow
def test_from_an_export_to_an_answer_that_cites_the_ticket(desk: Shell) -> None:
    report = desk.ask("index", "sync", "--copilot", "desk")
    assert {"documents": 2, "deleted": 0, "held": {}}.items() <= report.items()
    told = desk.ask("ask", "desk", QUESTION)
    assert {one["document"] for one in told["citations"]} == {"1"}
    assert "prints blanks since noon" in told["text"]
    shown = json.dumps(desk.ask("ask", "desk", QUESTION, "--search-only"))
    assert [word for word in ("ribbon", "never listens", "once more") if word in shown] == ["ribbon"]
    assert desk.ask("index", "sync", "--copilot", "desk")["embedded"] == 0


@pytest.mark.slow
def test_who_may_not_see_what_names_people_gets_none_of_it(desk: Shell) -> None:
    desk.ask("index", "sync", "--copilot", "desk")
    who = ("--role", "clerk", "--clearance", "internal")
    for command in (("ask", "desk", QUESTION, "--search-only"), ("ask", "desk", QUESTION)):
        said = json.dumps(desk.ask(*command, *who))
        assert not [word for word in ("Zebedee", "ribbon", "blanks since", "Label printer") if word in said]
    assert "ribbon" in json.dumps(desk.ask("ask", "desk", QUESTION, "--search-only", "--clearance", "pii"))


@pytest.mark.slow
def test_a_merged_ticket_leaves_and_a_torn_export_touches_nothing(desk: Shell, home: Path) -> None:
    desk.ask("index", "sync", "--copilot", "desk")
    export(home, [TICKETS[0], {**TICKETS[1], "state": "merged"}])
    assert desk.ask("index", "sync", "--copilot", "desk")["documents"] == 1
    (home / "exports" / "tickets.json").write_text(json.dumps(TICKETS)[:-40], "utf-8")
    said = desk("index", "sync", "--copilot", "desk", "--json")
    assert (said.code, said.json["documents"], list(said.json["failed"])) == (1, 1, ["tickets"])
