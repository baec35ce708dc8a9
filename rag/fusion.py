"""One order out of two: reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)."""

from __future__ import annotations

from dataclasses import dataclass

from rag.live import Ranked

K = 60
"""The paper's constant: how little the difference between neighbouring ranks counts."""


@dataclass(frozen=True, slots=True)
class Fused:
    """A row, and what each leg said of it.

    Attributes:
        row: its place in the catalogue.
        score: the sum of `weight / (K + rank)` over the legs that found it.
        dense_rank: its place among the nearest vectors, from 1; None: not among them.
        lexical_rank: its place among the matches of words.
        similarity: the cosine; None: not among the nearest.
    """

    row: int
    score: float
    dense_rank: int | None
    lexical_rank: int | None
    similarity: float | None


def fuse(dense: Ranked, lexical: Ranked, *, weight: float = 1.0) -> list[Fused]:
    """Both legs in one order, the best first; of equal ones, the nearer vector.

    Args:
        weight: of the lexical leg; that of the dense one is 1.
    """
    near = {row: (rank, similarity) for rank, (row, similarity) in enumerate(dense, 1)}
    said = {row: rank for rank, (row, _) in enumerate(lexical, 1)}
    found = []
    for row in dict.fromkeys((*near, *said)):
        dense_rank, similarity = near.get(row, (None, None))
        lexical_rank = said.get(row)
        score = _share(dense_rank) + weight * _share(lexical_rank)
        found.append(Fused(row, score, dense_rank, lexical_rank, similarity))
    return sorted(found, key=lambda each: (-each.score, each.dense_rank or len(found) + 1, each.row))


def _share(rank: int | None) -> float:
    return 0.0 if rank is None else 1 / (K + rank)
