"""Planted incidents: rules written anew over the rows fire for exactly the cases listed, and for nothing else."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.verticals.hospital.sample.reading import Folder, extension, flag, ident

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TURNAROUND = {"stat": HOUR, "urgent": 4 * HOUR, "routine": DAY}


def critical(feed: Folder) -> set[str]:
    rows = (row for row in feed.of("Observation") if flag(row) in ("HH", "LL"))
    return {row["id"] for row in rows if not extension(row, "acknowledged") and feed.ago(row["issued"]) > 30 * MINUTE}


def turnaround(feed: Folder) -> set[str]:
    answered = {ident(row["basedOn"][0]) for row in feed.of("DiagnosticReport")}
    waiting = (row for row in feed.of("ServiceRequest") if row["status"] == "active" and row["id"] not in answered)
    return {row["id"] for row in waiting if feed.ago(row["authoredOn"]) > TURNAROUND[row["priority"]]}


def overdue(feed: Folder, name: str = "expected-discharge", after: timedelta = timedelta()) -> set[str]:
    rows = (row for row in feed.of("Encounter") if "end" not in row["period"] and extension(row, name))
    return {row["id"] for row in rows if feed.ago(extension(row, name)) > after}


def stalled(feed: Folder) -> set[str]:
    return overdue(feed, "discharge-ordered", 4 * HOUR)


def shared_beds(feed: Folder) -> set[str]:
    lying: defaultdict[str, set[str]] = defaultdict(set)
    beds = {row["id"] for row in feed.of("Location") if row["physicalType"]["coding"][0]["code"] == "bd"}
    for row in feed.of("Encounter"):
        for place in row["location"]:
            if "end" not in place["period"]:
                lying[ident(place["location"])].add(ident(row["subject"]))
    return {bed for bed, patients in lying.items() if bed in beds and len(patients) > 1}


def missed_doses(feed: Folder) -> set[str]:
    orders = feed.rows["MedicationRequest"]
    rows = (row for row in feed.of("MedicationAdministration") if row["status"] == "in-progress")
    active = (row for row in rows if orders[ident(row["request"])]["status"] == "active")
    return {row["id"] for row in active if feed.ago(extension(row, "scheduled")) > HOUR}


def antibiotics_delayed(feed: Folder) -> set[str]:
    given: defaultdict[str, list[timedelta]] = defaultdict(list)
    for row in feed.of("MedicationAdministration"):
        codes = [coding["code"] for coding in row["medicationCodeableConcept"]["coding"]]
        if row["status"] == "completed" and any(code.startswith("J01") for code in codes):
            given[ident(row["context"])].append(feed.ago(row["effectiveDateTime"]))
    late = set()
    for row in feed.of("Observation"):
        if row["code"]["coding"][0]["code"] == "1104051000000101" and row["valueQuantity"]["value"] >= 5:
            ago = feed.ago(row["effectiveDateTime"])
            covered = any(ago - HOUR <= dose <= ago for dose in given[ident(row["encounter"])])
            late |= {row["id"]} if ago > HOUR and not covered else set()
    return late


def unbilled(feed: Folder) -> set[str]:
    open_services = {
        ident(row["encounter"])
        for row in feed.of("ServiceRequest")
        if row["status"] != "revoked" and not extension(row, "billed")
    }
    leaving = {row["id"] for row in feed.of("Encounter") if extension(row, "discharge-ordered")}
    return open_services & leaving


def no_shows(feed: Folder) -> set[str]:
    rows = (row for row in feed.of("Appointment") if row["status"] in ("booked", "noshow"))
    waiting = (row for row in rows if not extension(row, "arrived"))
    return {row["id"] for row in waiting if 30 * MINUTE < feed.ago(row["start"]) < DAY}


def untold(feed: Folder) -> set[str]:
    """Patients to whom nothing may be sent."""
    return {row["id"] for row in feed.of("Patient") if "deceasedDateTime" in row or not row["active"]}


def reminders(feed: Folder) -> set[str]:
    silent = untold(feed)
    rows = (row for row in feed.of("Appointment") if row["status"] == "booked")
    alive = (row for row in rows if ident(row["participant"][0]["actor"]) not in silent)
    return {row["id"] for row in alive if -DAY <= feed.ago(row["start"]) < timedelta()}


def gone_for(feed: Folder) -> dict[str, timedelta]:
    """By patient: how long ago the last follow-up visit was missed, unless they came since or are exempt."""
    came: dict[str, str] = {}
    for row in feed.of("Encounter"):
        patient = ident(row["subject"])
        came[patient] = max(row["period"]["start"], came.get(patient, ""))
    moved = {row["id"] for row in feed.of("Patient") if extension(row, "transferred-out")} | untold(feed)
    missed: dict[str, timedelta] = {}
    for row in feed.of("Appointment"):
        patient = ident(row["participant"][0]["actor"])
        follow_up = row["appointmentType"]["coding"][0]["code"] == "FOLLOWUP" and row["status"] == "noshow"
        if follow_up and patient not in moved and came.get(patient, "") < row["start"]:
            missed[patient] = feed.ago(row["start"])
    return missed


def missed_follow_ups(feed: Folder) -> set[str]:
    return {patient for patient, ago in gone_for(feed).items() if DAY <= ago < 31 * DAY}


def lost(feed: Folder) -> set[str]:
    return {patient for patient, ago in gone_for(feed).items() if ago >= 31 * DAY}


def immunized(feed: Folder) -> set[str]:
    rows = (row for row in feed.of("Immunization") if row["status"] == "completed")
    alive = (row for row in rows if ident(row["patient"]) not in untold(feed))
    return {row["id"] for row in alive if 3 * DAY <= feed.ago(row["occurrenceDateTime"]) < 4 * DAY}


RULES: dict[str, Callable[[Folder], set[str]]] = {
    "critical_unacknowledged": critical,
    "turnaround_breached": turnaround,
    "discharge_overdue": overdue,
    "discharge_stalled": stalled,
    "bed_conflict": shared_beds,
    "missed_dose": missed_doses,
    "antibiotic_delayed": antibiotics_delayed,
    "discharge_unbilled": unbilled,
    "no_show": no_shows,
    "reminder_due": reminders,
    "follow_up_missed": missed_follow_ups,
    "lost_to_follow_up": lost,
    "immunization_follow_up": immunized,
}


@pytest.mark.parametrize("kind", RULES)
def test_a_correct_rule_fires_for_exactly_the_planted_cases(feed: Folder, kind: str) -> None:
    assert RULES[kind](feed) == feed.fires(kind)


def test_every_kind_has_a_case_and_a_near_miss(feed: Folder) -> None:
    said = Counter((case["kind"], case["expect"]) for case in feed.planted["incidents"])
    assert set(said) == {(kind, expect) for kind in RULES for expect in ("fires", "quiet")}


def test_every_case_names_rows_that_exist(feed: Folder) -> None:
    for case in feed.planted["incidents"]:
        assert case["id"] in feed.rows[case["resource"]]
        assert case["about"]["Patient" if case["resource"] != "Patient" else "Appointment"]


def test_what_fires_is_due_by_now_and_says_why(feed: Folder) -> None:
    for case in feed.planted["incidents"]:
        assert case["why"]
        assert case["expect"] == "quiet" or feed.ago(case["at"]) >= timedelta()


def test_a_bed_may_claim_to_be_empty_while_somebody_lies_in_it(feed: Folder) -> None:
    lying = {
        ident(place["location"])
        for row in feed.of("Encounter")
        for place in row["location"]
        if "end" not in place["period"]
    }
    claims = {row["id"] for row in feed.of("Location") if row.get("operationalStatus", {}).get("code") == "U"}
    assert len(lying & claims) == 1
