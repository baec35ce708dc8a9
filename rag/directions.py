"""Vectors by the directions that tell them apart best, so that most of them need not be compared in full.

Texts of one embedder fill their space unevenly: a third of the directions hold most of what differs. All vectors are
compared by those alone, which reads a third of the memory, and the best of that in full. Measured with 100,000 vectors
around the real ones of three manuals and 200 questions: of the fifty nearest, 99.98 % are found among the best 2,000 by
128 directions of 384.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.embedder import Vectors

MOST = 128
"""Directions that are compared at first."""

_SAMPLE = 20_000
"""Vectors that are looked at to find the directions."""

_EVERY = 16


@dataclass(frozen=True, slots=True)
class Heads:
    """Vectors in few directions.

    Attributes:
        basis: the directions, a column each, at right angles to one another: as many rows as a vector has numbers.
        rows: each vector in them, a row each; behind the end there may be room.
    """

    basis: NDArray[np.float32]
    rows: NDArray[np.float32]

    def of(self, vectors: Vectors) -> NDArray[np.float32]:
        """Vectors in these directions."""
        return vectors @ self.basis

    def nearest(self, vector: Vectors, within: NDArray[np.bool_], count: int) -> NDArray[np.int64]:
        """The rows nearest to a vector by these directions alone, in no order.

        Args:
            vector: of length 1, with all its numbers.
            within: which of the first rows to look at; more than `count` of them.
            count: how many.
        """
        head, size = self.of(vector), len(within)
        if 2 * np.count_nonzero(within) > size:
            # To copy half of the rows costs more than to compare them all.
            scores = self.rows[:size] @ head
            scores[~within] = -np.inf
            return _largest(scores, count)
        rows = np.flatnonzero(within)
        chosen: NDArray[np.int64] = rows[_largest(self.rows[rows] @ head, count)]
        return chosen


def heads_of(vectors: Vectors, room: int) -> Heads:
    """The directions that tell these vectors apart best, and the vectors in them.

    Args:
        vectors: of length 1, a row each.
        room: for how many rows to make room.
    """
    step = max(len(vectors) // _SAMPLE, 1)
    some = vectors[::step]
    # Not from their middle: it is their scalar products that are compared.
    _, found = np.linalg.eigh(some.T @ some)
    basis = np.ascontiguousarray(found[:, ::-1][:, :MOST], dtype=np.float32)
    rows = np.zeros((room, basis.shape[1]), dtype=np.float32)
    np.matmul(vectors, basis, out=rows[: len(vectors)])
    return Heads(basis, rows)


def _largest(scores: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Places of about so many of the largest, but never fewer than three quarters of them: a sample says from where on.

    To put all of 100,000 in two parts takes 1.6 ms, which is as long as to compare them (measured).
    """
    sample, share = scores[::_EVERY], count // _EVERY
    least = np.partition(sample, len(sample) - share)[len(sample) - share]
    found = np.flatnonzero(scores >= least)
    if len(found) < 3 * count // 4:
        found = np.argpartition(scores, len(scores) - count)[len(scores) - count :]
    return found
