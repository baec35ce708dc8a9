"""How likely it is that the documents answer a question at all, from what a search found.

A logistic function of a few numbers, fitted by `python -m benchmarks.thinness` on half of the questions of five judged
sets: the golden questions of three manuals, which count double, COVID-QA and MedQuAD. Each is asked of its own
documents (there is an answer), and of others' (there is none, but by chance). The figures below are of the other half
as they are served, with the second look of `rag.rerank`; a fit to hits in that order comes to the same constants, up to
luck. What else was tried as evidence, and did not pay, stands in `benchmarks/README.md`.
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
"""Bias, and the weights of similarity, words and agreement. Area under the curve, to questions of a like set: hospital
0.81, logistics 0.92, school 0.95, MedQuAD 0.99, COVID-QA 0.92."""

WORDS_ALONE = (-1.9, 0.0, 3.0, 1.8)
"""The same for an embedder whose cosines we do not know, at the first look, which is all that such a one has: 0.64,
0.76, 0.83, 0.99 and 0.90 to questions of the next set, like or not."""

THIN = 0.35
"""Below it, the answer is that the documents do not say; a copilot may have a threshold of its own. So chosen that
about a tenth of the manuals' questions with an answer are refused (11, 16, 11, 0 and 5 %). Of a like set's questions
40, 15, 8, 58 and 52 % are not refused, of another field's 23, 0, 0, 19 and 25 %, of 21 that were written to have no
answer 5."""


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
