"""The vectors of texts, kept by embedder and text: the same text is embedded once, for all generations and copilots."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import TypeVar

import numpy as np
from sqlalchemy import Connection, delete, exists, func, select

from rag.embedder import Vectors
from rag.ledger import rag_chunk, rag_vector
from substrate.bulk import append

_AT_ONCE = 500
_DTYPE = np.dtype("<f4")

_T = TypeVar("_T")


def slices(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """The items in lists of at most so many."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def unknown(connection: Connection, wanted: Collection[str]) -> set[str]:
    """Which of these digests have no vector yet."""
    known: set[str] = set()
    for part in slices(wanted, _AT_ONCE):
        known.update(connection.scalars(select(rag_vector.c.digest).where(rag_vector.c.digest.in_(part))))
    return set(wanted) - known


def keep(connection: Connection, made: Mapping[str, tuple[bytes, bytes | None]], now: int) -> int:
    """Keep vectors, and the states of their tokens, by their digests; says how many are new."""
    rows = [(name, now, *blobs) for name, blobs in made.items()]
    return append(connection, rag_vector, ("digest", "made_at", "vector", "states"), rows, new_only=True)


def states(connection: Connection, generation: int, chunks: Collection[str]) -> dict[str, bytes]:
    """The packed states of chunks' tokens, of those that have any."""
    joined = rag_chunk.join(rag_vector, rag_vector.c.digest == rag_chunk.c.vector)
    here = (rag_chunk.c.generation == generation, rag_chunk.c.chunk.in_(chunks), rag_vector.c.states.is_not(None))
    rows = connection.execute(select(rag_chunk.c.chunk, rag_vector.c.states).select_from(joined).where(*here))
    return dict(rows.tuples().all())


def to_bytes(vectors: Vectors) -> list[bytes]:
    """Each row as a row of the table holds it: 32-bit floats, little end first."""
    return [row.tobytes() for row in np.ascontiguousarray(vectors, dtype=_DTYPE)]


def to_matrix(blobs: Iterable[bytes], dimensions: int) -> Vectors:
    """Kept vectors as a matrix, one row each."""
    joined = b"".join(blobs)
    return np.frombuffer(joined, dtype=_DTYPE).reshape(-1, dimensions).astype(np.float32, copy=False)


def forget(connection: Connection, before: int, limit: int = 5_000) -> int:
    """Delete vectors made before an instant that no chunk uses, not even one that is gone; at most so many."""
    used = exists().where(rag_chunk.c.vector == rag_vector.c.digest)
    chosen = select(rag_vector.c.digest).where(rag_vector.c.made_at < before, ~used).limit(limit)
    return connection.execute(delete(rag_vector).where(rag_vector.c.digest.in_(chosen))).rowcount


def count(connection: Connection) -> int:
    """How many texts have a vector."""
    return int(connection.execute(select(func.count()).select_from(rag_vector)).scalar_one())
