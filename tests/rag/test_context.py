"""Features and passages in one call: what each caller sees of both."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import delete

from rag.context import Absent, Context, context
from rag.ground import Ground
from rag.hit import Query
from substrate.access import Caller, Label
from substrate.clock import HOUR
from substrate.columns import Sensitivity
from substrate.database import Database
from substrate.errors import ForbiddenError, NotFoundError
from substrate.features.tables import feature_table
from tests.rag.practice import NOW, PEOPLE, PRACTICE, furnish, number
from tests.rag.shelf import EMBEDDER, copilot, index_of, passage

GUIDE = passage("Potassium is measured again after a day.", "potassium.md")
TOLD = passage("Potassium was low.", "person/p1", kind="person", entity=("person", number("person", "p1")),
               label=Label(Sensitivity.PHI, "north"))  # fmt: skip
DOCTOR = Caller("key:d", "doctor", Sensitivity.PHI)
CLERK = Caller("key:c", "clerk", Sensitivity.PII)


@pytest.fixture
def ground(database: Database) -> Ground:
    furnish(database)
    desk = copilot(vertical="practice")
    return Ground(database, index_of([GUIDE, TOLD]), EMBEDDER, desk, PRACTICE)


def call(ground: Ground, caller: Caller, key: str = "p1", now: int = NOW) -> Context:
    return context(ground, caller, Query("potassium"), ("person", key), now)


def test_features_and_passages_come_together(ground: Ground) -> None:
    found = call(ground, DOCTOR)
    assert found.features is not None
    assert found.features.values == {"cases": 1, "finding_latest": "hypokalaemia", "fees": 12.5}
    assert {hit.passage for hit in found.found.hits} == {GUIDE, TOLD}
    assert not found.stale


def test_who_is_not_cleared_gets_neither_the_feature_nor_the_passage(ground: Ground) -> None:
    found = call(ground, CLERK)
    assert found.features is not None
    assert "finding_latest" not in found.features.values
    assert "finding_latest" in found.features.withheld
    assert [hit.passage for hit in found.found.hits] == [GUIDE]


def test_another_sites_record_is_not_there(ground: Ground) -> None:
    southern = replace(DOCTOR, sites=frozenset({"south"}))
    with pytest.raises(NotFoundError, match="no such person"):
        call(ground, southern)
    assert call(ground, southern, "p2").features is not None


def test_who_may_know_of_nobody_is_told_so(ground: Ground) -> None:
    with pytest.raises(ForbiddenError):
        call(ground, replace(CLERK, clearance=Sensitivity.INTERNAL))


def test_old_features_make_the_whole_stale(ground: Ground) -> None:
    found = call(ground, DOCTOR, now=NOW + 2 * HOUR)
    assert found.stale
    assert found.features is not None
    assert found.features.stale
    assert not found.found.stale


def test_a_record_without_features_says_why(ground: Ground) -> None:
    found = context(ground, DOCTOR, Query("potassium"), ("case", "c1"), NOW)
    assert (found.features, found.absent) == (None, Absent.NOT_COUNTED)


def test_a_record_that_was_never_computed_says_why(ground: Ground) -> None:
    with ground.database.write() as connection:
        connection.execute(delete(feature_table(PEOPLE)))
    assert call(ground, DOCTOR).absent == Absent.NEVER_COMPUTED


def test_a_copilot_without_records_has_no_context(ground: Ground) -> None:
    with pytest.raises(NotFoundError, match="knows no records"):
        call(replace(ground, vertical=None), DOCTOR)


def test_every_stage_is_in_the_ledger(ground: Ground) -> None:
    spent = call(ground, DOCTOR).timings
    assert spent.keys() >= {"features", "search", "search.embed", "search.dense", "search.lexical", "total"}
    assert spent["total"] >= max(spent["features"], spent["search"])
