"""What lies in quarantine gets out after a fix, by name, and never twice."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import pytest

from substrate.audit import events_of
from substrate.database import Database
from substrate.errors import ConflictError, NotFoundError
from substrate.ingest import ingest
from substrate.quarantine import held_row, held_rows
from substrate.replay import discard, replay
from tests.substrate.clinic import CLINIC, ListSource, Visit, row
from tests.substrate.test_ingest import NOW, live

LAX = dataclasses.replace(CLINIC, checks=())
BACKWARDS = {"id": "v", "start": "1971-01-01T09:00:00Z", "end": "1971-01-01T08:00:00Z"}


@pytest.fixture
def number(clinic: Database) -> int:
    ingest(clinic, CLINIC, ListSource([row("Visit", BACKWARDS)]), NOW)
    with clinic.read() as connection:
        return held_rows(connection)[0].id


def test_without_a_fix_it_stays(clinic: Database, number: int) -> None:
    with clinic.write() as connection:
        (outcome,) = replay(connection, CLINIC, [number], NOW, "anna")
        assert (outcome.released, outcome.reason) == (False, "failed_check")
        assert held_row(connection, number).state == "held"


def test_after_a_fix_it_becomes_a_record(clinic: Database, number: int) -> None:
    with clinic.write() as connection:
        assert replay(connection, LAX, [number], NOW, "anna")[0].released
        assert held_row(connection, number).state == "released"
        (event,) = events_of(connection, "quarantine", str(number))
    assert (event.actor, event.action) == ("anna", "release")
    assert "v" in live(clinic, Visit)


def test_a_person_may_correct_the_row(clinic: Database, number: int) -> None:
    sound = {**BACKWARDS, "end": "1971-01-01T10:00:00Z"}
    with clinic.write() as connection:
        assert replay(connection, CLINIC, [number], NOW, "anna", payload=sound)[0].released
        assert events_of(connection, "quarantine", str(number))[0].detail == {"corrected": True}


def test_it_gets_out_once(clinic: Database, number: int) -> None:
    with clinic.write() as connection:
        replay(connection, LAX, [number], NOW, "anna")
        with pytest.raises(ConflictError, match="released, not held"):
            replay(connection, LAX, [number], NOW, "anna")


def test_a_person_may_discard_it(clinic: Database, number: int) -> None:
    with clinic.write() as connection:
        discard(connection, number, NOW, "anna", "a test patient")
        with pytest.raises(ConflictError):
            discard(connection, number, NOW, "anna", "again")


def test_an_unknown_number_is_named(clinic: Database) -> None:
    with clinic.write() as connection, pytest.raises(NotFoundError, match="no row 7 in quarantine"):
        replay(connection, CLINIC, [7], NOW, "anna")


def test_a_row_whose_id_is_taken_is_not_said_to_be_out(clinic: Database, number: int) -> None:
    ingest(clinic, CLINIC, ListSource([], [row("Visit", {"id": "v"})]), NOW)
    with clinic.write() as connection:
        connection.exec_driver_sql("UPDATE clinic_visit SET source_key = 'other'")
        connection.exec_driver_sql("UPDATE quarantine SET state = 'held'")
        (outcome,) = replay(connection, LAX, [number], NOW, "anna")
        assert (outcome.released, outcome.reason) == (False, "id_collision")
        assert held_row(connection, number).state == "held"
        assert events_of(connection, "quarantine", str(number)) == []


def test_two_people_who_release_it_at_once_release_it_once(clinic: Database, number: int) -> None:
    def release(who: str) -> bool:
        with clinic.write() as connection:
            try:
                return replay(connection, LAX, [number], NOW, who)[0].released
            except ConflictError:
                return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(release, "abcdefgh")) == 1
    with clinic.read() as connection:
        assert len(events_of(connection, "quarantine", str(number))) == 1
