"""An embedder that keeps its vectors in a file, so that a second run begins where the first one ended."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from sqlite3 import connect

import numpy as np

from rag.embedder import Embedder, Vectors

_BATCH = 512


class Remembering:
    """Embeds each text once, ever.

    Args:
        inner: what embeds.
        file: where vectors are kept; None: nowhere.
    """

    def __init__(self, inner: Embedder, file: Path | None) -> None:
        self.inner = inner
        self.fingerprint, self.dimensions, self.clearance = inner.fingerprint, inner.dimensions, inner.clearance
        self._memory = connect(file or ":memory:")
        self._memory.execute("CREATE TABLE IF NOT EXISTS vector (text BLOB PRIMARY KEY, vector BLOB NOT NULL)")

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As `Embedder.embed`."""
        keys = [self._key(text) for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if self._kept(key) is None}
        for start in range(0, len(missing), _BATCH):
            some = list(missing.items())[start : start + _BATCH]
            vectors = self.inner.embed([text for _, text in some])
            rows = [(key, vector.tobytes()) for (key, _), vector in zip(some, vectors, strict=True)]
            with self._memory:
                self._memory.executemany("INSERT OR IGNORE INTO vector VALUES (?, ?)", rows)
        found = [np.frombuffer(self._kept(key) or b"", dtype=np.float32) for key in keys]
        return np.array(found, dtype=np.float32).reshape(len(texts), self.dimensions)

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """As `Embedder.tokens`."""
        return self.inner.tokens(texts)

    def _key(self, text: str) -> bytes:
        return blake2b(f"{self.fingerprint}\n{text}".encode("utf-8", "replace"), digest_size=16).digest()

    def _kept(self, key: bytes) -> bytes | None:
        with closing(self._memory.execute("SELECT vector FROM vector WHERE text = ?", [key])) as found:
            row = found.fetchone()
        return row[0] if row else None
