"""Seeded chance, drawn from numpy in blocks and handed out one number at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, count
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from substrate.clock import SECOND

T = TypeVar("T")
_BLOCK = 4096


class Dice:
    """One stream of chance; the same seed always gives the same numbers."""

    def __init__(self, *seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.unit: Callable[[], float] = chain.from_iterable(self.rng.random(_BLOCK).tolist() for _ in count()).__next__
        self.normal: Callable[[], float] = chain.from_iterable(
            self.rng.standard_normal(_BLOCK).tolist() for _ in count()
        ).__next__

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.unit() < probability

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, each as likely as the next."""
        return choices[int(self.unit() * len(choices))]

    def below(self, limit: int) -> int:
        """A whole number from 0 to limit - 1."""
        return int(self.unit() * limit)

    def span(self, low: int, high: int) -> int:
        """A duration or instant in micros between the two, on a whole second."""
        return low + int(self.unit() * ((high - low) // SECOND)) * SECOND

    def indices(self, size: int, weights: Sequence[float]) -> NDArray[np.int64]:
        """`size` positions into the weights, drawn in proportion to them."""
        shares = np.asarray(weights, dtype=np.float64)
        return self.rng.choice(len(shares), size=size, p=shares / shares.sum())
