"""A small hospital for tests of features: wards and patients, stays that end, visits that are booked ahead."""

from __future__ import annotations

from typing import ClassVar

from substrate.batches import counter
from substrate.columns import Sensitivity, column, instant, reference
from substrate.database import Database
from substrate.features.declare import Derived, Events, View
from substrate.features.indexes import indexes_for
from substrate.features.tables import feature_state, tables_of
from substrate.records import Record, history_of, table_of
from substrate.schema import reconcile


class Ward(Record, table=True):
    """Where people lie."""

    __tablename__ = "house_ward"
    kind: ClassVar[str] = "ward"

    beds: int | None = column("Beds", Sensitivity.INTERNAL, unit="1", default=None)


class Patient(Record, table=True):
    """Who lies there."""

    __tablename__ = "house_patient"
    kind: ClassVar[str] = "patient"

    born: int | None = instant("Born", default=None)
    ward_id: int | None = reference("Home ward", "ward")


class Stay(Record, table=True):
    """A patient's time on a ward; how it ended is not known before its end, its cost not before the bill."""

    __tablename__ = "house_stay"
    kind: ClassVar[str] = "stay"
    occurs: ClassVar[str | None] = "start"

    ward_id: int | None = reference("Ward", "ward")
    patient_id: int | None = reference("Patient", "patient")
    start: int | None = instant("Start", default=None)
    end: int | None = instant("End", known_at="end", default=None)
    status: str | None = column("Status", Sensitivity.PHI, known_at="end", before="open", default=None)
    billed_at: int | None = instant("Billed", default=None)
    cost: float | None = column("Cost", Sensitivity.INTERNAL, unit="EUR", known_at="billed_at", default=None)
    level: int | None = column("Care level", Sensitivity.PHI, default=None)
    quiet: bool | None = column("Quiet night", Sensitivity.PHI, default=None)


class Visit(Record, table=True):
    """Somebody is booked to be seen, during a stay or not."""

    __tablename__ = "house_visit"
    kind: ClassVar[str] = "visit"
    occurs: ClassVar[str | None] = "booked"

    patient_id: int | None = reference("Patient", "patient")
    stay_id: int | None = reference("Stay", "stay")
    booked: int | None = instant("Booked", default=None)
    start: int | None = instant("Start", default=None)
    decided: int | None = instant("Decided", default=None)
    seen: int | None = instant("Seen", known_at="decided", default=None)
    outcome: str | None = column("Outcome", Sensitivity.PHI, known_at="decided", before="booked", default=None)


RECORDS: tuple[type[Record], ...] = (Ward, Patient, Stay, Visit)

# Durations are small whole numbers of microseconds here, so that random instants often meet the windows' edges.
_stays = Events(Stay, by="ward_id", at="start")
_ends = Events(Stay, by="ward_id", at="end")
_own_stays = Events(Stay, by="patient_id", at="start")
_visits = Events(Visit, by="patient_id", at="start")
_seen = Events(Visit, by="patient_id", at="seen")
_rounds = Events(Visit, by="stay_id", at="start")

WARDS = View(
    Ward,
    (
        _stays.count("stays", "Stays so far"),
        _stays.count("stays_10", "Stays lately", window="0.01ms"),
        _stays.count("stays_3_high", "Grave stays just now", window="0.003ms", where="level > 1"),
        _stays.count("open_stays", "Stays that go on", where="status == 'open'"),
        _stays.sum("levels", "Care levels together", "level"),
        _stays.sum("cost", "Billed so far", "cost"),
        _stays.mean("level_mean_10", "Mean care level lately", "level", window="0.01ms"),
        _stays.min("cost_min", "Cheapest stay", "cost"),
        _stays.max("status_max", "Last status by the alphabet", "status"),
        _stays.ratio("quiet_share", "Share of quiet nights", "quiet"),
        _stays.distinct("patients", "Patients so far", "patient_id"),
        _stays.latest("level_latest", "Newest care level", "level"),
        _stays.latest("quiet_latest_10", "Newest night lately", "quiet", window="0.01ms"),
        _stays.streak("quiet_streak", "Quiet nights in a row", "quiet"),
        _stays.interval("returns", "Time until a patient is back, as half of them are", "patient_id", 0.5),
        _stays.interval("returns_20", "The same lately, of nine in ten", "patient_id", 0.9, window="0.02ms"),
        _ends.count("ends_5", "Ends lately", window="0.005ms"),
        _ends.mean("stay_hours", "Mean hours", "duration('1h') > end - start ? 0.5 : 1.0"),
        _ends.latest("last_end", "Newest end"),
        Derived("per_bed", "Stays a bed", "beds > 0 ? stays * 1.0 / beds : 0.0"),
        Derived("since_end", "Time since the newest end", "now - last_end"),
        Derived("crowded", "Crowded", "per_bed > 1.0"),
    ),
    stale_after="1h",
)
PATIENTS = View(
    Patient,
    (
        _own_stays.count("stays", "Stays so far"),
        _own_stays.max("end_max", "Last known end", "end"),
        _visits.count("visits_6", "Visits lately", window="0.006ms"),
        _visits.count("booked_4", "Visits soon", ahead="0.004ms", where="outcome == 'booked'"),
        _visits.count("booked_20", "Visits ahead", ahead="0.02ms"),
        _visits.min("next_visit", "Next visit", "start", ahead="0.02ms"),
        _visits.latest("outcome_latest", "Newest outcome", "outcome"),
        _visits.streak("missed_streak_10", "Missed in a row", "outcome == 'missed'", window="0.01ms"),
        _seen.count("seen", "Times seen"),
        _seen.latest("seen_latest_8", "Seen lately", window="0.008ms"),
        Derived("busy", "Busy", "stays > 1 && booked_20 > 0"),
    ),
)
STAYS = View(
    Stay,
    (
        _rounds.count("rounds", "Visits during the stay"),
        _rounds.latest("round_latest", "Newest visit"),
        Derived("age", "Age of the stay", "now - start"),
    ),
)
VIEWS = (WARDS, PATIENTS, STAYS)

TIMELINES = ("live", "full", "one")


def create(database: Database) -> None:
    """Make everything that the house declares, on three timelines."""
    for view in VIEWS:
        indexes_for(view)
    tables = [table for record in RECORDS for table in (table_of(record), history_of(record))]
    tables += [table for view in VIEWS for timeline in TIMELINES for table in tables_of(view, timeline)]
    with database.write() as connection:
        reconcile(connection, [feature_state, counter, *tables])
