"""The owner serves what the ledger says, whatever is done to its folder, and only one process owns it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import delete, update

from rag.chroma import open_folder
from rag.embedders.hashing import HashingEmbedder
from rag.generations import generations
from rag.hit import Query
from rag.index import Index, IndexOptions
from rag.ledger import rag_chunk, rag_copilot, rag_generation
from rag.lexical import LexicalIndex
from rag.lock import holder_of
from rag.opening import open_index
from rag.projection import key_of
from rag.served import Served
from rag.vector_store import VectorStoreError
from substrate.access import Label
from substrate.columns import Sensitivity
from substrate.database import Database
from substrate.errors import ConflictError, NotFoundError
from substrate.settings import Settings
from tests.rag.stacks import CLOCK, Shelf, brought, held_chunks

EMBEDDER = HashingEmbedder()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An index below the test's folder."""
    return Settings(home=tmp_path, _env_file=None)


@pytest.fixture
def shelf() -> Shelf:
    """A few documents."""
    made = Shelf()
    made.put("fever", "A fever is a high temperature.")
    made.put("lorry", "A lorry brings goods.", kind="note", changed_at=7, entity=("truck", 4))
    made.put("pupil", "A pupil goes to school.", label=Label(Sensitivity.PHI, "north"))
    return made


@pytest.fixture
def index(one_ledger: Database, settings: Settings, shelf: Shelf) -> Iterator[Index]:
    """An index of those documents."""
    brought(one_ledger, shelf)
    with open_index(settings, one_ledger, CLOCK) as opened:
        yield opened


def near(live: Served, text: str, k: int = 10) -> list[str]:
    """The documents nearest to a text."""
    found = live.nearest(EMBEDDER.embed([text])[0], live.partitions.keys(), k)
    return [one.document for one in live.passages(row for row, _ in found)]


def said(live: Served, *words: str, among: list[int] | None = None) -> list[str]:
    """The documents that match words best."""
    rows = None if among is None else np.array(among, dtype=np.int64)
    found = live.matching(dict.fromkeys(words, 1.0), live.partitions.keys(), 10, rows)
    return [one.document for one in live.passages(row for row, _ in found)]


def test_what_was_synced_is_found(index: Index) -> None:
    live = index.live("helper")
    assert live.size == 3
    assert near(live, "a high fever", 1) == ["fever"]
    assert said(live, "lorries", "temperatures") == ["lorry", "fever"] or said(live, "temperature") == ["fever"]


def test_what_was_synced_meanwhile_is_found_after_a_step(index: Index, one_ledger: Database, shelf: Shelf) -> None:
    before = index.live("helper")
    shelf.put("new", "Something about giraffes.")
    shelf.documents.pop("fever")
    brought(one_ledger, shelf)
    assert index.follow() == 2
    assert said(index.live("helper"), "giraffe") == ["new"]
    assert said(index.live("helper"), "fever") == []
    assert before.size == 3


def test_a_partition_shows_only_its_own(index: Index) -> None:
    live = index.live("helper")
    low = [number for number, label in live.partitions.items() if label.sensitivity < Sensitivity.PHI]
    rows = {row for row, _ in live.nearest(EMBEDDER.embed(["pupil school"])[0], low, 10)}
    rows |= {row for row, _ in live.matching({"pupil": 1.0, "school": 1.0, "a": 1.0}, low, 10)}
    assert {one.document for one in live.passages(rows)} == {"fever", "lorry"}


def test_another_label_moves_a_document(index: Index, one_ledger: Database, shelf: Shelf) -> None:
    shelf.put("fever", "A fever is a high temperature.", label=Label(Sensitivity.PHI))
    brought(one_ledger, shelf)
    index.follow()
    live = index.live("helper")
    low = [number for number, label in live.partitions.items() if label.sensitivity < Sensitivity.PHI]
    assert [one.document for one in live.passages(live.rows(low, Query("")))] == ["lorry"]
    assert index.reconcile()["helper"].changed == 0


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Query("", kinds=frozenset({"note"})), {"lorry"}),
        (Query("", kinds=frozenset({"poem"})), set()),
        (Query("", sites=frozenset({"north"})), {"pupil"}),
        (Query("", entity=("truck", 4)), {"lorry"}),
        (Query("", entity=("truck", 5)), set()),
        (Query("", changed_after=6), {"lorry"}),
        (Query("", changed_after=7), set()),
        (Query("", changed_before=8), {"lorry"}),
        (Query(""), {"fever", "lorry", "pupil"}),
    ],
)
def test_filters_choose_rows(index: Index, wanted: Query, found: set[str]) -> None:
    live = index.live("helper")
    rows = live.rows(live.partitions.keys(), wanted)
    assert {one.document for one in live.passages(rows)} == found


def test_only_some_rows_are_searched(index: Index) -> None:
    live = index.live("helper")
    rows = live.rows(live.partitions.keys(), Query("", kinds=frozenset({"note"})))
    assert said(live, "a", "fever", among=[int(row) for row in rows]) == ["lorry"]
    assert [row for row, _ in live.nearest(EMBEDDER.embed(["fever"])[0], live.partitions.keys(), 5, rows)] == list(rows)


def test_a_passage_is_as_old_as_the_last_look_at_its_source(index: Index, one_ledger: Database, shelf: Shelf) -> None:
    shelf.documents["fever"] = None
    CLOCK.move(1_000)
    brought(one_ledger, shelf)
    index.follow()
    live = index.live("helper")
    ages = {one.document: one.checked_at for one in live.passages(live.rows(live.partitions.keys(), Query("")))}
    assert (ages["lorry"], ages["fever"]) == (CLOCK.now(), CLOCK.now() - 1_000)
    assert live.checked_at == CLOCK.now()


def test_an_index_follows_on_each_database(ledger: Database, settings: Settings, shelf: Shelf) -> None:
    brought(ledger, shelf)
    with open_index(settings, ledger, CLOCK) as index:
        shelf.put("new", "Something about giraffes.")
        brought(ledger, shelf)
        assert index.follow() == 1
        assert (near(index.live("helper"), "giraffes", 1), index.reconcile()["helper"].changed) == (["new"], 0)


def test_what_nobody_synced_is_not_found(index: Index) -> None:
    with pytest.raises(NotFoundError, match="'nobody'"):
        index.live("nobody")


def damaged(index: Index, settings: Settings, one_ledger: Database, kind: str) -> Index:
    """Close an index, do something to its folder, and open it again."""
    index.close()
    folder = settings.resolved_index_dir
    with one_ledger.read() as connection:
        token = generations(connection)[0].token
    chunks = list(held_chunks(one_ledger))
    if kind in ("chroma_lost", "all_lost"):
        for each in folder.glob("chroma-*"):
            shutil.rmtree(each)
    if kind in ("words_lost", "all_lost"):
        shutil.rmtree(folder / "words")
    if kind == "chroma_broken":
        next(folder.glob("chroma-*/chroma.sqlite3")).write_bytes(b"nonsense" * 999)
    if kind == "words_broken":
        (folder / "words" / token / "meta.json").write_text("nonsense")
    if kind in ("vector_deleted", "vector_strange"):
        vectors, _ = open_folder(folder)
        for label in vectors.ids(token) if kind == "vector_deleted" else ():
            vectors.delete(token, label, chunks[:2])
        if kind == "vector_strange":
            vectors.add(token, 1, ["f" * 32], EMBEDDER.embed(["strange"]))
            vectors.add("dead", 1, ["f" * 32], EMBEDDER.embed(["strange"]))
        vectors.close()
    if kind == "words_deleted":
        words = LexicalIndex(folder / "words" / token)
        words.apply([key_of(chunk) for chunk in chunks[:2]], [])
        words.close()
    return open_index(settings, one_ledger, CLOCK)


KINDS = ["chroma_lost", "words_lost", "all_lost", "chroma_broken", "words_broken", "vector_deleted", "vector_strange",
         "words_deleted"]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_lost_behind_our_back_is_restored(
    index: Index, settings: Settings, one_ledger: Database, kind: str
) -> None:
    with damaged(index, settings, one_ledger, kind) as again:
        live = again.live("helper")
        assert near(live, "a fever", 1) == ["fever"]
        assert said(live, "pupil") == ["pupil"]
        assert again.reconcile(deep=True)["helper"].changed == 0


def test_reconciling_says_what_it_mended(index: Index, one_ledger: Database) -> None:
    followed = index._live["helper"]
    chunk, token = next(iter(held_chunks(one_ledger))), followed.generation.token
    label = followed.catalogue.label_of(key_of(chunk))
    assert label is not None
    followed._vectors.delete(token, label, [chunk])
    followed._vectors.add(token, label, ["e" * 32], EMBEDDER.embed(["strange"]))
    followed._words.apply([key_of(chunk)], [])
    repair = index.reconcile()["helper"]
    assert (repair.vectors_restored, repair.vectors_removed, repair.words_restored) == (1, 1, 1)


def test_each_sync_compares(index: Index, one_ledger: Database, shelf: Shelf) -> None:
    followed = index._live["helper"]
    followed._words.apply([key_of(next(iter(held_chunks(one_ledger))))], [])
    CLOCK.move(1)
    assert brought(one_ledger, shelf).read == 0
    index.follow()
    assert index.mended["helper"].words_restored == 1


def test_a_wrong_vector_is_found_by_a_deep_look(index: Index, one_ledger: Database) -> None:
    followed = index._live["helper"]
    chunk, token = next(iter(held_chunks(one_ledger))), followed.generation.token
    label = followed.catalogue.label_of(key_of(chunk))
    assert label is not None
    followed._vectors.delete(token, label, [chunk])
    followed._vectors.add(token, label, [chunk], EMBEDDER.embed(["something else"]))
    assert index.reconcile()["helper"].changed == 0
    assert index.reconcile(deep=True)["helper"].vectors_restored == 1
    assert index.reconcile(deep=True)["helper"].changed == 0


def test_a_ledger_that_was_restored_from_an_older_backup_is_followed(index: Index, one_ledger: Database) -> None:
    many = Shelf()
    for number in range(30):
        many.put(f"{number}", f"Text {number}.")
    brought(one_ledger, many)
    index.catch_up()
    with one_ledger.write() as connection:  # numbers above ten were not given yet
        connection.execute(delete(rag_chunk).where(rag_chunk.c.sequence > 10))
        connection.execute(update(rag_copilot).values(sequence=10))
    index.catch_up()
    assert index.live("helper").size <= 10
    many.put("3", "Another text.")
    brought(one_ledger, many)
    index.catch_up()
    assert said(index.live("helper"), "another") == ["3"]


def test_a_number_that_another_generation_has_now_is_opened_anew(index: Index, one_ledger: Database) -> None:
    before = index.live("helper")
    with one_ledger.write() as connection:
        connection.execute(update(rag_generation).values(token="another"))
    index.catch_up()
    assert index.live("helper").view is not before.view
    assert index.reconcile()["helper"].changed == 0


def test_where_chroma_fails_all_is_compared(index: Index) -> None:
    def fails(_label: int, _vector: object, _count: int) -> list[str]:
        raise VectorStoreError("planted")

    live = replace(index.live("helper"), nearest_in=fails, exact=0)
    assert near(live, "a high fever", 1) == ["fever"]


def test_a_chunk_that_the_ledger_lost_leaves_the_index(index: Index, one_ledger: Database) -> None:
    with one_ledger.write() as connection:
        connection.execute(delete(rag_chunk).where(rag_chunk.c.id == 1))
    repair = index.reconcile()["helper"]
    assert (repair.vectors_removed, repair.words_removed, repair.rows_removed) == (1, 1, 1)


def test_a_second_owner_is_refused_and_told_whom_to_ask(one_ledger: Database, settings: Settings, shelf: Shelf) -> None:
    brought(one_ledger, shelf)
    options = IndexOptions(address="http://127.0.0.1:8123")
    with open_index(settings, one_ledger, CLOCK, options):
        with pytest.raises(ConflictError, match=r"http://127\.0\.0\.1:8123"):
            open_index(settings, one_ledger, CLOCK)
        holder = holder_of(settings.resolved_index_dir)
        assert holder is not None
        assert holder.address == "http://127.0.0.1:8123"
    assert holder_of(settings.resolved_index_dir) is None


OPEN = """
import sys
from pathlib import Path
from rag.lock import FolderLock
FolderLock(Path(sys.argv[1]), 0)
"""


def test_another_process_is_refused_until_the_owner_is_dead(settings: Settings, index: Index) -> None:
    command = [sys.executable, "-c", OPEN, str(settings.resolved_index_dir)]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "is open in process" in refused.stderr
    index.close()
    assert subprocess.run(command, check=False).returncode == 0


def test_through_chroma_the_same_is_found(index: Index) -> None:
    live = index.live("helper")
    through = Served(live.generation, live.partitions, live.checked_at, live.view, live.nearest_in, live.matching_in,
                     live.told, live.states_of, exact=0)  # fmt: skip
    vector = EMBEDDER.embed(["a lorry with a fever"])[0]
    found, exact = (each.nearest(vector, live.partitions.keys(), 3) for each in (through, live))
    assert [row for row, _ in found] == [row for row, _ in exact]
    assert [cosine for _, cosine in found] == pytest.approx([cosine for _, cosine in exact], abs=1e-5)
