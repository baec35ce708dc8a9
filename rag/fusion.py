"""One order out of two: nearness in meaning, plus agreement in words by as much as the words can be trusted.

Scores are added, not ranks: on the sets that `benchmarks/quality.py` judges, reciprocal rank fusion fell behind
whichever leg was the better one, since a rank does not say how good a match is. So did any fixed weight: who asks in
the words of the documents is served best by words, who asks in other words by meaning. How much of the question stands
in the best match of words tells the two apart. (Bruch, Gai and Ingber, ACM TOIS 2023, found sums of scores ahead of
ranks too.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rag.languages import ENGLISH
from rag.live import Ranked
from rag.words import stem, stems, words_of

WEIGHT = 0.7
"""What the best match of words adds when it holds the whole question; a cosine is 1 at most. Chosen on one half of the
judged questions, and measured on the other."""


@dataclass(frozen=True, slots=True)
class Fused:
    """A row, and what each leg said of it.

    Attributes:
        row: its place in the catalogue.
        score: its cosine, and `WEIGHT` times the trust in words times its share of the best match's score.
        dense_rank: its place among the nearest vectors, from 1; None: not among them.
        lexical_rank: its place among the matches of words.
        similarity: the cosine; None: not known.
    """

    row: int
    score: float
    dense_rank: int | None
    lexical_rank: int | None
    similarity: float | None


@dataclass(frozen=True, slots=True)
class Beside:
    """What each leg says of the rows that only the other one found.

    Attributes:
        cosines: of rows that are not among the nearest.
        matches: scores of rows that are not among the best matches of words.
    """

    cosines: Mapping[int, float]
    matches: Mapping[int, float]


NOTHING_BESIDE = Beside({}, {})


def fuse(dense: Ranked, lexical: Ranked, *, trust: float = 1.0, beside: Beside = NOTHING_BESIDE) -> list[Fused]:
    """Both legs in one order, the best first; of equal ones, the nearer vector.

    Args:
        trust: how far words are to be trusted, from 0 to 1.
        beside: for rows of one leg alone; where it says nothing, a row is as far as the farthest, or matches nothing.
    """
    cosines = {**beside.cosines, **dict(dense)}
    matches = {**beside.matches, **dict(lexical)}
    dense_ranks, lexical_ranks = _ranks(dense), _ranks(lexical)
    farthest = min(cosines.values(), default=0.0)
    best = max(matches.values(), default=0.0) or 1.0
    found = [
        Fused(
            row,
            cosines.get(row, farthest) + WEIGHT * trust * matches.get(row, 0.0) / best,
            dense_ranks.get(row),
            lexical_ranks.get(row),
            cosines.get(row),
        )
        for row in dict.fromkeys((*dense_ranks, *lexical_ranks))
    ]
    return sorted(found, key=lambda each: (-each.score, each.dense_rank or len(found) + 1, each.row))


def trust_in_words(wanted: Mapping[str, float], best_match: str, language: str = ENGLISH) -> float:
    """How far words are to be trusted: the square of the share of them that stands in the best match.

    Args:
        wanted: the words that were looked for, each with its weight.
        best_match: the text that matches them best, with title and headings.
        language: of both.
    """
    there = stems(words_of(best_match, language), language)
    weights = {word: weight for word, weight in wanted.items() if weight > 0}
    whole = sum(weight for weight in weights.values() if weight >= max(weights.values()))
    held = sum(weight for word, weight in weights.items() if stem(word, language) in there)
    return min(1.0, held / whole) ** 2 if whole else 0.0


def _ranks(ranked: Ranked) -> dict[int, int]:
    return {row: rank for rank, (row, _) in enumerate(ranked, 1)}
