"""Vectors of hashed words, for tests only: no model and no files, and texts that share words lie close together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import shake_128

import numpy as np

from rag.embedder import Vectors
from substrate.columns import Sensitivity

_WORD = re.compile(r"\w+")


class HashingEmbedder:
    """Adds up one direction for each word, in lower case; knows nothing of what words mean.

    Args:
        dimensions: how many numbers a vector has.
    """

    clearance = Sensitivity.PHI

    def __init__(self, dimensions: int = 64) -> None:
        self.dimensions = dimensions
        self.fingerprint = f"hashing-{dimensions}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts; one without a word is the first axis."""
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            for word in _words(text):
                vector += self._direction(word)
            if not vector.any():
                vector[0] = 1.0
            vector /= np.linalg.norm(vector)
        return vectors

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """How many words each text has."""
        return [len(_words(text)) for text in texts]

    def _direction(self, word: str) -> Vectors:
        digest = shake_128(word.encode("utf-8", "replace")).digest(self.dimensions)
        return np.frombuffer(digest, dtype=np.uint8).astype(np.float32) - 127.5


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
