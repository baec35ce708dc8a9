"""Compare what must be there with what is: the ledger with Chroma and the words, chunk by chunk, and mend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np

from rag.embedder import Vectors
from rag.projection import key_of

Wanted = Mapping[str, tuple[int, int]]
"""The partition and number of each chunk that must be there, by id."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What one store has too little and too much of.

    Attributes:
        missing: chunks that it lacks, or has as they no longer are.
        strange: what should not be there, by partition; the words know none.
    """

    missing: list[str]
    strange: dict[int, list[str]] = field(default_factory=dict)

    @property
    def strangers(self) -> int:
        """How many should not be there."""
        return sum(len(ids) for ids in self.strange.values())


@dataclass(slots=True)
class Repair:
    """What was compared and mended.

    Attributes:
        chunks: how many must be there.
        vectors_restored: chunks whose vector was lost.
        vectors_removed: vectors that should not have been there.
        words_restored: chunks whose words were lost or old.
        words_removed: words that should not have been there.
        rows_restored: rows that were missing in memory.
        rows_removed: rows too many in memory.
    """

    chunks: int = 0
    vectors_restored: int = 0
    vectors_removed: int = 0
    words_restored: int = 0
    words_removed: int = 0
    rows_restored: int = 0
    rows_removed: int = 0

    @property
    def changed(self) -> int:
        """How much was mended."""
        return sum(int(count) for name, count in asdict(self).items() if name != "chunks")

    def __add__(self, other: Repair) -> Repair:
        mine, its = asdict(self), asdict(other)
        return Repair(**{name: mine[name] + its[name] for name in mine})


def compare_vectors(wanted: Wanted, present: Mapping[int, set[str]]) -> Difference:
    """What Chroma lacks, and what it has in a partition where it does not belong."""
    missing = [chunk for chunk, (label, _) in wanted.items() if chunk not in present.get(label, ())]
    strange = {}
    for label, ids in present.items():
        over = [chunk for chunk in ids if wanted.get(chunk, (None, 0))[0] != label]
        if over:
            strange[label] = over
    return Difference(missing, strange)


def compare_words(wanted: Wanted, present: Mapping[int, int]) -> tuple[list[str], list[int]]:
    """Chunks whose words are missing or older than their last change, and keys of words that should not be there."""
    missing = [chunk for chunk, (_, number) in wanted.items() if present.get(key_of(chunk)) != number]
    known = {key_of(chunk) for chunk in wanted}
    return missing, [key for key in present if key not in known]


def alike(one: Vectors, other: Vectors) -> bool:
    """Whether two unit vectors are the same but for rounding."""
    return one.shape == other.shape and float(np.abs(one - other).max(initial=0.0)) < 1e-5
