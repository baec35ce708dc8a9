"""The folder: deterministic, complete, ordered in time, and no larger in memory for being longer."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.verticals.hospital.sample.reading import Folder, instants, references
from verticals.hospital.sample import SamplePlan, generate

# The fields that FHIR R4 requires (cardinality 1.. or an invariant), and status codes that it allows.
REQUIRED = {
    "Appointment": {"status", "participant", "start", "end"},
    "Condition": {"subject", "clinicalStatus"},
    "DiagnosticReport": {"status", "code"},
    "DocumentReference": {"status", "content"},
    "Encounter": {"status", "class"},
    "Immunization": {"status", "vaccineCode", "patient", "occurrenceDateTime"},
    "Location": {"status", "name"},
    "MedicationAdministration": {"status", "medicationCodeableConcept", "subject"},
    "MedicationRequest": {"status", "intent", "medicationCodeableConcept", "subject"},
    "Observation": {"status", "code"},
    "Organization": {"name"},
    "Patient": {"identifier", "name", "gender", "birthDate"},
    "Practitioner": {"name"},
    "Procedure": {"status", "subject"},
    "ServiceRequest": {"status", "intent", "subject"},
}
STATUSES = {
    "Appointment": {"booked", "fulfilled", "noshow", "cancelled", "arrived"},
    "DocumentReference": {"current", "superseded"},
    "Encounter": {"in-progress", "finished"},
    "Immunization": {"completed", "not-done"},
    "MedicationAdministration": {"in-progress", "completed", "not-done"},
    "MedicationRequest": {"active", "completed", "stopped"},
    "Observation": {"final"},
    "ServiceRequest": {"active", "completed", "revoked"},
}


def content(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(path.iterdir())}


def small(path: Path, **changes: Any) -> dict[str, bytes]:
    generate(path, SamplePlan(**{"patients": 120, "days": 20} | changes))
    return content(path)


def test_the_same_plan_gives_the_same_bytes(tmp_path: Path) -> None:
    assert small(tmp_path / "a") == small(tmp_path / "b")


def test_another_seed_gives_another_feed(tmp_path: Path) -> None:
    assert small(tmp_path / "a") != small(tmp_path / "b", seed=2)


def test_a_compressed_feed_holds_the_same_lines(tmp_path: Path) -> None:
    plain = small(tmp_path / "a")
    packed = small(tmp_path / "b", compress=True)
    assert {f"{name}.gz" for name in plain} - {"planted.json.gz"} == set(packed) - {"planted.json"}
    assert gzip.decompress(packed["Observation.ndjson.gz"]) == plain["Observation.ndjson"]
    assert packed == small(tmp_path / "c", compress=True)


def test_a_second_feed_replaces_the_first(tmp_path: Path) -> None:
    small(tmp_path, compress=True)
    assert not [name for name in small(tmp_path) if name.endswith(".gz")]


def test_the_report_counts_what_was_written(tmp_path: Path) -> None:
    report = generate(tmp_path, SamplePlan(patients=120, days=20))
    folder = Folder(tmp_path)
    assert report.resources == {kind: len(lines) for kind, lines in folder.lines.items()}
    assert sum(report.defects.values()) == len(folder.planted["defects"])
    assert sum(report.incidents.values()) == len(folder.planted["incidents"])
    assert report.bytes == sum(path.stat().st_size for path in tmp_path.glob("*.ndjson"))


def test_progress_counts_patients(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    generate(tmp_path, SamplePlan(patients=1200, days=2), lambda done, total: seen.append((done, total)))
    assert seen == [(400, 1200), (800, 1200), (1200, 1200)]


def test_the_default_feed_has_the_size_of_a_demo(feed: Folder) -> None:
    assert 11_000 <= sum(map(len, feed.lines.values())) <= 25_000
    good = list(feed.of("Patient"))
    assert len(good) == 500
    assert set(feed.lines) == set(REQUIRED)


@pytest.mark.parametrize(("events", "days"), [(20_000, 90), (60_000, 90), (40_000, 30), (60_000, 180)])
def test_a_number_of_events_is_about_met(tmp_path: Path, events: int, days: int) -> None:
    report = generate(tmp_path, SamplePlan(events=events, days=days))
    assert 0.75 * events <= report.rows <= 1.25 * events


def test_every_reference_resolves(feed: Folder) -> None:
    known = {f"{kind}/{ident}" for kind, rows in feed.rows.items() for ident in rows}
    named = {reference for rows in feed.rows.values() for row in rows.values() for reference in references(row)}
    assert named
    assert named <= known


@pytest.mark.parametrize("kind", sorted(REQUIRED))
def test_every_row_has_what_fhir_requires(feed: Folder, kind: str) -> None:
    for row in feed.of(kind):
        assert row["resourceType"] == kind
        assert row.keys() >= REQUIRED[kind], row["id"]
        assert kind not in STATUSES or row["status"] in STATUSES[kind], row["id"]


@pytest.mark.parametrize("kind", sorted(STATUSES))
def test_every_status_occurs(feed: Folder, kind: str) -> None:
    assert {row["status"] for row in feed.of(kind)} == STATUSES[kind]


def test_rows_lie_in_the_order_of_their_change(feed: Folder) -> None:
    for rows in feed.rows.values():
        changes = [row["meta"]["lastUpdated"] for row in rows.values()]
        assert changes == sorted(changes)
        assert datetime.fromisoformat(changes[-1]) <= feed.now


PLANNED = {"Appointment": {"start", "end"}, "Encounter": {"extension"}, "MedicationAdministration": {"extension"}}


@pytest.mark.parametrize("kind", sorted(REQUIRED))
def test_nothing_happens_after_it_was_told(feed: Folder, kind: str) -> None:
    for row in feed.of(kind):
        happened = {key: value for key, value in row.items() if key not in PLANNED.get(kind, ())}
        assert max(instants(happened)) == row["meta"]["lastUpdated"], row["id"]


def test_encounters_lie_within_their_own_times(feed: Folder) -> None:
    for row in feed.of("Encounter"):
        spans = [row["period"], *(place["period"] for place in row["location"])]
        assert all(span["start"] <= span.get("end", "9") for span in spans)
        assert row["location"][0]["period"]["start"] == row["period"]["start"]
        assert row["location"][-1]["period"].get("end") == row["period"].get("end")


def test_some_stays_move_between_beds(feed: Folder) -> None:
    moved = [row for row in feed.of("Encounter") if len(row["location"]) > 1]
    assert moved
    for row in moved:
        first, second = (place["period"] for place in row["location"])
        assert first["end"] == second["start"]


def test_appointments_reach_two_weeks_ahead_and_spare_the_weekend(feed: Folder) -> None:
    ahead = [datetime.fromisoformat(row["start"]) for row in feed.of("Appointment")]
    assert max(ahead) >= feed.now.replace(hour=8) + (13 * (feed.now - feed.now.replace(day=1)))
    weekend = sum(at.weekday() >= 5 for at in ahead)
    assert weekend < 0.02 * len(ahead)


def test_some_patients_miss_far_more_appointments_than_others(tmp_path: Path) -> None:
    generate(tmp_path, SamplePlan(patients=150, days=300, defects=0))
    missed: dict[str, list[bool]] = {}
    for row in Folder(tmp_path).of("Appointment"):
        if row["status"] in ("noshow", "fulfilled"):
            missed.setdefault(row["participant"][0]["actor"]["reference"], []).append(row["status"] == "noshow")
    shares = sorted(sum(seen) / len(seen) for seen in missed.values() if len(seen) >= 6)
    assert shares[-1] > 0.3
    assert shares[len(shares) // 4] == 0


def test_memory_does_not_grow_with_the_feed(tmp_path: Path) -> None:
    def peak(patients: int) -> int:
        tracemalloc.start()
        generate(tmp_path / str(patients), SamplePlan(patients=patients))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(100)
    assert peak(2_500) < 1.1 * peak(500)


def test_planted_json_is_read_whole_by_an_ordinary_parser(tmp_path: Path) -> None:
    generate(tmp_path, SamplePlan(patients=1, days=1, defects=0))
    planted = json.loads((tmp_path / "planted.json").read_bytes())
    assert planted["defects"] == []
    assert planted["incidents"]
