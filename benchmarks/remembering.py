"""An embedder that keeps its vectors in a file, so that a second run begins where the first one ended."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from sqlite3 import connect

import numpy as np

from rag.embedder import Vectors
from rag.rerank import Probe, TokenEmbedder

_BATCH = 512


class Remembering:
    """Embeds each text once, ever.

    Args:
        inner: what embeds.
        file: where vectors are kept; None: nowhere.
    """

    def __init__(self, inner: TokenEmbedder, file: Path | None) -> None:
        self.inner = inner
        self.fingerprint, self.dimensions, self.clearance = inner.fingerprint, inner.dimensions, inner.clearance
        self._memory = connect(file or ":memory:")
        self._memory.execute("CREATE TABLE IF NOT EXISTS made (text BLOB PRIMARY KEY, vector BLOB, states BLOB)")

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As `Embedder.embed`."""
        return self.embed_with_states(texts)[0]

    def embed_with_states(self, texts: Sequence[str]) -> tuple[Vectors, list[bytes]]:
        """As `TokenEmbedder.embed_with_states`."""
        keys = [self._key(text) for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if self._kept(key) is None}
        for start in range(0, len(missing), _BATCH):
            some = list(missing.items())[start : start + _BATCH]
            vectors, states = self.inner.embed_with_states([text for _, text in some])
            rows = [(key, vector.tobytes(), each) for (key, _), vector, each in zip(some, vectors, states, strict=True)]
            with self._memory:
                self._memory.executemany("INSERT OR IGNORE INTO made VALUES (?, ?, ?)", rows)
        found = [self._kept(key) or (b"", b"") for key in keys]
        matrix = np.array([np.frombuffer(vector, dtype=np.float32) for vector, _ in found], dtype=np.float32)
        return matrix.reshape(len(texts), self.dimensions), [states for _, states in found]

    def probe(self, question: str) -> Probe:
        """As `TokenEmbedder.probe`."""
        return self.inner.probe(question)

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """As `Embedder.tokens`."""
        return self.inner.tokens(texts)

    def _key(self, text: str) -> bytes:
        return blake2b(f"{self.fingerprint}\n{text}".encode("utf-8", "replace"), digest_size=16).digest()

    def _kept(self, key: bytes) -> tuple[bytes, bytes] | None:
        with closing(self._memory.execute("SELECT vector, states FROM made WHERE text = ?", [key])) as found:
            row: tuple[bytes, bytes] | None = found.fetchone()
        return row
