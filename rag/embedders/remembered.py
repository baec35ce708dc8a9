"""An embedder that remembers the vectors of the texts that it was asked for last; people ask the same things."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from rag.embedder import Embedder, Vectors
from substrate.columns import Sensitivity


class Remembered:
    """Any embedder, with its newest vectors kept in memory.

    Args:
        embedder: computes what is not remembered.
        most: how many texts are remembered; a vector of 384 numbers takes 1.5 kB.
    """

    def __init__(self, embedder: Embedder, most: int = 1_024) -> None:
        self._embedder = embedder
        self._one = lru_cache(maxsize=most)(self._computed)

    @property
    def fingerprint(self) -> str:
        """Of the embedder behind."""
        return self._embedder.fingerprint

    @property
    def dimensions(self) -> int:
        """Of the embedder behind."""
        return self._embedder.dimensions

    @property
    def clearance(self) -> Sensitivity:
        """Of the embedder behind."""
        return self._embedder.clearance

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts; a single one is remembered.

        Raises:
            PlumblineError: as the embedder behind.
        """
        return self._one(texts[0]) if len(texts) == 1 else self._embedder.embed(texts)

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has."""
        return self._embedder.tokens(texts)

    def _computed(self, text: str) -> Vectors:
        vectors = np.asarray(self._embedder.embed([text]), dtype=np.float32)
        vectors.setflags(write=False)
        return vectors
