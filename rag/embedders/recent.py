"""The vectors that were asked for last, kept in memory, so that a question asked again costs no call."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

import numpy as np

from rag.embedder import Embedder, Vectors
from substrate.columns import Sensitivity


class RecentlyEmbedded:
    """An embedder that remembers; what stands in documents is kept by the ledger, and for good.

    Args:
        inner: who is asked for what is not remembered.
        most: how many vectors are kept; those least recently used go first.
    """

    def __init__(self, inner: Embedder, most: int = 1024) -> None:
        self.inner = inner
        self._most = most
        self._kept: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = Lock()

    @property
    def fingerprint(self) -> str:
        """That of the embedder inside."""
        return self.inner.fingerprint

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""
        return self.inner.dimensions

    @property
    def clearance(self) -> Sensitivity:
        """What the embedder inside may be given."""
        return self.inner.clearance

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts; each different one that is not remembered is asked for once."""
        known = self._remembered(texts)
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            known |= zip(missing, self.inner.embed(missing), strict=True)
            self._remember({text: known[text] for text in missing})
        return np.array([known[text] for text in texts], dtype=np.float32).reshape(len(texts), self.dimensions)

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has."""
        return self.inner.tokens(texts)

    def _remembered(self, texts: Sequence[str]) -> dict[str, Vectors]:
        with self._lock:
            found = {text: self._kept[text] for text in texts if text in self._kept}
            for text in found:
                self._kept.move_to_end(text)
        return found

    def _remember(self, vectors: dict[str, Vectors]) -> None:
        with self._lock:
            for text, vector in vectors.items():
                self._kept[text] = vector.copy()
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
