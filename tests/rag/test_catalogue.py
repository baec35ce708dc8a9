"""The catalogue shows each reader one moment, and never loses or mixes up a row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.catalogue import HEADS_FROM, Catalogue, View
from rag.directions import MOST
from rag.embedders.hashing import HashingEmbedder
from rag.hit import Passage, Query
from rag.memory import MemoryLive
from rag.projection import Change, key_of
from rag.served import Served
from substrate.access import Label
from substrate.columns import Sensitivity

EMBEDDER = HashingEmbedder(8)
DIMENSIONS = MOST + 8
LABELS = {0: Label(Sensitivity.PUBLIC), 1: Label(Sensitivity.PHI, "north"), 2: Label(Sensitivity.INTERNAL, "south")}
WORDS = ["ward", "bed", "lorry", "pupil", "fever"]


def change(number: int, label: int = 0, text: str = "ward", changed: int | None = None) -> Change:
    """A chunk by its number."""
    chunk = f"{2 * number:016x}{number:016x}"
    vector = EMBEDDER.embed([text])[0].tobytes()
    kind = WORDS[number % 2]
    return Change(chunk, key_of(chunk), number, False, number, label, kind, changed, None, "", (), text, vector)


def texts(view: View) -> set[int]:
    """The documents that a view shows."""
    return {int(number) for number in view.column("document")[view.alive]}


def test_a_view_stays_as_it_was() -> None:
    catalogue = Catalogue(8)
    catalogue.apply([], [change(2), change(4)])
    before = catalogue.view
    catalogue.apply([change(2).key], [change(6)])
    assert (texts(before), texts(catalogue.view)) == ({2, 4}, {4, 6})


def test_a_chunk_without_a_vector_is_left_out() -> None:
    catalogue = Catalogue(8)
    blind = change(2)
    object.__setattr__(blind, "vector", None)
    catalogue.apply([], [blind])
    assert len(catalogue) == 0


STEPS = st.lists(st.tuples(st.sets(st.integers(0, 30)), st.dictionaries(st.integers(0, 30), st.integers(0, 2))))


@given(STEPS)
def test_it_holds_what_a_dictionary_would(steps: list[tuple[set[int], dict[int, int]]]) -> None:
    catalogue, twin = Catalogue(8), dict[int, int]()
    for gone, there in steps:
        catalogue.apply([change(number).key for number in gone], [change(*pair) for pair in there.items()])
        twin = {number: label for number, label in twin.items() if number not in gone} | there
        view = catalogue.view
        labels = view.column("label")[view.alive].tolist()
        assert dict(zip(view.column("document")[view.alive].tolist(), labels, strict=True)) == twin
        assert all(catalogue.label_of(change(number).key) == twin.get(number) for number in range(31))


def test_rows_that_are_gone_are_packed_away() -> None:
    catalogue = Catalogue(8)
    for _ in range(30):
        catalogue.apply([], [change(number, text=WORDS[number % 5]) for number in range(100)])
    view = catalogue.view
    assert view.size < 1_200
    row = view.places[change(7).key]
    assert np.array_equal(view.matrix[row], EMBEDDER.embed([WORDS[2]])[0])


def served(changes: list[Change], exact: int = 1_000) -> Served:
    """A generation whose Chroma has lost everything."""
    catalogue = Catalogue(8)
    catalogue.apply([], changes)
    return Served(1, LABELS, 0, catalogue.view, lambda *_: [], lambda *_: [], lambda _: {}, lambda _: {}, exact)


def passage(one: Change) -> Passage:
    """The same chunk for the index in memory."""
    label = LABELS[one.label]
    return Passage(one.chunk, "d", "s", "", (), one.text, one.kind, label, "", one.changed_at, 0)


CHUNKS = st.lists(
    st.tuples(
        st.integers(0, 2), st.lists(st.sampled_from(WORDS), min_size=1, max_size=4), st.none() | st.integers(0, 9)
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=60)
@given(CHUNKS, st.sets(st.integers(0, 2)), st.integers(1, 12), st.sets(st.integers(0, 29)), st.booleans())
def test_the_nearest_are_those_of_an_index_in_memory(
    chunks: list[tuple[int, list[str], int | None]], labels: set[int], k: int, among: set[int], some: bool
) -> None:
    changes = [change(at, label, " ".join(words), changed) for at, (label, words, changed) in enumerate(chunks)]
    twin = MemoryLive([passage(one) for one in changes], EMBEDDER.embed([one.text for one in changes]))
    rows = np.array(sorted(row for row in among if row < len(chunks)), dtype=np.int64) if some else None
    twins = [number for number, label in twin.partitions.items() if label in [LABELS[at] for at in labels]]
    vector = EMBEDDER.embed(["ward bed"])[0]
    wanted = [round(score, 4) for _, score in twin.nearest(vector, twins, k, rows)]
    for exact in (0, 1_000):
        found = served(changes, exact).nearest(vector, labels, k, rows)
        assert [round(score, 4) for _, score in found] == wanted


@settings(max_examples=60)
@given(CHUNKS, st.sets(st.integers(0, 2)), st.sampled_from(["ward", "bed"]), st.none() | st.integers(0, 9))
def test_the_filters_are_those_of_an_index_in_memory(
    chunks: list[tuple[int, list[str], int | None]], labels: set[int], kind: str, after: int | None
) -> None:
    changes = [change(at, label, " ".join(words), changed) for at, (label, words, changed) in enumerate(chunks)]
    twin = MemoryLive([passage(one) for one in changes], EMBEDDER.embed([one.text for one in changes]))
    twins = [number for number, label in twin.partitions.items() if label in [LABELS[at] for at in labels]]
    for wanted in (
        Query("", kinds=frozenset({kind}), changed_after=after),
        Query("", sites=frozenset({"north"}), changed_before=after),
    ):
        assert served(changes).rows(labels, wanted).tolist() == twin.rows(twins, wanted).tolist()


def test_what_is_known_in_few_directions_is_what_is_there() -> None:
    catalogue = Catalogue(DIMENSIONS)
    for first in range(0, 42_000, 3_000):
        catalogue.apply([], [wide(number) for number in range(first, first + 3_000)])
        assert_heads(catalogue.view)
    before = catalogue.view
    catalogue.apply([wide(number).key for number in range(22_000)], [])
    assert catalogue.view.size == 20_000
    assert_heads(before)
    assert_heads(catalogue.view)


SEEN = change(0)
VECTORS = [row.tobytes() for row in np.random.default_rng(3).standard_normal((50, DIMENSIONS)).astype(np.float32)]


def wide(number: int) -> Change:
    """A chunk whose vector has more numbers than there are directions."""
    return replace(SEEN, key=number, document=number, vector=VECTORS[number % 50])


def assert_heads(view: View) -> None:
    """The rows in few directions are the vectors in those directions, as soon as there are enough of them."""
    assert (view.heads is not None) == (view.size >= HEADS_FROM)
    if view.heads is not None:
        assert np.allclose(view.heads.rows[: view.size], view.heads.of(view.matrix[: view.size]), atol=1e-4)
