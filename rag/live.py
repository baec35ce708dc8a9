"""What a search needs of an index: the generation that is live, by vectors, by words, and by what is known of rows.

A row is a chunk's place in the catalogue of one generation. Which rows may be seen is settled before any text is read:
by the choice of partitions, each of which holds what one label lets be seen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.hit import Passage, Query
from substrate.access import Label

Rows = NDArray[np.int64]
Vector = NDArray[np.float32]
Ranked = list[tuple[int, float]]
"""Rows with their scores, the best first."""


class LiveIndex(Protocol):
    """The live generation of one copilot's index; it stays what it is for as long as it is held."""

    @property
    def generation(self) -> int:
        """Which generation it is."""

    @property
    def size(self) -> int:
        """How many chunks it has, visible or not."""

    @property
    def partitions(self) -> Mapping[int, Label]:
        """Its partitions, and what somebody must be to see what one holds."""

    @property
    def checked_at(self) -> int | None:
        """Up to when all its sources are known to be followed, in microseconds since 1970 UTC; None: never yet."""

    def nearest(self, vector: Vector, partitions: Collection[int], k: int, among: Rows | None = None) -> Ranked:
        """The k rows of the partitions with the largest cosine to a unit vector.

        Args:
            among: only these rows; None: all of the partitions.
        """

    def matching(
        self,
        words: Mapping[str, float],
        partitions: Collection[int],
        k: int,
        among: Rows | None = None,
        *,
        beyond: bool = False,
    ) -> Ranked:
        """The k rows of the partitions that score highest (BM25) for words, each with its weight; none without any.

        Args:
            among: only these rows; None: all of the partitions.
            beyond: behind the k, also such as the same look brought; there may be none.
        """

    def rows(self, partitions: Collection[int], wanted: Query) -> Rows:
        """All rows of the partitions that the query's filters let through; its text and k say nothing here."""

    def passages(self, rows: Iterable[int]) -> list[Passage]:
        """What the rows hold, in the order of asking; what has gone since is left out."""

    def states(self, rows: Iterable[int]) -> list[bytes]:
        """What `rag.rerank.pack` made of the rows' tokens; empty where the embedder tells no tokens apart."""


class Index(Protocol):
    """The index of all copilots."""

    def live(self, copilot: str) -> LiveIndex:
        """A copilot's live generation.

        Raises:
            NotFoundError: nothing was ever built for it.
        """
