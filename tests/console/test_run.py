"""`plumbline sample` and `plumbline run`: the main job from an empty folder, and the document that programs read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.console.shell import Shell

KEYS = {
    "at", "timeline", "rows", "records", "gone", "held_deletes", "discarded_values", "ignored", "features", "rules",
    "alerts", "deliveries", "seconds",
}  # fmt: skip


def test_from_nothing_to_alerts_in_two_commands(shell: Shell, tmp_path: Path) -> None:
    feed = tmp_path / "feed"
    written = shell.ask("sample", "hospital", "--out", feed, "--patients", 10, "--days", 3, "--defects", 0.02)
    report = shell.ask("run", "hospital", "--from", feed)
    assert report["rows"]["in"] == sum(written["resources"].values())
    assert report["alerts"]["opened"] == sum(report["alerts"]["by_severity"].values()) > 0
    assert report["deliveries"]["sent"] == report["alerts"]["enqueued"] > 0


def test_the_document_of_a_run_keeps_its_keys(used: Shell, feed: Path) -> None:
    report = used.ask("run", "hospital", "--from", feed)
    assert report.keys() >= KEYS
    assert report["rows"].keys() >= {"in", "accepted", "unchanged", "quarantined", "reasons"}
    assert report["alerts"].keys() >= {"opened", "by_severity", "resolved", "pending", "enqueued"}
    assert report["deliveries"].keys() >= {"sent", "retried", "dead", "suppressed", "by_channel"}
    assert report["rules"].keys() >= {"evaluated", "held_still", "errors"}
    assert report["seconds"].keys() >= {"ingest", "features", "rules", "deliver"}
    assert report["features"]["patient"].keys() >= {"mode", "entities", "changed"}


def test_a_second_run_accepts_nothing(used: Shell, feed: Path) -> None:
    rows = used.ask("run", "hospital", "--from", feed)["rows"]
    assert (rows["accepted"], rows["in"]) == (0, rows["unchanged"] + rows["quarantined"])


def test_a_run_as_of_a_day_is_listed_apart(used: Shell, feed: Path) -> None:
    live = used.ask("alerts", "list", "--all")
    day = used.ask("run", "hospital", "--from", feed)["at"][:10]
    report = used.ask("run", "hospital", "--from", feed, "--as-of", day)
    assert report["timeline"] == "replay-1"
    assert len(used.ask("alerts", "list", "--all", "--timeline", "replay-1")) == report["alerts"]["opened"]
    assert used.ask("alerts", "list", "--all") == live
    assert "replay-1" in used("alerts", "list").out


def test_people_read_the_same_figures(used: Shell, feed: Path) -> None:
    rows = used.ask("run", "hospital", "--from", feed)["rows"]
    said = used("run", "hospital", "--from", feed)
    assert said.code == 0
    assert f"{rows['in']:,} in  =  0 accepted" in said.out


def test_a_held_mass_delete_needs_a_person_and_says_so_until_one_decides(shell: Shell, tmp_path: Path) -> None:
    feed = tmp_path / "feed"
    shell("sample", "hospital", "--out", feed, "--patients", 10, "--days", 3, "--defects", 0)
    bulk = ("run", "hospital", "--from", feed, "--bulk")
    assert shell(*bulk).code == 0
    lines = (feed / "Observation.ndjson").read_bytes().splitlines(keepends=True)
    (feed / "Observation.ndjson").write_bytes(b"".join(lines[:10]))
    for _ in range(2):
        said = shell(*bulk)
        assert said.code == 1
        assert "--allow-mass-delete" in said.out
    assert shell(*bulk, "--allow-mass-delete").code == 0
    assert gone(shell.ask(*bulk)) == {}


def gone(report: dict[str, Any]) -> dict[str, int]:
    """What a run deleted or would have."""
    return {**report["gone"], **report["held_deletes"]}


def test_a_dead_channel_is_said_and_the_run_is_well(shell: Shell, home: Path, feed: Path) -> None:
    home.mkdir()
    person = "{channels: [{channel: webhook, address: 'http://127.0.0.1:1/'}], clearance: phi}"
    (home / "contacts.yaml").write_text(f"recipients: {{admin: {person}}}")
    said = shell("run", "hospital", "--from", feed)
    assert said.code == 0
    assert "to be tried again" in said.out
    assert all(one["channel"] == "inbox" for one in shell.ask("outbox", "list", "--state", "sent"))
    assert any(one["last_failure"] == "network" for one in shell.ask("outbox", "list", "--state", "waiting"))
