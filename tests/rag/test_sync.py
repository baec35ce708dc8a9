"""A sync does exactly what changed: it reads, embeds, writes and deletes no more, and loses nothing when it dies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from threading import Barrier, Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from rag.document import Entry
from rag.embedder import Vectors
from rag.held import held_documents
from rag.sync import SyncOptions
from rag.vectors import count
from substrate.access import Label
from substrate.columns import Sensitivity
from substrate.database import Database, open_database
from substrate.sweep import Limits
from tests.rag.stacks import CountingEmbedder, Shelf, brought, held_chunks

ALLOWED = SyncOptions(limits=Limits(allowed=True))


def test_what_is_new_is_read_and_embedded(ledger: Database) -> None:
    shelf = Shelf()
    shelf.put("a", "One.")
    shelf.put("b", "Two.")
    report = brought(ledger, shelf)
    assert (report.documents, report.chunks, report.read, report.embedded, report.deleted) == (2, 2, 2, 2, 0)
    assert report.state == "live"


def test_a_second_sync_does_nothing(ledger: Database) -> None:
    shelf = Shelf()
    shelf.put("a", "One.")
    brought(ledger, shelf)
    report = brought(ledger, shelf)
    assert (report.read, report.embedded, report.added, report.touched, report.deleted) == (0, 0, 0, 0, 0)
    assert shelf.read == ["a"]


def test_a_text_that_two_documents_have_is_embedded_once(ledger: Database) -> None:
    shelf = Shelf()
    shelf.put("a", "The same.")
    shelf.put("b", "The same.")
    report = brought(ledger, shelf)
    assert (report.chunks, report.embedded) == (2, 1)
    assert len(held_chunks(ledger)) == 2


def test_a_rename_embeds_nothing(ledger: Database) -> None:
    shelf = Shelf()
    shelf.put("a", "One.")
    brought(ledger, shelf)
    shelf.documents = {"z": shelf.documents["a"]}
    report = brought(ledger, shelf)
    assert (report.embedded, report.added, report.deleted, report.documents) == (0, 1, 1, 1)


def test_an_edit_of_one_section_embeds_that_section(ledger: Database) -> None:
    shelf = Shelf()
    parts = [f"# Part {n}\n\n" + f"word{n} " * 200 for n in range(5)]
    shelf.put("a", "\n\n".join(parts))
    brought(ledger, shelf)
    parts[2] += "more"
    shelf.put("a", "\n\n".join(parts))
    report = brought(ledger, shelf)
    assert (report.embedded, report.added, report.deleted) == (1, 1, 1)


def test_what_comes_back_is_there_again(ledger: Database) -> None:
    shelf = Shelf()
    shelf.put("a", "One.")
    brought(ledger, shelf)
    first = held_chunks(ledger)
    document = shelf.documents.pop("a")
    assert brought(ledger, shelf).chunks == 0
    shelf.documents["a"] = document
    assert (brought(ledger, shelf).embedded, held_chunks(ledger)) == (0, first)


def test_another_label_touches_the_chunks_and_embeds_nothing(ledger: Database) -> None:
    shelf = Shelf()
    shelf.put("a", "One.")
    brought(ledger, shelf)
    shelf.put("a", "One.", label=Label(Sensitivity.PHI))
    report = brought(ledger, shelf)
    assert (report.embedded, report.touched, report.added, report.deleted) == (0, 1, 0, 0)


def test_another_template_reads_all_of_its_source(ledger: Database) -> None:
    one, other = Shelf(), Shelf(name="other")
    one.put("a", "One.")
    other.put("a", "One.")
    brought(ledger, one, other)
    one.template = "2"
    report = brought(ledger, one, other)
    assert (report.read, report.unchanged, report.added) == (1, 1, 0)


def test_a_mass_delete_is_held_until_it_is_allowed(ledger: Database) -> None:
    shelf = Shelf()
    for n in range(30):
        shelf.put(f"{n}", f"Text {n}.")
    brought(ledger, shelf)
    shelf.documents = {"0": shelf.documents["0"]}
    held = brought(ledger, shelf)
    assert (held.documents, held.held, held.deleted) == (30, {"mass_delete": 29}, 0)
    allowed = brought(ledger, shelf, options=ALLOWED)
    assert (allowed.documents, allowed.held, allowed.deleted) == (1, {}, 29)


def test_a_folder_that_is_renamed_is_no_mass_delete(ledger: Database) -> None:
    shelf = Shelf()
    for n in range(30):
        shelf.put(f"old/{n}", f"Text {n}.")
    brought(ledger, shelf)
    shelf.documents = {key.replace("old", "new"): one for key, one in shelf.documents.items()}
    report = brought(ledger, shelf)
    assert (report.documents, report.held, report.embedded) == (30, {}, 0)


def test_a_source_that_cannot_be_listed_loses_nothing(ledger: Database) -> None:
    shelf = Shelf()
    shelf.put("a", "One.")
    brought(ledger, shelf)
    shelf.fails = True
    report = brought(ledger, shelf)
    assert (report.documents, report.failed) == (1, {"shelf": "the shelf has fallen down"})


def test_an_unreadable_document_is_held_and_the_others_go_on(ledger: Database) -> None:
    shelf = Shelf()
    shelf.documents["bad"] = None
    shelf.put("good", "One.")
    report = brought(ledger, shelf)
    assert (report.documents, report.held) == (1, {"not_text": 1})
    assert brought(ledger, shelf).read == 0
    shelf.put("bad", "Two.")
    assert (brought(ledger, shelf).held, report.generation) == ({}, 1)


def test_what_the_embedder_may_not_see_is_not_sent_to_it(ledger: Database) -> None:
    shelf, embedder = Shelf(), CountingEmbedder(Sensitivity.INTERNAL)
    shelf.put("a", "Plain.")
    shelf.put("b", "Secret.", label=Label(Sensitivity.PHI))
    report = brought(ledger, shelf, embedder=embedder)
    assert report.held == {"above_clearance": 1}
    assert not any("Secret" in text for text in embedder.texts)
    with ledger.read() as connection:
        assert "phi" in held_documents(connection, report.generation)[0].detail


def test_what_becomes_too_secret_leaves_the_index(ledger: Database) -> None:
    shelf, embedder = Shelf(), CountingEmbedder(Sensitivity.INTERNAL)
    shelf.put("a", "Plain.")
    brought(ledger, shelf, embedder=embedder)
    shelf.put("a", "Plain.", label=Label(Sensitivity.PHI))
    assert brought(ledger, shelf, embedder=embedder).chunks == 0


class Stammering(Shelf):
    """Declares everything twice."""

    def entries(self, connection: Connection) -> Iterator[Entry]:
        yield from super().entries(connection)
        yield from super().entries(connection)


def test_a_key_that_is_listed_twice_counts_once(ledger: Database) -> None:
    shelf = Stammering()
    shelf.put("a", "One.")
    report = brought(ledger, shelf)
    assert (report.documents, report.held, shelf.read) == (1, {"listed_twice": 1}, ["a"])


class Tired(CountingEmbedder):
    """Fails after so many texts."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        if len(self.texts) >= 100:
            raise KeyboardInterrupt
        return super().embed(texts)


def test_what_was_embedded_before_it_was_stopped_is_not_embedded_again(ledger: Database) -> None:
    shelf, tired = Shelf(), Tired()
    for n in range(200):
        shelf.put(f"{n}", f"Text {n}.")
    with pytest.raises(KeyboardInterrupt):
        brought(ledger, shelf, embedder=tired)
    report = brought(ledger, shelf)
    assert report.embedded + len(tired.texts) == 200
    assert report.chunks == 200


def test_two_syncs_at_once_queue(ledger: Database) -> None:
    shelf, embedder, begin = Shelf(), CountingEmbedder(), Barrier(2)
    for n in range(100):
        shelf.put(f"{n}", f"Text {n}.")

    def work() -> None:
        begin.wait()
        brought(ledger, shelf, embedder=embedder)

    threads = [Thread(target=work) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(embedder.texts) == len(held_chunks(ledger)) == 100


KEYS, TEXTS = [f"k{n}" for n in range(6)], [f"Text number {n}." for n in range(5)]
STATES = st.dictionaries(st.sampled_from(KEYS), st.tuples(st.sampled_from(TEXTS), st.sampled_from(TEXTS)))


def filled(state: dict[str, tuple[str, str]], shelf: Shelf) -> Shelf:
    """A shelf with what a state says."""
    shelf.documents.clear()
    for key, (one, other) in state.items():
        shelf.put(key, f"# One\n\n{one * 20}\n\n# Other\n\n{other * 20}")
    return shelf


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(states=st.lists(STATES, min_size=1, max_size=5))
def test_many_syncs_end_where_one_would(migrated_sqlite: Path, states: list[dict[str, tuple[str, str]]]) -> None:
    with TemporaryDirectory() as folder:
        paths = [copyfile(migrated_sqlite, Path(folder) / name) for name in "ab"]
        stepwise, at_once = (open_database(f"sqlite:///{path}") for path in paths)
        shelf, embedder = Shelf(), CountingEmbedder()
        for state in states:
            brought(stepwise, filled(state, shelf), embedder=embedder)
        brought(at_once, filled(states[-1], Shelf()))
        assert held_chunks(stepwise) == held_chunks(at_once)
        with stepwise.read() as connection:
            assert len(embedder.texts) == len(set(embedder.texts)) == count(connection)
            held = connection.execute(text("SELECT count(*) FROM rag_chunk WHERE sequence IS NULL")).scalar()
        assert held == 0
        stepwise.close()
        at_once.close()
