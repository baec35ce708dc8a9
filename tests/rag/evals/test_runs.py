"""Runs and sets are kept word for word, and seen only by those who may."""

from __future__ import annotations

import pytest

from rag.evals.covering import covering
from rag.evals.golden import Golden
from rag.evals.judging import Judged
from rag.evals.places import LostReason
from rag.evals.runs import Trial, keep_run, list_runs, run_of
from rag.evals.sets import freeze_set, frozen_set, keep_set
from substrate.access import Label
from substrate.columns import Sensitivity
from substrate.database import Database
from substrate.errors import ConflictError, NotFoundError
from tests.rag.evals.world import CLERK, DOCTOR, INTERNAL, MEASURED, NOW, PHI, golden, question

SET = golden(question("b"), question("a"), question("c"))
RESULTS = [
    Judged("b", ("easy",), (1, None), took=5),
    Judged("a", (), (), lost=(LostReason.DOCUMENT_GONE,)),
    Judged("c", (), (), unanswerable=True, declined=True),
]


def kept(house: Database, label: Label = INTERNAL, questions: Golden = SET, trial: Label | None = None) -> int:
    with house.write() as connection:
        row = keep_set(connection, questions, "ward.yaml", label, DOCTOR, NOW)
        return keep_run(connection, row, Trial(MEASURED, trial or label, RESULTS), DOCTOR, NOW)


def test_a_run_reads_as_it_was_kept(house: Database) -> None:
    number = kept(house)
    with house.read() as connection:
        run, results, golden_set = run_of(connection, number, CLERK)
    assert (run.measured, run.asked_by, run.set_name, run.asked_at) == (MEASURED, DOCTOR.name, "ward.yaml", NOW)
    assert results == RESULTS
    assert golden_set.golden == SET


def test_one_set_serves_many_runs_until_its_questions_change(house: Database) -> None:
    numbers = [kept(house), kept(house), kept(house, questions=golden(*SET.questions, question("d")))]
    with house.read() as connection:
        runs = {run.id: run.set_id for run in list_runs(connection, DOCTOR)}
    assert runs[numbers[0]] == runs[numbers[1]] != runs[numbers[2]]


def test_runs_are_listed_the_newest_first_and_by_copilot(house: Database) -> None:
    numbers = [kept(house), kept(house)]
    with house.read() as connection:
        assert [run.id for run in list_runs(connection, CLERK, "ward", limit=1)] == numbers[1:]
        assert list_runs(connection, CLERK, "other") == []


def test_a_protected_run_is_not_there_for_those_who_may_not_see_it(house: Database) -> None:
    number = kept(house, PHI)
    with house.read() as connection:
        assert list_runs(connection, CLERK) == []
        with pytest.raises(NotFoundError, match=f"no run {number}"):
            run_of(connection, number, CLERK)
        assert run_of(connection, number, DOCTOR)[0].label == PHI


def test_a_run_over_protected_documents_is_protected_although_its_questions_are_not(house: Database) -> None:
    kept(house, INTERNAL, trial=PHI)
    with house.read() as connection:
        assert (list_runs(connection, CLERK), len(list_runs(connection, DOCTOR))) == ([], 1)


def test_frozen_sets_have_versions_and_the_old_ones_stay(house: Database) -> None:
    with house.write() as connection:
        freeze_set(connection, golden(question("a")), INTERNAL, DOCTOR, NOW)
        second = freeze_set(connection, SET, INTERNAL, DOCTOR, NOW)
        assert (second.version, second.name) == (2, "v2")
        assert frozen_set(connection, "ward", CLERK).golden == SET
        assert frozen_set(connection, "ward", CLERK, 1).golden == golden(question("a"))


def test_the_same_questions_are_not_frozen_twice(house: Database) -> None:
    with house.write() as connection:
        freeze_set(connection, SET, INTERNAL, DOCTOR, NOW)
        with pytest.raises(ConflictError, match="version 1 of 'ward' has the same questions"):
            freeze_set(connection, SET, INTERNAL, DOCTOR, NOW)


def test_frozen_questions_are_not_there_for_those_who_may_not_see_them(house: Database) -> None:
    with house.write() as connection:
        freeze_set(connection, SET, PHI, DOCTOR, NOW)
        with pytest.raises(NotFoundError, match="has no frozen questions"):
            frozen_set(connection, "ward", CLERK)
        with pytest.raises(NotFoundError, match="of version 9"):
            frozen_set(connection, "ward", DOCTOR, 9)


def test_a_whole_is_seen_by_those_who_may_see_every_part() -> None:
    nurses, doctors = frozenset({"nurse"}), frozenset({"doctor", "nurse"})
    parts = [Label(Sensitivity.PII, "north", doctors), Label(Sensitivity.INTERNAL, "south", nurses)]
    assert covering(parts) == Label(Sensitivity.PII, None, nurses)
    assert covering(parts[:1]) == parts[0]
    assert covering([]) == Label(Sensitivity.PUBLIC)


def test_what_no_single_role_may_see_whole_is_seen_by_none() -> None:
    parts = [Label(Sensitivity.PUBLIC, roles=frozenset({role})) for role in ("nurse", "doctor")]
    assert not DOCTOR.may_see(covering(parts))
