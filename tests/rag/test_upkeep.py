"""What is of no use is forgotten after a while, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from rag.ledger import rag_chunk, rag_document
from rag.opening import open_index
from rag.upkeep import forget_copilot, tidy
from rag.vectors import count
from substrate.database import Database
from substrate.errors import NotFoundError
from substrate.settings import Settings
from tests.rag.stacks import CLOCK, HELPER, Shelf, brought


def lived(database: Database) -> Shelf:
    """An index of two documents, one of which went."""
    shelf = Shelf()
    shelf.put("a", "One.")
    shelf.put("b", "Two.")
    brought(database, shelf)
    shelf.documents.pop("b")
    brought(database, shelf)
    return shelf


def rows(database: Database) -> tuple[int, int, int]:
    """How many chunks, documents and vectors the ledger has."""
    with database.read() as connection:
        tables = (rag_chunk, rag_document)
        chunks, documents = (connection.execute(select(func.count()).select_from(each)).scalar_one() for each in tables)
        return chunks, documents, count(connection)


def test_nothing_is_forgotten_before_its_time(ledger: Database) -> None:
    lived(ledger)
    assert sum(tidy(ledger, CLOCK.now(), CLOCK.now()).values()) == 0
    assert rows(ledger) == (2, 2, 2)


def test_tombstones_go_and_vectors_after_them(ledger: Database) -> None:
    lived(ledger)
    told = tidy(ledger, CLOCK.now() + 1, CLOCK.now())
    assert (told["chunks"], told["documents"], told["vectors"]) == (1, 1, 1)
    assert rows(ledger) == (1, 1, 1)


def test_an_owner_that_missed_a_tombstone_drops_the_chunk_when_it_comes_back(
    one_ledger: Database, tmp_path: Path
) -> None:
    shelf = Shelf()
    shelf.put("a", "One.")
    shelf.put("b", "Two.")
    brought(one_ledger, shelf)
    settings = Settings(home=tmp_path, _env_file=None)
    open_index(settings, one_ledger, CLOCK).close()
    shelf.documents.pop("b")
    brought(one_ledger, shelf)
    tidy(one_ledger, CLOCK.now() + 1, CLOCK.now())
    with open_index(settings, one_ledger, CLOCK) as index:
        followed = index._live["helper"]
        assert index.live("helper").size == len(followed._words.stand()) == 1
        assert [len(ids) for ids in followed._vectors.ids(followed.generation.token).values()] == [1]


def test_a_copilot_is_forgotten_whole_and_nobody_else(one_ledger: Database, tmp_path: Path) -> None:
    other, settings = HELPER.model_copy(update={"name": "other"}), Settings(home=tmp_path, _env_file=None)
    shared, own = Shelf(), Shelf()
    for shelf in (shared, own):
        shelf.put("a", "One.")
    own.put("b", "Two.")
    brought(one_ledger, own)
    brought(one_ledger, shared, copilot=other)
    with open_index(settings, one_ledger, CLOCK) as index:
        told = forget_copilot(one_ledger, "helper", CLOCK.now())
        assert (told["generations"], told["vectors"]) == (1, 1)
        index.reconcile()
        assert rows(one_ledger) == (1, 1, 1)
        assert index.live("other").size == 1
        with pytest.raises(NotFoundError):
            index.live("helper")
    assert len(list((settings.resolved_index_dir / "words").iterdir())) == 1


def test_a_copilot_that_was_forgotten_can_be_indexed_again(ledger: Database) -> None:
    lived(ledger)
    forget_copilot(ledger, "helper", CLOCK.now())
    assert rows(ledger) == (0, 0, 0)
    with pytest.raises(NotFoundError, match="nothing is indexed for 'helper'"):
        forget_copilot(ledger, "helper", CLOCK.now())
    lived(ledger)
    assert rows(ledger) == (2, 2, 2)
