"""Where the vectors of all generations lie, by partition, which is a generation's token and a label's number."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from rag.embedder import Vectors
from substrate.errors import UnavailableError

AT_ONCE = 100
"""Vectors a call where nobody searches."""

BEHIND = 10
"""Vectors a call while others search, who wait for at most one such call."""


class VectorStoreError(UnavailableError):
    """Chroma cannot be reached, or does not do what it was asked."""


class VectorStore(Protocol):
    """Vectors, by partition. Each of its methods raises a `VectorStoreError` where Chroma does not do it."""

    def add(self, token: str, label: int, ids: Sequence[str], vectors: Vectors, at_once: int = AT_ONCE) -> int:
        """Add vectors, at most so many a call; says how many. Ids that are there already keep theirs."""

    def delete(self, token: str, label: int, ids: Iterable[str]) -> None:
        """Delete vectors; ids that are not there do no harm."""

    def ids(self, token: str) -> dict[int, set[str]]:
        """All ids of a generation, by partition."""

    def vectors(self, token: str, label: int, ids: Iterable[str]) -> dict[str, Vectors]:
        """The vectors that are held for these ids, of length 1."""

    def nearest(self, token: str, label: int, vector: Vectors, count: int) -> list[str]:
        """The ids of the vectors nearest to one, approximately; the nearest first."""

    def drop(self, token: str) -> int:
        """Drop all of a generation; says how many collections went."""

    def drop_others(self, tokens: Collection[str]) -> int:
        """Drop what is of none of these generations; only where all is ours. Says how many collections went."""

    def close(self) -> None:
        """Close it; its files are then whole."""
