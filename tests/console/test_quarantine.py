"""`plumbline quarantine`: a refused row is seen, corrected and becomes a record, or is not wanted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.console.shell import Shell


def held(shell: Shell, reason: str, resource: str) -> dict[str, Any]:
    """The first row that is held for a reason."""
    rows: list[dict[str, Any]] = shell.ask("quarantine", "list", "--reason", reason, "--resource", resource)
    return rows[0]


def test_refused_rows_are_listed_with_their_reasons(used: Shell) -> None:
    rows = used.ask("quarantine", "list")
    assert {"failed_check", "wrong_type", "bad_json"} <= {row["reason"] for row in rows}
    assert rows[0].keys() >= {"id", "source", "resource", "place", "line", "reason", "detail", "first_seen", "state"}
    assert rows[0]["reason"] in used("quarantine", "list").out


def test_the_row_itself_is_shown_only_on_demand(used: Shell) -> None:
    number = held(used, "wrong_type", "Observation")["id"]
    assert "raw" not in used.ask("quarantine", "show", number)
    assert json.loads(used.ask("quarantine", "show", number, "--raw")["raw"])["resourceType"] == "Observation"
    assert "wrong_type" in used("quarantine", "show", number, "--raw").out


def test_a_corrected_row_becomes_a_record(used: Shell, tmp_path: Path) -> None:
    number = held(used, "wrong_type", "Observation")["id"]
    body = json.loads(used.ask("quarantine", "show", number, "--raw")["raw"])
    body["valueQuantity"]["value"] = 5.5
    (tmp_path / "fixed.json").write_text(json.dumps(body))
    assert used.ask("quarantine", "replay", number, "--with", tmp_path / "fixed.json")[0]["released"]
    assert used.ask("quarantine", "show", number)["state"] == "released"


def test_what_is_still_wrong_stays_held(used: Shell) -> None:
    number = held(used, "wrong_type", "Observation")["id"]
    again = used.ask("quarantine", "replay", number)
    assert again == [{"id": number, "released": False, "reason": "wrong_type", "detail": again[0]["detail"]}]
    assert used("quarantine", "replay", number).code == 0


def test_all_that_is_held_is_sent_again(used: Shell) -> None:
    count = len(used.ask("quarantine", "list", "--limit", 1000))
    assert len(used.ask("quarantine", "replay")) == count


def test_a_row_that_is_not_wanted_is_discarded_with_a_reason(used: Shell) -> None:
    number = used.ask("quarantine", "list")[0]["id"]
    assert used.ask("quarantine", "discard", number, "--why", "a test patient")["state"] == "discarded"
    assert number not in [row["id"] for row in used.ask("quarantine", "list")]
    assert number in [row["id"] for row in used.ask("quarantine", "list", "--all")]
    assert used("quarantine", "discard", number, "--why", "again", "--json").error["type"] == "ConflictError"


def test_a_correction_is_of_one_row(used: Shell, tmp_path: Path) -> None:
    (tmp_path / "fixed.json").write_text("[]")
    one = used.ask("quarantine", "list")[0]["id"]
    assert used("quarantine", "replay", "--with", tmp_path / "fixed.json").code == 2
    assert used("quarantine", "replay", one, "--with", tmp_path / "fixed.json").code == 2
