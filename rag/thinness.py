"""How likely it is that the documents answer a question at all, from what a search found.

A logistic function of a few numbers, fitted by `python -m benchmarks.thinness` on questions of COVID-QA and of half of
MedQuAD, each asked of its own documents (there is an answer) and of the other set's (there is none). Half of the 1,160
questions were held out. On them, with the measured embedder, the area under the curve is 0.970 (MedQuAD 0.994, COVID-QA
0.933: many of its questions only make sense beside their article, and both sets are about diseases); with words alone
it is 0.923.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rag.hit import Hit
from rag.words import stems, telling

_CLOSE = 3
"""How many of the best hits count."""

_TEN = 10

MEASURED = (-11.1, 12.2, 8.0, 0.0)
"""Bias, and the weights of similarity, words and agreement."""

WORDS_ALONE = (-6.7, 0.0, 8.2, 2.6)
"""The same for an embedder whose cosines we do not know."""

THIN = 0.5
"""Below it, the answer is that the documents do not say. On the held-out half 1.2 % (MedQuAD) and 14.7 % (COVID-QA) of
the questions with an answer are refused, and 11.0 % and 14.6 % of those without one are not; with words alone 5.0 % and
14.7 %, 14.3 % and 21.2 %."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for an answer, each from 0 to 1.

    Attributes:
        similarity: cosine of the question with the nearest passage.
        words: the largest share of the question's words that stand in one of the best three hits.
        agreement: share of the best three hits that both legs found among their first ten.
    """

    similarity: float
    words: float
    agreement: float


def evidence(question: str, hits: Sequence[Hit]) -> Evidence:
    """What a search's hits say for an answer."""
    asked, first = stems(telling(question)), hits[:_CLOSE]
    if not asked or not first:
        return Evidence(0.0, 0.0, 0.0)
    return Evidence(
        max((hit.similarity for hit in hits if hit.similarity is not None), default=0.0),
        max(len(stems(hit.matched)) for hit in first) / len(asked),
        sum(_agreed(hit) for hit in first) / len(first),
    )


def confidence(found: Evidence, *, measured: bool) -> float:
    """How likely the documents answer it, from 0 to 1.

    Args:
        measured: the similarity is that of the embedder that this was measured with.
    """
    bias, similarity, words, agreement = MEASURED if measured else WORDS_ALONE
    total = bias + similarity * found.similarity + words * found.words + agreement * found.agreement
    return 1 / (1 + math.exp(-total))


def _agreed(hit: Hit) -> bool:
    return all(rank is not None and rank <= _TEN for rank in (hit.dense_rank, hit.lexical_rank))
