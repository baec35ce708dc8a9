"""The live generation as searches see it: exact where few rows may be seen, through Chroma where many may."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.catalogue import View
from rag.hit import Passage, Query
from rag.live import Ranked, Rows, Vector
from rag.projection import key_of
from rag.vector_store import VectorStoreError
from substrate.access import Label

EXACT = 40_000
"""Up to so many rows for each partition are compared one by one. Measured on two cores: 0.04 µs a row where most of all
are compared, and 1.6 ms to ask Chroma for a partition, whatever its size."""

_IN_FULL = 2_000
"""So many of the best by few directions are compared in full, or `_FULLER` times as many as are asked for."""

_FULLER = 10
_OVER = 4
_AMONG = 2_000

_BEYOND = 1_000
"""So many matches of words one look brings, if asked for more than are wanted: that takes 1 ms more than to bring 50,
and to look up what words say of 50 given chunks takes 4 ms (measured among 100,000)."""

Nearest = Callable[[int, Vector, int], list[str]]
"""The chunks of a partition nearest to a vector, approximately: its number, the vector, how many."""

Matching = Callable[[Mapping[str, float], Collection[int], int, list[int] | None], list[tuple[int, float]]]
Told = Callable[[list[int]], dict[int, Passage]]
"""What the ledger says now of chunks, by key."""

States = Callable[[list[int]], dict[int, bytes]]
"""What was made of the tokens of chunks, by key."""


@dataclass(frozen=True, slots=True)
class Served:
    """One generation at one moment; see `rag.live.LiveIndex` for what each part means."""

    generation: int
    partitions: Mapping[int, Label]
    checked_at: int | None
    view: View
    nearest_in: Nearest
    matching_in: Matching
    told: Told
    states_of: States
    exact: int = EXACT

    @property
    def size(self) -> int:
        """How many chunks it has, visible or not."""
        return int(np.count_nonzero(self.view.alive))

    def nearest(self, vector: Vector, partitions: Collection[int], k: int, among: Rows | None = None) -> Ranked:
        """The k rows of the partitions with the largest cosine to a unit vector, the best first."""
        within = self._within(partitions, among)
        count = int(np.count_nonzero(within))
        if count == 0 or k < 1:
            return []
        if count <= self.exact * len(partitions):
            return self._exactly(vector, within, count, k)
        inside = int(np.count_nonzero(self.view.mask(partitions)))
        # What a filter leaves out was asked for in vain.
        wanted = k + _OVER if among is None else k * _OVER * inside // count
        try:
            found = self._approximately(vector, partitions, within, min(wanted, inside))
        except VectorStoreError:
            # All vectors are here, too: what Chroma cannot do now takes longer.
            found = []
        # So much was left out that too little is left: better slow than fewer than there are.
        return found[:k] if len(found) >= min(k, count) else self._exactly(vector, within, count, k)

    def matching(
        self,
        words: Mapping[str, float],
        partitions: Collection[int],
        k: int,
        among: Rows | None = None,
        *,
        beyond: bool = False,
    ) -> Ranked:
        """The k rows of the partitions that score highest (BM25) for words, each with its weight; none without any."""
        if k < 1 or not partitions:
            return []
        within = self._within(partitions, among)
        few = among is not None and len(among) <= _AMONG
        keys = [int(key) for key in self.view.column("key")[among]] if few else None
        count = max(k + _OVER, _BEYOND if beyond else 0)
        while True:
            scored = self.matching_in(words, partitions, count, keys)
            rows = self.view.scored(scored, within)
            if len(rows) >= k or len(scored) < count:
                return rows if beyond else rows[:k]
            count *= 2 * _OVER

    def rows(self, partitions: Collection[int], wanted: Query) -> Rows:
        """All rows of the partitions that the query's filters let through."""
        sites = [number for number, label in self.partitions.items() if label.site in wanted.sites]
        return self.view.rows(partitions, sites if wanted.sites else None, wanted)

    def passages(self, rows: Iterable[int]) -> list[Passage]:
        """What the rows hold, in the order of asking; what has gone since is left out."""
        keys = [int(self.view.columns["key"][row]) for row in rows]
        told = self.told(keys)
        return [told[key] for key in keys if key in told]

    def states(self, rows: Iterable[int]) -> list[bytes]:
        """What was made of the rows' tokens; empty where there is none, or it has gone since."""
        keys = [int(self.view.columns["key"][row]) for row in rows]
        found = self.states_of(keys)
        return [found.get(key, b"") for key in keys]

    def _within(self, partitions: Collection[int], among: Rows | None) -> NDArray[np.bool_]:
        within = self.view.mask(partitions)
        if among is None:
            return within
        chosen = np.zeros(self.view.size, dtype=bool)
        chosen[among] = True
        return within & chosen

    def _exactly(self, vector: Vector, within: NDArray[np.bool_], count: int, k: int) -> Ranked:
        view, full = self.view, max(_IN_FULL, _FULLER * k)
        if view.heads is not None and count > 2 * full:
            rows = view.heads.nearest(vector, within, full)
        elif 2 * count > view.size:
            # To copy half of the rows costs more than to compare them all.
            similarities = np.where(within, view.matrix[: view.size] @ vector, -np.inf)
            return _best(np.arange(view.size), similarities, min(k, count))
        else:
            rows = np.flatnonzero(within)
        return _best(rows, view.matrix[rows] @ vector, k)

    def _approximately(
        self, vector: Vector, partitions: Collection[int], within: NDArray[np.bool_], count: int
    ) -> Ranked:
        keys = (key_of(chunk) for label in partitions for chunk in self.nearest_in(label, vector, count))
        rows = self.view.found(keys, within)
        return _best(rows, self.view.matrix[rows] @ vector, len(rows))


def _best(rows: Rows, scores: NDArray[np.floating], k: int) -> Ranked:
    if len(rows) > 4 * k:
        # With all that ties with the last of them, so that ties are broken the same way each time.
        least = np.partition(scores, len(scores) - k)[len(scores) - k]
        top = np.flatnonzero(scores >= least)
        rows, scores = rows[top], scores[top]
    order = np.lexsort((rows, -scores))[:k]
    return [(int(rows[place]), float(scores[place])) for place in order]
