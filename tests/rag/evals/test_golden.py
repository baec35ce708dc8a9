"""Golden questions on paper: what is read, and how a fault is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.evals.golden import GoldenError, load_golden, read_golden, write_golden
from substrate.errors import NotFoundError

FILE = """
copilot: hospital
corpus: the handbook
questions:
  - id: washing-hands
    ask: How long do I wash my hands?
    slice: [how-to]
    where:
      - document: hygiene.md
        heading: Hands
        says: for at least twenty seconds
  - id: parking
    ask: What does parking cost?
    unanswerable: true
"""


def faults_of(text: str) -> str:
    with pytest.raises(GoldenError) as raised:
        read_golden(text, "hospital.yaml")
    return raised.value.message


def test_a_file_is_read() -> None:
    golden = read_golden(FILE, "hospital.yaml")
    assert [one.id for one in golden.questions] == ["washing-hands", "parking"]
    assert [one.id for one in golden.answerable] == ["washing-hands"]
    assert golden.questions[0].where[0].says == "for at least twenty seconds"


def test_what_is_written_reads_as_it_was() -> None:
    golden = read_golden(FILE, "hospital.yaml")
    assert read_golden(write_golden(golden), "again.yaml") == golden


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("ask: What does parking cost?", "", "question parking.ask: is missing; add it"),
        ("unanswerable: true", "unanswered: true", "question parking.unanswered: no such key"),
        ("unanswerable: true", "", "question parking: says not where its answer is"),
        ("id: parking", "id: washing-hands", "questions: 2 questions have the id 'washing-hands'"),
        ("id: parking", "id: Parking lot", "question Parking lot.id:"),
        ("says: for at least twenty seconds", "says: for", "question washing-hands.where.0.says: is too short"),
        ("copilot: hospital", "", "copilot: is missing; add it"),
        ("corpus: the handbook", "corpus: a: b", "not YAML: mapping values are not allowed here in line 3"),
    ],
)
def test_a_fault_names_the_question_and_the_key(old: str, new: str, told: str) -> None:
    assert f"hospital.yaml: {told}" in faults_of(FILE.replace(old, new))


def test_all_faults_are_told_at_once() -> None:
    faults = faults_of(FILE.replace("ask: What does parking cost?", "").replace("slice:", "slices:"))
    assert len(faults.splitlines()) == 2


def test_a_place_needs_more_than_a_document() -> None:
    text = FILE.replace("        heading: Hands\n", "").replace("        says: for at least twenty seconds\n", "")
    assert "needs `says` or `heading`" in faults_of(text)


def test_a_list_is_no_golden_file() -> None:
    assert "not golden questions" in faults_of("- a\n- b\n")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"none\.yaml"):
        load_golden(tmp_path / "none.yaml")
