"""One order out of two: by how near and how well matched rows are, or, where nearness means little, by ranks alone.

Measured with all-MiniLM-L6-v2 over 294 questions of MedQuAD and 500 of COVID-QA (MRR@10; exact vectors and BM25): by
meaning alone 0.670 and 0.655, by words alone 0.524 and 0.820. Which of the two is better depends on the documents, and
fusion by ranks (K = 60) falls between them: 0.666 and 0.771. The weighted sum of the scores themselves is better than
either on both: 0.683 and 0.830. That scores beat ranks where one leg is much the better is what Bruch, Gai and Ingber
found too ("An Analysis of Fusion Functions for Hybrid Retrieval", TOIS 2023).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rag.live import Ranked

K = 60
"""How little the difference between neighbouring ranks counts (Cormack, Clarke and Büttcher, SIGIR 2009)."""

MEANING = 0.7
"""Share of the cosine in the weighted sum. Other embedders spread their cosines otherwise, so it is for the one that it
was measured with."""


@dataclass(frozen=True, slots=True)
class Fused:
    """A row, and what each leg said of it.

    Attributes:
        row: its place in the catalogue.
        score: by which rows are ordered.
        dense_rank: its place among the nearest vectors, from 1; None: not among them.
        lexical_rank: its place among the matches of words.
        similarity: the cosine; None: not known.
    """

    row: int
    score: float
    dense_rank: int | None
    lexical_rank: int | None
    similarity: float | None


def by_scores(dense: Ranked, lexical: Ranked, similarities: Mapping[int, float]) -> list[Fused]:
    """Both legs in the order of `0.7 × cosine + 0.3 × BM25 ÷ the best BM25`.

    Args:
        similarities: the cosines of rows that only the lexical leg found.
    """
    best = lexical[0][1] if lexical else 1.0
    said = {row: score / best for row, score in lexical}
    known = {**similarities, **dict(dense)}
    scores = {row: MEANING * known.get(row, 0.0) + (1 - MEANING) * said.get(row, 0.0) for row in {**known, **said}}
    return _ordered(dense, lexical, scores, known)


def by_ranks(dense: Ranked, lexical: Ranked) -> list[Fused]:
    """Both legs in the order of the sum of `1 / (K + rank)`: reciprocal rank fusion."""
    scores: dict[int, float] = {}
    for leg in (dense, lexical):
        for rank, (row, _) in enumerate(leg, 1):
            scores[row] = scores.get(row, 0.0) + 1 / (K + rank)
    return _ordered(dense, lexical, scores, dict(dense))


def _ordered(dense: Ranked, lexical: Ranked, scores: Mapping[int, float], near: Mapping[int, float]) -> list[Fused]:
    """The best first; of equal ones, the nearer vector."""
    dense_ranks = {row: rank for rank, (row, _) in enumerate(dense, 1)}
    lexical_ranks = {row: rank for rank, (row, _) in enumerate(lexical, 1)}
    found = [
        Fused(row, score, dense_ranks.get(row), lexical_ranks.get(row), near.get(row)) for row, score in scores.items()
    ]
    return sorted(found, key=lambda each: (-each.score, each.dense_rank or len(found) + 1, each.row))
