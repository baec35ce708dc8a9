"""One generation in the process that serves it: catalogue, vectors and words, kept in step with the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from rag.catalogue import Catalogue
from rag.generations import Generation
from rag.hit import Passage
from rag.labels import labels
from rag.lexical import LexicalIndex
from rag.live import Vector
from rag.passages import checked_at, passages
from rag.projection import Change, changes, everything, key_of, newest, some, wanted
from rag.reconcile import Difference, Repair, alike, compare_vectors, compare_words
from rag.served import EXACT, Served
from rag.vector_store import AT_ONCE, VectorStore, VectorStoreError
from rag.vectors import slices, states, to_matrix
from substrate.access import Label
from substrate.database import Database

_MENDED_AT_ONCE = 1_000


class Followed:
    """A generation that this process serves, or is about to.

    Args:
        database: where the ledger is.
        generation: which one.
        vectors: Chroma.
        folder: where its words lie.
        writes_vectors: whether this process may write in Chroma now.
        writes_words: whether it owns the folder.
        exact: up to how many rows for each partition are compared one by one.
        at_once: how many vectors to add a call now.
    """

    def __init__(
        self,
        database: Database,
        generation: Generation,
        vectors: VectorStore,
        folder: Path,
        *,
        writes_vectors: Callable[[], bool],
        writes_words: bool = True,
        exact: int = EXACT,
        at_once: Callable[[], int] = lambda: AT_ONCE,
    ) -> None:
        self.generation = generation
        self.catalogue = Catalogue(generation.dimensions)
        self._database = database
        self._vectors = vectors
        self._words = LexicalIndex(folder, generation.language, writing=writes_words)
        self._writes_vectors = writes_vectors
        self._writes_words = writes_words
        self._exact = exact
        self._at_once = at_once
        self._chunks: dict[int, str] = {}
        self._labels: Mapping[int, Label] = {}
        self._checked_at: int | None = None
        self._load()

    def _load(self) -> None:
        """Read all of it into the catalogue; what changes meanwhile is followed afterwards."""
        with self._database.read() as connection:
            self.sequence = newest(connection, self.generation.id)
        with self._database.read() as connection:
            for part in everything(connection, self.generation.id):
                self._take([], part)
        self.caught_up()

    @property
    def served(self) -> Served:
        """What searches see at this moment."""
        return Served(
            self.generation.id, self._labels, self._checked_at, self.catalogue.view, self._nearest,
            self._words.matching, self._told, self._states, self._exact,
        )  # fmt: skip

    def follow(self, limit: int) -> int:
        """Apply what the ledger says anew, at most so many changes; says how many there were."""
        with self._database.read() as connection:
            news = changes(connection, self.generation.id, self.sequence, limit)
        if news:
            self._apply(news)
            self.sequence = news[-1].sequence
        return len(news)

    def caught_up(self) -> None:
        """Nothing was newer: what the sources' last listing said is what searches see."""
        if not self._writes_words:
            self._words.refresh()
        with self._database.read() as connection:
            self._labels = labels(connection)
            seen, last = checked_at(connection, self.generation.id), newest(connection, self.generation.id)
        if last < self.sequence:
            # The ledger went back, as after a restored backup (or old tombstones went): what was followed of it since
            # says nothing, and its next numbers were had before.
            self.sequence = last
            self.reconcile()
        if not self.is_behind():
            self._checked_at = seen

    def is_behind(self) -> bool:
        """Whether the ledger says anything newer."""
        with self._database.read() as connection:
            return newest(connection, self.generation.id) > self.sequence

    def reconcile(self, *, deep: bool = False) -> Repair:
        """Compare the ledger with Chroma, the words and the catalogue, and mend what differs.

        Args:
            deep: compare the vectors' numbers too, not only which are there.
        """
        while self.follow(_MENDED_AT_ONCE):
            pass
        with self._database.read() as connection:
            must = wanted(connection, self.generation.id)
        repair = Repair(len(must))
        self._mend_rows(must, repair)
        if self._writes_vectors():
            self._mend_vectors(must, repair, deep=deep)
        if self._writes_words:
            self._mend_words(must, repair)
        else:
            self._words.refresh()
        return repair

    def differences(self) -> tuple[Difference, tuple[list[str], list[int]], dict[str, int]]:
        """What Chroma and the words lack or have too much, and chunks whose row says another partition: all of them."""
        with self._database.read() as connection:
            must = wanted(connection, self.generation.id)
        rows = {chunk: label for chunk, (label, _) in must.items() if self.catalogue.label_of(key_of(chunk)) != label}
        vectors = compare_vectors(must, self._vectors.ids(self.generation.token))
        return vectors, compare_words(must, self._words.stand()), rows

    def close(self) -> None:
        """Give the words' folder back."""
        self._words.close()

    def _apply(self, news: Sequence[Change]) -> None:
        there = [change for change in news if not change.gone and change.vector is not None]
        gone = [change for change in news if change.gone or change.vector is None]
        before = {one.key: self.catalogue.label_of(one.key) for one in news}
        moved = [one for one in there if before[one.key] not in (None, one.label)]
        # What is gone, or moves to where fewer may see it, is out of sight before anything else happens.
        self._take([one.key for one in (*gone, *moved)], [])
        if self._writes_vectors():
            self._take_out([*gone, *moved], before)
            for label in {one.label for one in there}:
                self._add(label, [one for one in there if label == one.label != before[one.key]])
        if self._writes_words:
            self._words.apply([one.key for one in gone], there)
        else:
            self._words.refresh()
        if any(one.label not in self._labels for one in there):
            with self._database.read() as connection:
                self._labels = labels(connection)
        self._take([], there)

    def _take_out(self, over: Sequence[Change], before: Mapping[int, int | None]) -> None:
        """Take vectors out of Chroma, from where they were."""
        by_label: dict[int, list[str]] = defaultdict(list)
        for one in over:
            label = before[one.key]
            by_label[one.label if label is None else label].append(one.chunk)
        for label, ids in by_label.items():
            self._vectors.delete(self.generation.token, label, ids)

    def _add(self, label: int, added: Sequence[Change]) -> None:
        for part in slices(added, AT_ONCE):
            matrix = to_matrix((one.vector or b"" for one in part), self.generation.dimensions)
            ids = [one.chunk for one in part]
            self._vectors.add(self.generation.token, label, ids, matrix, self._at_once())

    def _take(self, gone: Iterable[int], there: Sequence[Change]) -> None:
        gone = list(gone)
        if not gone and not there:
            return
        self._chunks.update({one.key: one.chunk for one in there})
        self.catalogue.apply(gone, there)

    def _mend_rows(self, must: Mapping[str, tuple[int, int]], repair: Repair) -> None:
        keys = {key_of(chunk): chunk for chunk in must}
        present = self.catalogue.keys()
        over = present - keys.keys()
        missing = [chunk for key, chunk in keys.items() if self.catalogue.label_of(key) != must[chunk][0]]
        self._take(over, [])
        for part in slices(missing, _MENDED_AT_ONCE):
            with self._database.read() as connection:
                found = some(connection, self.generation.id, part)
            self._take([], found)
            repair.rows_restored += len(found)
        repair.rows_removed += len(over)

    def _mend_vectors(self, must: Mapping[str, tuple[int, int]], repair: Repair, *, deep: bool) -> None:
        found = compare_vectors(must, self._vectors.ids(self.generation.token))
        for label, ids in found.strange.items():
            self._vectors.delete(self.generation.token, label, ids)
        missing = [*found.missing, *(self._changed(must) if deep else ())]
        for part in slices(missing, _MENDED_AT_ONCE):
            with self._database.read() as connection:
                there = [one for one in some(connection, self.generation.id, part) if one.vector is not None]
            for label in {one.label for one in there}:
                self._add(label, [one for one in there if one.label == label])
            repair.vectors_restored += len(there)
        repair.vectors_removed += found.strangers

    def _changed(self, must: Mapping[str, tuple[int, int]]) -> list[str]:
        """Chunks whose vector in Chroma is not what the ledger keeps; they are deleted there, to be added again."""
        by_label: dict[int, list[str]] = defaultdict(list)
        for chunk, (label, _) in must.items():
            by_label[label].append(chunk)
        view, over = self.catalogue.view, []
        for label, ids in by_label.items():
            held = self._vectors.vectors(self.generation.token, label, ids)
            wrong = [one for one, row in held.items() if not alike(row, view.matrix[view.places[key_of(one)]])]
            self._vectors.delete(self.generation.token, label, wrong)
            over += wrong
        return over

    def _mend_words(self, must: Mapping[str, tuple[int, int]], repair: Repair) -> None:
        missing, over = compare_words(must, self._words.stand())
        self._words.apply(over, [])
        for part in slices(missing, _MENDED_AT_ONCE):
            with self._database.read() as connection:
                there = some(connection, self.generation.id, part)
            self._words.apply([], there)
            repair.words_restored += len(there)
        repair.words_removed += len(over)

    def _nearest(self, label: int, vector: Vector, count: int) -> list[str]:
        try:
            return self._vectors.nearest(self.generation.token, label, vector, count)
        except VectorStoreError:
            # The vectors are in memory too; slower is better than nothing.
            return []

    def _told(self, keys: Collection[int]) -> dict[int, Passage]:
        chunks = {self._chunks[key]: key for key in keys if key in self._chunks}
        with self._database.read() as connection:
            found = passages(connection, self.generation.id, list(chunks), self._labels)
        return {chunks[chunk]: passage for chunk, passage in found.items()}

    def _states(self, keys: Collection[int]) -> dict[int, bytes]:
        chunks = {self._chunks[key]: key for key in keys if key in self._chunks}
        with self._database.read() as connection:
            found = states(connection, self.generation.id, list(chunks))
        return {chunks[chunk]: packed for chunk, packed in found.items()}
