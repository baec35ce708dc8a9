"""The catalogue: what is known of each chunk of a generation, and its vector, as columns in memory.

One thread writes, any number read. What readers hold is a view that never changes: rows are only added behind its end,
and a row that is gone is marked in a copy. A row is a chunk's place here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.directions import MOST, Heads, heads_of
from rag.embedder import Vectors
from rag.hit import Query
from rag.live import Rows
from rag.projection import Change
from rag.vectors import to_matrix

_COLUMNS = ("key", "document", "label", "kind", "changed", "entity_kind", "entity")
_UNKNOWN = np.iinfo(np.int64).min
_LEAST = 1_024
_SPARSE = 2
"""The catalogue is packed when it has this many times as many rows as chunks."""

HEADS_FROM = 16_384
"""Rows from which on vectors are kept in few directions, too; the directions are chosen anew whenever rows double."""


@dataclass(frozen=True, slots=True)
class View:
    """The catalogue as it was at one moment.

    Attributes:
        size: how many rows it has, also those that are gone.
        alive: which of them are there.
        columns: by name, a number a row.
        matrix: a vector a row.
        heads: the same in few directions; None: there are too few to be worth it.
        places: the row of each chunk, by key; may know of later rows.
        codes: the numbers that stand for kinds of documents and entities.
    """

    size: int
    alive: NDArray[np.bool_]
    columns: dict[str, NDArray[np.int64]]
    matrix: Vectors
    heads: Heads | None
    places: dict[int, int]
    codes: dict[str, int]

    def column(self, name: str) -> NDArray[np.int64]:
        """One column, a number a row."""
        return self.columns[name][: self.size]

    def mask(self, labels: Collection[int]) -> NDArray[np.bool_]:
        """Which rows are there and in these partitions."""
        return self.alive & _in(self.column("label"), labels)

    def rows(self, labels: Collection[int], sites: Collection[int] | None, wanted: Query) -> Rows:
        """The rows of partitions that a query's filters let through.

        Args:
            labels: the partitions.
            sites: those of them that are of the wanted sites; None: sites do not matter.
            wanted: the query.
        """
        found = self.mask(labels)
        if sites is not None:
            found &= _in(self.column("label"), sites)
        if wanted.kinds:
            found &= _in(self.column("kind"), self._coded(wanted.kinds))
        if wanted.entity is not None:
            found &= _in(self.column("entity_kind"), self._coded([wanted.entity[0]]))
            found &= self.column("entity") == wanted.entity[1]
        changed = self.column("changed")
        if wanted.changed_after is not None:
            found &= changed > wanted.changed_after
        if wanted.changed_before is not None:
            found &= (changed < wanted.changed_before) & (changed != _UNKNOWN)
        return np.flatnonzero(found)

    def found(self, keys: Iterable[int], within: NDArray[np.bool_]) -> Rows:
        """The rows of these chunks, in their order; those that the mask leaves out are left out."""
        places = (self.places.get(key, self.size) for key in keys)
        rows = [row for row in places if row < self.size and within[row]]
        return np.array(rows, dtype=np.int64)

    def scored(self, scores: Iterable[tuple[int, float]], within: NDArray[np.bool_]) -> list[tuple[int, float]]:
        """Rows in place of chunks' keys; those that the mask leaves out are left out."""
        places, size = self.places, self.size
        rows = ((places.get(key, size), score) for key, score in scores)
        return [(row, score) for row, score in rows if row < size and within[row]]

    def _coded(self, names: Iterable[str]) -> list[int]:
        return [self.codes[name] for name in names if name in self.codes]


class Catalogue:
    """The columns, for the one thread that writes them.

    Args:
        dimensions: how many numbers a vector has.
    """

    def __init__(self, dimensions: int) -> None:
        self._dimensions = dimensions
        self._begin()

    @property
    def view(self) -> View:
        """The catalogue as it is now."""
        return self._view

    def __len__(self) -> int:
        return len(self._places)

    def label_of(self, key: int) -> int | None:
        """The partition that a chunk is in; None: it is not there."""
        row = self._places.get(key)
        return None if row is None else int(self._columns["label"][row])

    def keys(self) -> set[int]:
        """The keys of all chunks that are there."""
        return set(self._places)

    def apply(self, gone: Iterable[int], there: Sequence[Change]) -> None:
        """Take chunks out by their keys, and put others in, in place of what they were; readers see all of it at once.

        Chunks without a vector are left out.
        """
        there = [change for change in there if change.vector is not None]
        alive = np.zeros(self._size + len(there), dtype=bool)
        alive[: self._size] = self._view.alive
        for key in [*gone, *(change.key for change in there)]:
            row = self._places.pop(key, None)
            if row is not None:
                alive[row] = False
        self._make_room(len(there))
        self._put(there)
        self._choose()
        alive[self._size - len(there) :] = True
        self._publish(alive)
        if self._size > max(_LEAST, _SPARSE * len(self._places)):
            self._pack()

    def _begin(self) -> None:
        self._size = 0
        self._places: dict[int, int] = {}
        self._codes: dict[str, int] = {}
        self._columns = {name: np.zeros(_LEAST, dtype=np.int64) for name in _COLUMNS}
        self._matrix: Vectors = np.zeros((_LEAST, self._dimensions), dtype=np.float32)
        self._heads: Heads | None = None
        self._publish(np.zeros(0, dtype=bool))

    def _publish(self, alive: NDArray[np.bool_]) -> None:
        self._view = View(self._size, alive, dict(self._columns), self._matrix, self._heads, self._places, self._codes)

    def _make_room(self, count: int) -> None:
        room = len(self._matrix)
        if self._size + count <= room:
            return
        room = max(2 * room, self._size + count)
        self._columns = {name: _longer(values, room) for name, values in self._columns.items()}
        self._matrix = _longer(self._matrix, room)
        self._heads = None

    def _put(self, there: Sequence[Change]) -> None:
        if not there:
            return
        first, last = self._size, self._size + len(there)
        self._matrix[first:last] = to_matrix((one.vector or b"" for one in there), self._dimensions)
        if self._heads is not None:
            self._heads.rows[first:last] = self._heads.of(self._matrix[first:last])
        for at, one in enumerate(there, first):
            told, entity = one.entity or ("", 0)
            changed = _UNKNOWN if one.changed_at is None else one.changed_at
            coded = self._code(one.kind), changed, self._code(told)
            values = (one.key, one.document, one.label, *coded, entity)
            for name, value in zip(_COLUMNS, values, strict=True):
                self._columns[name][at] = value
            self._places[one.key] = at
        self._size = last

    def _choose(self) -> None:
        """Choose directions by what is there, if there are none; readers keep the old ones while they hold them."""
        if self._heads is None and self._size >= HEADS_FROM and self._dimensions > MOST:
            self._heads = heads_of(self._matrix[: self._size], len(self._matrix))

    def _code(self, name: str) -> int:
        return self._codes.setdefault(name, len(self._codes))

    def _pack(self) -> None:
        """Leave the rows out that are gone; readers keep the old columns for as long as they hold them."""
        rows = np.flatnonzero(self._view.alive)
        self._columns = {name: values[rows] for name, values in self._columns.items()}
        self._matrix = self._matrix[rows]
        self._size = len(rows)
        self._places = {int(key): row for row, key in enumerate(self._columns["key"])}
        self._heads = None
        self._choose()
        self._publish(np.ones(self._size, dtype=bool))


def _in(values: NDArray[np.int64], wanted: Collection[int]) -> NDArray[np.bool_]:
    found = np.zeros(len(values), dtype=bool)
    for one in wanted:
        found |= values == one
    return found


def _longer(values: NDArray[np.float32] | NDArray[np.int64], room: int) -> NDArray:  # type: ignore[type-arg]
    longer = np.zeros((room, *values.shape[1:]), dtype=values.dtype)
    longer[: len(values)] = values
    return longer
