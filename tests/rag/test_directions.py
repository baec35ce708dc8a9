"""Comparing by few directions first finds what comparing in full finds, for vectors that fill their space unevenly."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from rag.directions import MOST, heads_of
from rag.embedder import Vectors

ROWS, NUMBERS, NEAREST = 20_000, 256, 50


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    """Vectors whose directions matter less and less, as those of texts do."""
    chance = np.random.default_rng(7)
    made = chance.standard_normal((ROWS, NUMBERS)) / np.sqrt(np.arange(1, NUMBERS + 1))
    turned, _ = np.linalg.qr(chance.standard_normal((NUMBERS, NUMBERS)))
    made = made @ turned
    unit: Vectors = (made / np.linalg.norm(made, axis=1)[:, None]).astype(np.float32)
    return unit


def nearest(vectors: Vectors, question: Vectors, within: NDArray[np.bool_]) -> set[int]:
    """Those that are nearest when all are compared in full."""
    scores = np.where(within, vectors @ question, -np.inf)
    return set(np.argsort(-scores)[:NEAREST].tolist())


@pytest.mark.parametrize("share", [1.0, 0.7, 0.2])
def test_the_nearest_are_among_the_best_by_few_directions(vectors: Vectors, share: float) -> None:
    within = np.random.default_rng(1).random(ROWS) < share
    heads, found = heads_of(vectors, ROWS), 0
    for question in vectors[:40] + 0.02:
        best = set(heads.nearest(question, within, 1_000).tolist())
        assert within[list(best)].all()
        found += len(nearest(vectors, question, within) & best)
    assert found >= 0.999 * 40 * NEAREST


def test_the_directions_stand_at_right_angles(vectors: Vectors) -> None:
    basis = heads_of(vectors, ROWS).basis
    assert basis.shape == (NUMBERS, MOST)
    assert np.allclose(basis.T @ basis, np.eye(MOST), atol=1e-5)
