"""A column that repeats what another record says is right whichever of the two comes first, and follows changes."""

from __future__ import annotations

from itertools import permutations

import pytest

from substrate.database import Database
from substrate.records import record_id
from substrate.sources.source import Row
from tests.substrate.clinic import Place, Step, row
from tests.substrate.test_ingest import live, take, versions

WARD = row("Place", {"id": "ward", "ward": True})
ROOM = row("Place", {"id": "room", "inside": "ward"})
BED = row("Place", {"id": "bed", "inside": "room"})


def wards(database: Database) -> dict[str, object]:
    return {key: each["ward_id"] for key, each in live(database, Place).items()}


@pytest.mark.parametrize("order", list(permutations([WARD, ROOM, BED])))
def test_a_chain_resolves_in_any_order(clinic: Database, order: tuple[Row, ...]) -> None:
    for each in order:
        take(clinic, each)
    assert set(wards(clinic).values()) == {record_id("erp", "place", "ward")}


def test_a_chain_resolves_within_one_batch(clinic: Database) -> None:
    take(clinic, BED, WARD, ROOM)
    assert set(wards(clinic).values()) == {record_id("erp", "place", "ward")}


def test_what_moves_takes_along_what_it_holds(clinic: Database) -> None:
    take(clinic, WARD, ROOM, BED, row("Place", {"id": "other", "ward": True}))
    report = take(clinic, row("Place", {"id": "room", "inside": "other"}))
    assert (report.accepted, wards(clinic)["bed"]) == (1, record_id("erp", "place", "other"))
    assert versions(clinic, Place) == 2


def test_reading_again_changes_nothing(clinic: Database) -> None:
    take(clinic, BED, ROOM, WARD)
    assert take(clinic, BED, ROOM, WARD).accepted == 0


def test_a_part_follows_its_owner(clinic: Database) -> None:
    take(clinic, row("Visit", {"id": "v", "doctor": "a", "steps": ["x"]}))
    take(clinic, row("Visit", {"id": "v", "doctor": "b", "steps": ["x"]}))
    assert live(clinic, Step)["v#x"]["doctor_id"] == record_id("erp", "doctor", "b")
