"""Whether two runs over the same questions differ by more than luck: the paired bootstrap.

Questions are drawn again and again with replacement, each with both its values, and the difference of the means is
taken anew (Efron and Tibshirani, *An Introduction to the Bootstrap*, 1993, ch. 13 and 16; for retrieval: Sakai,
*Evaluating evaluation metrics based on the bootstrap*, SIGIR 2006).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 10_000
SEED = 20_240_229
_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Difference:
    """How a measure moved from one run to another.

    Attributes:
        questions: how many questions both runs judged.
        before: the mean of the first.
        after: the mean of the second.
        low: lower end of the 95 % confidence interval of the difference (percentiles).
        high: its upper end.
        p: two-sided probability of a difference this large if there were none.
        worse: share of the draws in which the second is worse by more than the margin that was asked for.
    """

    questions: int
    before: float
    after: float
    low: float
    high: float
    p: float
    worse: float

    @property
    def by(self) -> float:
        """By how much the mean moved."""
        return self.after - self.before


def paired_bootstrap(
    before: Sequence[float] | NDArray[np.float64],
    after: Sequence[float] | NDArray[np.float64],
    *,
    margin: float = 0.0,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Difference:
    """The difference of two runs over the same questions, in the same order; the same seed gives the same answer.

    Args:
        before: a measure of each question in the first run.
        after: the same of the second.
        margin: by more than this the second must fall for a draw to count as worse.
        draws: how often the questions are drawn.
        seed: of the draws.

    Raises:
        ValueError: the runs have not equally many questions, or none.
    """
    first, second = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if first.shape != second.shape or not first.size:
        raise ValueError(f"{first.size} and {second.size} questions cannot be compared in pairs")
    moved = second - first
    drawn = _means(moved, draws, seed)
    mean = float(moved.mean())
    tail = (1.0 - _LEVEL) / 2.0
    low, high = np.quantile(drawn, [tail, 1.0 - tail])
    # Under "no difference" the draws lie around 0 instead of around the mean. One is added to both counts, so that
    # no p is 0: the runs themselves are one of the outcomes (Davison and Hinkley 1997, 4.2). Rounding is no evidence.
    extreme = int((np.abs(drawn - mean) >= abs(mean) - 1e-12).sum())
    worse = float((drawn < -margin - 1e-12).mean())
    return Difference(
        first.size,
        float(first.mean()),
        float(second.mean()),
        float(low),
        float(high),
        (extreme + 1) / (draws + 1),
        worse,
    )


def _means(moved: NDArray[np.float64], draws: int, seed: int) -> NDArray[np.float64]:
    """The mean of each draw; in blocks, so that many questions do not fill the memory."""
    random = np.random.default_rng(seed)
    block = max(1, 4_000_000 // moved.size)
    parts = [
        moved[random.integers(0, moved.size, size=(min(block, draws - start), moved.size))].mean(axis=1)
        for start in range(0, draws, block)
    ]
    return np.concatenate(parts)
