"""How likely it is that the documents answer a question at all, from what a search found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rag.hit import Hit
from rag.words import stems, telling

_CLOSE = 3
"""How many of the best hits count."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for an answer, each from 0 to 1.

    Attributes:
        similarity: cosine of the question with the nearest passage.
        mean: the same, the mean of the nearest three.
        covered: share of the question's words that stand in the best three hits together.
        best: share of them that stand in one of these.
        agreement: share of the best three hits that both legs found among their first ten.
    """

    similarity: float
    mean: float
    covered: float
    best: float
    agreement: float


def evidence(question: str, hits: Sequence[Hit]) -> Evidence:
    """What a search's hits say for an answer."""
    near = sorted((hit.similarity for hit in hits if hit.similarity is not None), reverse=True)[:_CLOSE]
    asked, first = stems(telling(question)), hits[:_CLOSE]
    matched = [stems(hit.matched) for hit in first]
    return Evidence(
        max(near, default=0.0),
        sum(near) / len(near) if near else 0.0,
        len(set().union(*matched)) / len(asked) if asked else 0.0,
        max((len(each) for each in matched), default=0) / len(asked) if asked else 0.0,
        sum(_agreed(hit) for hit in first) / len(first) if first else 0.0,
    )


def confidence(found: Evidence) -> float:
    """How likely the documents answer it, from 0 to 1."""
    total = _BIAS + sum(weight * getattr(found, name) for name, weight in _WEIGHTS.items())
    return 1 / (1 + math.exp(-total))


_TEN = 10
_BIAS = -8.0
_WEIGHTS = {"similarity": 10.0, "mean": 4.0, "covered": 1.5, "best": 1.0, "agreement": 0.5}
THIN = 0.5
"""Below it, the answer is that the documents do not say."""


def _agreed(hit: Hit) -> bool:
    return all(rank is not None and rank <= _TEN for rank in (hit.dense_rank, hit.lexical_rank))
