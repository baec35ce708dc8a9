"""What was embedded lately is not embedded again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rag.embedder import Vectors
from rag.embedders.hashing import HashingEmbedder
from rag.embedders.recent import RecentlyEmbedded


class Counting(HashingEmbedder):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors, and a note of it."""
        self.asked += texts
        return super().embed(texts)


def test_each_text_is_asked_for_once() -> None:
    inner = Counting()
    embedder = RecentlyEmbedded(inner)
    first = embedder.embed(["ward", "bed", "ward"])
    assert np.array_equal(first, HashingEmbedder().embed(["ward", "bed", "ward"]))
    assert np.array_equal(embedder.embed(["bed", "truck"]), HashingEmbedder().embed(["bed", "truck"]))
    assert inner.asked == ["ward", "bed", "truck"]


def test_what_was_not_used_for_long_is_forgotten_first() -> None:
    inner = Counting()
    embedder = RecentlyEmbedded(inner, most=2)
    for text in ("ward", "bed", "ward", "truck", "ward", "bed"):
        embedder.embed([text])
    assert inner.asked == ["ward", "bed", "truck", "bed"]


def test_nothing_gives_nothing_and_a_caller_cannot_spoil_what_is_kept() -> None:
    embedder = RecentlyEmbedded(HashingEmbedder())
    embedder.embed(["ward"])[:] = 0
    assert embedder.embed([]).shape == (0, 64)
    assert embedder.embed(["ward"]).any()


def test_it_passes_for_the_one_inside() -> None:
    inner = HashingEmbedder()
    embedder = RecentlyEmbedded(inner)
    assert (embedder.fingerprint, embedder.clearance) == (inner.fingerprint, inner.clearance)
    assert embedder.tokens(["a ward"]) == [2]
