"""From which cosine on two questions are the same: measured with the embedder that the product has by default."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag.embedders.minilm import MiniLM
from rag.evals.golden import load_golden
from rag.evals.proposing import ALIKE

FILES = sorted((Path(__file__).resolve().parents[3] / "benchmarks" / "golden").glob("*.yaml"))
SAME = (
    ("How do I wash my hands?", "How should I wash my hands?"),
    ("When may relatives visit patients in intensive care?",
     "At what times can relatives visit patients in the intensive care unit?"),
    ("How do I hand a patient over to another ward?", "How can I hand over a patient to a different ward?"),
    ("What is the dose of paracetamol for a child?", "what's the paracetamol dose for children"),
    ("How long are records kept?", "For how long do we keep records?"),
    ("Who may change the discharge date?", "Who is allowed to change the date of discharge?"),
)  # fmt: skip
OTHER = (
    ("How do I admit a patient?", "How do I discharge a patient?"),
    ("Who may see lab results?", "Who may change lab results?"),
    ("What is the dose of paracetamol for a child?", "What is the dose of ibuprofen for a child?"),
    ("How long are records of adults kept?", "How long are records of children kept?"),
    ("How do I open a report?", "How do I close a report?"),
)


def cosine(minilm: MiniLM, pair: tuple[str, str]) -> float:
    one, other = minilm.embed(pair)
    return float(one @ other)


@pytest.mark.parametrize("pair", SAME)
def test_the_same_in_other_words_is_the_same(minilm: MiniLM, pair: tuple[str, str]) -> None:
    assert cosine(minilm, pair) >= ALIKE


@pytest.mark.parametrize("pair", OTHER)
def test_what_asks_for_something_else_is_not(minilm: MiniLM, pair: tuple[str, str]) -> None:
    assert cosine(minilm, pair) < ALIKE


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_no_two_golden_questions_are_the_same(minilm: MiniLM, path: Path) -> None:
    vectors = minilm.embed([one.ask for one in load_golden(path).questions])
    assert np.triu(vectors @ vectors.T, 1).max() < ALIKE
