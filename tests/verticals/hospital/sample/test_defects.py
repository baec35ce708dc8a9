"""Planted defects are what and where `planted.json` says."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from typing import Any

import pytest

from substrate.quality import Reason
from tests.verticals.hospital.sample.reading import Folder
from verticals.hospital.sample.defects import DEFECT_KINDS


def flaws(feed: Folder, kind: str) -> list[tuple[dict[str, Any], bytes]]:
    """The flaws of a kind, each with its line."""
    found = [flaw for flaw in feed.planted["defects"] if flaw["kind"] == kind]
    assert found
    return [(flaw, feed.lines[flaw["resource"]][flaw["line"] - 1]) for flaw in found]


def bodies(feed: Folder, kind: str) -> list[dict[str, Any]]:
    return [json.loads(line) for _, line in flaws(feed, kind)]


def test_every_kind_occurs_and_the_share_is_met(feed: Folder) -> None:
    kinds = Counter(flaw["kind"] for flaw in feed.planted["defects"])
    assert set(kinds) == set(DEFECT_KINDS)
    assert sum(kinds.values()) == pytest.approx(0.01 * sum(map(len, feed.lines.values())), rel=0.02)


def test_every_other_line_is_sound_json_with_an_id_of_its_own(feed: Folder) -> None:
    good = sum(map(len, feed.rows.values()))
    assert good + len(feed.planted["defects"]) == sum(map(len, feed.lines.values()))


def test_each_flaw_names_its_file_line_and_outcome(feed: Folder) -> None:
    reasons = {reason.value for reason in Reason}
    for flaw in feed.planted["defects"]:
        assert flaw["file"] == f"{flaw['resource']}.ndjson"
        assert flaw["expect"] in ("quarantined", "accepted", "unchanged")
        assert flaw["expect"] != "quarantined" or flaw["reason"] in reasons


def test_an_encounter_ends_before_it_starts(feed: Folder) -> None:
    assert all(row["period"]["end"] < row["period"]["start"] for row in bodies(feed, "ends_before_start"))


def test_a_birth_lies_in_the_future(feed: Folder) -> None:
    assert all(row["birthDate"] > feed.now.date().isoformat() for row in bodies(feed, "birth_in_future"))


def test_a_unit_does_not_fit_its_code(feed: Folder) -> None:
    sound = {(row["code"]["text"], row["valueQuantity"]["code"]) for row in feed.of("Observation")}
    wrong = {(row["code"]["text"], row["valueQuantity"]["code"]) for row in bodies(feed, "unit_mismatch")}
    assert not sound & wrong


def test_a_number_is_text(feed: Folder) -> None:
    assert all(row["valueQuantity"]["value"] == "abc" for row in bodies(feed, "wrong_type"))


def test_an_id_is_missing(feed: Folder) -> None:
    assert all("id" not in row for row in bodies(feed, "missing_id"))
    assert all(flaw["id"] is None for flaw, _ in flaws(feed, "missing_id"))


def test_a_reference_is_no_reference(feed: Folder) -> None:
    assert all("/" not in row["subject"]["reference"] for row in bodies(feed, "bad_reference"))


def test_a_line_is_torn(feed: Folder) -> None:
    for _, line in flaws(feed, "bad_json"):
        with pytest.raises(json.JSONDecodeError):
            json.loads(line)


def test_a_line_is_not_utf_8(feed: Folder) -> None:
    for _, line in flaws(feed, "bad_encoding"):
        with pytest.raises(UnicodeDecodeError):
            line.decode()


def test_a_date_does_not_exist(feed: Folder) -> None:
    for row in bodies(feed, "bad_date"):
        with pytest.raises(ValueError, match="day is out of range"):
            datetime.fromisoformat(row["authoredOn"])


def test_a_time_has_no_zone(feed: Folder) -> None:
    naive = [datetime.fromisoformat(row["effectiveDateTime"]) for row in bodies(feed, "naive_time")]
    assert all(at.tzinfo is None for at in naive)


def test_a_status_is_unknown(feed: Folder) -> None:
    assert {row["status"] for row in bodies(feed, "unknown_code")} == {"underway"}


def test_a_result_comes_from_the_future(feed: Folder) -> None:
    for row in bodies(feed, "future_result"):
        assert datetime.fromisoformat(row["effectiveDateTime"]) > feed.now
        assert datetime.fromisoformat(row["meta"]["lastUpdated"]) <= feed.now


def test_a_duplicate_follows_the_line_that_it_repeats(feed: Folder) -> None:
    for flaw, line in flaws(feed, "duplicate"):
        assert line in feed.lines["Observation"][: flaw["line"] - 1]


def test_a_correction_is_newer_and_comes_later(feed: Folder) -> None:
    for flaw, line in flaws(feed, "correction"):
        new, old = json.loads(line), feed.rows["Observation"][flaw["id"]]
        assert new["meta"]["lastUpdated"] > old["meta"]["lastUpdated"]
        assert new["valueQuantity"]["value"] != old["valueQuantity"]["value"]
        assert json.dumps(old, separators=(",", ":")).encode() in feed.lines["Observation"][: flaw["line"] - 1]


def test_a_stale_row_is_older_and_comes_later(feed: Folder) -> None:
    for flaw, line in flaws(feed, "stale"):
        late, known = json.loads(line), feed.rows["Observation"][flaw["id"]]
        assert late["meta"]["lastUpdated"] < known["meta"]["lastUpdated"]
        assert late["valueQuantity"]["value"] != known["valueQuantity"]["value"]


def test_no_row_is_repeated_twice(feed: Folder) -> None:
    repeated = [flaw["id"] for kind in ("duplicate", "correction", "stale") for flaw, _ in flaws(feed, kind)]
    assert len(repeated) == len(set(repeated))
