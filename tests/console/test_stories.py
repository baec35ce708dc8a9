"""The other groups of commands on an installation that ran once: features, rules, sources, outbox, database, doctor."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.console.shell import Shell

CHECKED = "sources: [{name: dropped, vertical: hospital, folder: {path: FEED}}]"


def a_patient(shell: Shell) -> int:
    """The id of a patient with features."""
    found: int = shell.ask("alerts", "list", "--rule", "follow-up-missed")[0]["entity_id"]
    return found


def test_features_are_listed_with_what_they_mean(used: Shell) -> None:
    listed = used.ask("features", "list")
    assert {"entity", "name", "text", "unit", "sensitivity", "age", "rows"} <= listed[0].keys()
    assert {each["entity"] for each in listed} == {"patient", "location", "practitioner", "encounter"}
    assert "visits_365d" in used("features", "list").out


def test_features_of_one_are_shown_now_and_as_they_were(used: Shell) -> None:
    patient = a_patient(used)
    now = used.ask("features", "show", "patient", patient)
    assert now["values"]["missed_follow_up_at"] is not None
    past = used.ask("features", "show", "patient", patient, "--as-of", "2001-01-01")
    assert past["values"]["missed_follow_up_at"] is None
    assert now["source_key"] in used("features", "show", "patient", patient).out


def test_rules_are_listed_shown_and_checked(used: Shell) -> None:
    listed = used.ask("rules", "list")
    assert {"rule", "title", "severity", "lifecycle", "version", "owner"} <= listed[0].keys()
    shown = used.ask("rules", "show", "no-show")
    assert (shown["spec"]["rule"], shown["versions"][0]["version"]) == ("no-show", 1)
    assert used.ask("rules", "check")["problems"] == []
    assert "rule: no-show" in used("rules", "show", "no-show").out


def test_a_rule_is_edited_by_exporting_and_importing_it(used: Shell, tmp_path: Path) -> None:
    path = tmp_path / "edited.yaml"
    used.ask("rules", "export", "no-show", "--out", path)
    assert used.ask("rules", "import", path)["unchanged"] == ["no-show"]
    spec = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(spec | {"title": "Nobody came"}))
    assert used.ask("rules", "import", path)["changed"] == ["no-show"]
    assert used.ask("rules", "show", "no-show")["title"] == "Nobody came"


def test_what_a_person_changed_outlives_the_next_run(used: Shell, feed: Path, tmp_path: Path) -> None:
    path = tmp_path / "edited.yaml"
    spec = yaml.safe_load(used("rules", "export", "no-show").out)
    path.write_text(yaml.safe_dump(spec | {"title": "Nobody came"}))
    used.ask("rules", "import", path)
    used.ask("run", "hospital", "--from", feed)
    assert used.ask("rules", "show", "no-show")["title"] == "Nobody came"


def test_a_rule_that_is_wrong_is_not_imported(used: Shell, tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(used("rules", "export", "no-show").out.replace("booked", "boooked", 1).replace("when:", "wenn:"))
    assert used("rules", "import", path, "--json").code == 2
    assert used("rules", "check", path).code != 0
    assert used.ask("rules", "show", "no-show")["version"] == 1


def test_a_rule_is_paused_and_let_loose_again(used: Shell) -> None:
    assert used.ask("rules", "pause", "no-show")["stands"] == "paused"
    assert used.ask("rules", "show", "no-show")["lifecycle"] == "paused"
    assert used.ask("rules", "activate", "no-show", "--shadow")["stands"] == "in shadow"
    assert used.ask("rules", "activate", "no-show")["stands"] == "active"


def test_sources_are_listed_and_tried_without_writing(used: Shell, home: Path, feed: Path) -> None:
    (home / "sources.yaml").write_text(CHECKED.replace("FEED", str(feed)))
    listed = used.ask("sources", "list")
    assert (listed[0]["name"], listed[0]["kind"], listed[0]["age"]) == ("dropped", "folder", None)
    tried = used("sources", "check", "dropped", "--rows", 100_000, "--json")
    assert tried.code == 1
    assert tried.json["refused"] == len(used.ask("quarantine", "list", "--limit", 1000))
    assert used.ask("sources", "list")[0]["age"] is None


def test_a_source_that_is_read_no_more_is_retired(used: Shell, home: Path, feed: Path) -> None:
    (home / "sources.yaml").write_text(CHECKED.replace("FEED", str(feed)))
    assert used("sources", "retire", "dropped", "--json").code != 0
    assert [one["name"] for one in used.ask("sources", "list")] == ["dropped", "hospital"]
    assert used.ask("sources", "retire", "hospital") == {"retired": "hospital"}
    assert [one["name"] for one in used.ask("sources", "list")] == ["dropped"]
    assert used("sources", "retire", "hospital").code != 0


def test_the_outbox_says_what_was_told(used: Shell) -> None:
    listed = used.ask("outbox", "list", "--limit", 1000)
    assert {"id", "state", "recipient", "channel", "reason", "alert_id", "created_at"} <= listed[0].keys()
    assert {one["state"] for one in listed} == {"sent"}
    assert used.ask("outbox", "redrive") == {"redriven": 0}
    assert used("outbox", "list").code == 0


def test_the_database_is_brought_up_to_date_once(shell: Shell) -> None:
    assert shell.ask("db", "status")["revision"] is None
    first = shell.ask("db", "upgrade")
    assert first["changes"]
    assert shell.ask("db", "upgrade")["changes"] == []
    status = shell.ask("db", "status")
    assert status["revision"] == status["head"] == first["revision"]


def test_the_doctor_finds_a_healthy_installation_sound(used: Shell) -> None:
    said = used("doctor", "--json")
    unsound = [finding for finding in said.json if not finding["sound"]]
    assert (said.code, unsound) == (0, [])


def test_the_doctor_names_the_next_step(shell: Shell, home: Path) -> None:
    home.mkdir()
    (home / "contacts.yaml").write_text("recipients: {anna: {channels: [{channel: inbox}]}}")
    said = shell("doctor")
    assert said.code in (0, 1)
    assert all(finding["next_step"] for finding in shell("doctor", "--json").json if not finding["sound"])


@pytest.mark.parametrize("group", ["alerts", "quarantine", "features", "rules", "outbox", "sources"])
def test_every_list_speaks_before_the_first_run(shell: Shell, group: str) -> None:
    assert isinstance(shell.ask(group, "list"), list)
    assert shell(group, "list").code == 0
