"""References by another name resolve whichever side comes first, and only within their own source."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from substrate.aliases import alias_wanted
from substrate.database import Database
from substrate.records import record_id
from substrate.sources.source import Row
from tests.substrate.clinic import Doctor, Step, Visit, row
from tests.substrate.test_ingest import live, take, versions

DOCTOR = record_id("erp", "doctor", "d")
visit, doctor = row("Visit", {"id": "v", "badge": "B7", "steps": ["x"]}), row("Doctor", {"id": "d", "badge": "B7"})


@pytest.mark.parametrize("batches", [[[visit], [doctor]], [[doctor], [visit]], [[visit, doctor]], [[doctor, visit]]])
def test_both_orders_end_in_the_same(clinic: Database, batches: list[list[Row]]) -> None:
    for rows in batches:
        take(clinic, *rows)
    assert live(clinic, Visit)["v"]["doctor_id"] == DOCTOR
    assert live(clinic, Step)["v#x"]["doctor_id"] == DOCTOR
    with clinic.read() as connection:
        assert connection.execute(select(func.count()).select_from(alias_wanted)).scalar() == 0


def test_resolving_is_no_change_of_the_record(clinic: Database) -> None:
    take(clinic, visit)
    take(clinic, doctor)
    assert take(clinic, visit).unchanged == 1
    assert versions(clinic, Visit) == 0


def test_another_source_has_other_names(clinic: Database) -> None:
    take(clinic, visit)
    take(clinic, doctor, name="lab")
    assert live(clinic, Visit)["v"]["doctor_id"] != record_id("lab", "doctor", "d")


def test_a_name_that_moves_on_is_taken_by_new_references(clinic: Database) -> None:
    take(clinic, doctor, visit)
    take(clinic, row("Doctor", {"id": "e", "badge": "B7"}))
    take(clinic, row("Visit", {"id": "w", "badge": "B7"}))
    found = live(clinic, Visit)
    assert [found[key]["doctor_id"] for key in ("v", "w")] == [DOCTOR, record_id("erp", "doctor", "e")]
    assert sorted(live(clinic, Doctor)) == ["d", "e"]
