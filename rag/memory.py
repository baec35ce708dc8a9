"""An index in memory: every vector compared, every word counted. It is what tests and measurements hold others to."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rag.hit import Passage, Query
from rag.live import LiveIndex, Ranked, Rows, Vector
from rag.words import stem, words_of
from substrate.access import Label
from substrate.errors import NotFoundError

_K1, _B = 1.2, 0.75
"""BM25's usual parameters, as tantivy and Lucene set them."""


class MemoryLive:
    """One generation, held whole.

    Args:
        passages: the chunks.
        vectors: their unit vectors, one row each.
        generation: its number.
        checked_at: as in `LiveIndex`.
        states: as in `LiveIndex`, of each passage; none: of no one.
    """

    def __init__(
        self,
        passages: Sequence[Passage],
        vectors: NDArray[np.float32],
        generation: int = 1,
        checked_at: int | None = 0,
        states: Sequence[bytes] = (),
    ) -> None:
        self.generation = generation
        self.size = len(passages)
        self.checked_at = checked_at
        self._passages = list(passages)
        self._vectors = vectors
        self._states = states or [b""] * len(passages)
        labels = list(dict.fromkeys(passage.label for passage in passages))
        self.partitions: Mapping[int, Label] = dict(enumerate(labels))
        numbers = {label: number for number, label in self.partitions.items()}
        self._partition = np.array([numbers[passage.label] for passage in passages], dtype=np.int64)

    def nearest(self, vector: Vector, partitions: Collection[int], k: int, among: Rows | None = None) -> Ranked:
        """The k rows with the largest cosine, exactly."""
        rows = self._visible(partitions, among)
        return _best(rows, self._vectors[rows] @ vector, k)

    def matching(
        self,
        words: Mapping[str, float],
        partitions: Collection[int],
        k: int,
        among: Rows | None = None,
        *,
        beyond: bool = False,
    ) -> Ranked:
        """The k rows that score highest by BM25; rows without any of the words are left out."""
        scores = np.zeros(self.size)
        for word, weight in words.items():
            for part in words_of(word):
                rows, counts = self._postings.get(stem(part), _NOWHERE)
                idf = math.log(1 + (self.size - len(rows) + 0.5) / (len(rows) + 0.5))
                scores[rows] += weight * idf * counts * (_K1 + 1) / (counts + self._damping[rows])
        rows = self._visible(partitions, among)
        found = rows[scores[rows] > 0]
        return _best(found, scores[found], len(found) if beyond else k)

    def rows(self, partitions: Collection[int], wanted: Query) -> Rows:
        """The rows of the partitions that the filters let through."""
        rows = self._visible(partitions, None)
        return np.array([row for row in rows if _passes(self._passages[row], wanted)], dtype=np.int64)

    def passages(self, rows: Iterable[int]) -> list[Passage]:
        """What the rows hold."""
        return [self._passages[row] for row in rows]

    def states(self, rows: Iterable[int]) -> list[bytes]:
        """What was made of the rows' tokens."""
        return [self._states[row] for row in rows]

    def _visible(self, partitions: Collection[int], among: Rows | None) -> Rows:
        rows = np.arange(self.size) if among is None else np.asarray(among, dtype=np.int64)
        return rows[np.isin(self._partition[rows], list(partitions))]

    @cached_property
    def _counts(self) -> list[Counter[str]]:
        texts = (" ".join((one.title, *one.headings, one.text)) for one in self._passages)
        return [Counter(stem(word) for word in words_of(text)) for text in texts]

    @cached_property
    def _damping(self) -> NDArray[np.float64]:
        lengths = np.array([each.total() for each in self._counts], dtype=float)
        damping: NDArray[np.float64] = _K1 * (1 - _B + _B * lengths / max(float(lengths.mean()), 1.0))
        return damping

    @cached_property
    def _postings(self) -> dict[str, tuple[Rows, NDArray[np.float64]]]:
        found: dict[str, list[tuple[int, int]]] = {}
        for row, counts in enumerate(self._counts):
            for word, count in counts.items():
                found.setdefault(word, []).append((row, count))
        return {word: (np.array([row for row, _ in at]), np.array([float(n) for _, n in at])) for word, at in
                found.items()}  # fmt: skip


class MemoryIndex:
    """The index of all copilots, by their names."""

    def __init__(self, copilots: Mapping[str, LiveIndex]) -> None:
        self._copilots = copilots

    def live(self, copilot: str) -> LiveIndex:
        """A copilot's generation.

        Raises:
            NotFoundError: there is none.
        """
        if copilot not in self._copilots:
            raise NotFoundError(f"nothing was indexed for {copilot!r}", hint="Sync it first.")
        return self._copilots[copilot]


_NOWHERE: tuple[Rows, NDArray[np.float64]] = (np.array([], dtype=np.int64), np.array([]))


def _best(rows: Rows, scores: NDArray[np.floating], k: int) -> Ranked:
    order = np.lexsort((rows, -scores))[:k]
    return [(int(rows[place]), float(scores[place])) for place in order]


def _passes(passage: Passage, wanted: Query) -> bool:
    changed = passage.changed_at
    return (
        (not wanted.kinds or passage.kind in wanted.kinds)
        and (not wanted.sites or passage.label.site in wanted.sites)
        and (wanted.entity is None or passage.entity == wanted.entity)
        and (wanted.changed_after is None or (changed is not None and changed > wanted.changed_after))
        and (wanted.changed_before is None or (changed is not None and changed < wanted.changed_before))
    )
