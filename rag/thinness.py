"""How likely it is that the documents answer a question at all, from what a search found.

A logistic function of a few numbers, fitted by `python -m benchmarks.thinness` on half of the questions of five judged
sets: the golden questions of three manuals, which count double, COVID-QA and MedQuAD. Each is asked of its own
documents (there is an answer), and of others' (there is none, but by chance). The figures below are of the other half,
in the order of the fused legs, without the second look of `rag.rerank`, which may put another hit first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rag.hit import Hit
from rag.languages import ENGLISH
from rag.words import stems, telling

_CLOSE = 3
"""How many of the best hits count."""

_TEN = 10

MEASURED = (-5.2, 10.9, 2.8, 0.0)
"""Bias, and the weights of similarity, words and agreement. Area under the curve: hospital 0.83, logistics 0.91, school
0.97, MedQuAD 1.00, COVID-QA 0.89."""

WORDS_ALONE = (-1.9, 0.0, 3.0, 1.8)
"""The same for an embedder whose cosines we do not know: 0.64, 0.76, 0.83, 0.99, 0.90."""

THIN = 0.35
"""Below it, the answer is that the documents do not say. So chosen that about a tenth of the manuals' questions with an
answer are refused (9, 11, 11, 0 and 5 %). Of another set's questions 41, 26, 2, 23 and 71 % are not refused, of 21 that
were written to have no answer 8."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for an answer, each from 0 to 1.

    Attributes:
        similarity: cosine of the question with the best hit.
        words: the largest share of the question's words that stand in one of the best three hits.
        agreement: share of the best three hits that both legs found among their first ten.
    """

    similarity: float
    words: float
    agreement: float


def evidence(question: str, hits: Sequence[Hit], language: str = ENGLISH) -> Evidence:
    """What a search's hits say for an answer."""
    asked, first = stems(telling(question, language), language), hits[:_CLOSE]
    if not asked or not first:
        return Evidence(0.0, 0.0, 0.0)
    return Evidence(
        hits[0].similarity or 0.0,
        max(len(stems(hit.matched, language)) for hit in first) / len(asked),
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
