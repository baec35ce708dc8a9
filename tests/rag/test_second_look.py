"""The second look in a whole search: what sync keeps of tokens, the index serves and the hunt uses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

from rag.embedder import Embedder
from rag.embedders.hashing import HashingEmbedder
from rag.embedders.minilm import MiniLM
from rag.hit import Query
from rag.ledger import rag_vector
from rag.opening import open_index
from rag.search import SearchResult, search
from substrate.access import Caller
from substrate.columns import Sensitivity
from substrate.database import Database
from substrate.settings import Settings
from tests.rag.stacks import CLOCK, HELPER, Shelf, brought

FILLER = "Lessons are made of resources, and learners see them in the order that was chosen. " * 4
ASKER = Caller("k:1", "coach", Sensitivity.INTERNAL)


def shelf() -> Shelf:
    """Two documents that are much alike; one of them says by the way what is asked for."""
    made = Shelf()
    made.put("lessons", FILLER)
    made.put("users", f"{FILLER} A coach who cannot sign in gets a new secret word from the admin. {FILLER}")
    made.put("coach", "The coach of a class signs in to plan lessons.")
    return made


def found(ledger: Database, home: Path, embedder: Embedder, ask: str) -> SearchResult:
    brought(ledger, shelf(), embedder=embedder)
    with open_index(Settings(home=home, _env_file=None), ledger, CLOCK) as index:
        return search(index, embedder, ASKER, HELPER, Query(ask, k=3), CLOCK.now())


def kept(ledger: Database) -> Sequence[bytes | None]:
    with ledger.read() as connection:
        return connection.scalars(select(rag_vector.c.states)).all()


def test_what_is_said_by_the_way_comes_first(one_ledger: Database, tmp_path: Path, minilm: MiniLM) -> None:
    result = found(one_ledger, tmp_path, minilm, "How does a coach who forgot the password get a new one?")
    assert result.hits[0].passage.document == "users"
    assert "rerank" in result.timings
    assert all(states and len(states) % 64 == 0 for states in kept(one_ledger))


def test_scores_fall_from_hit_to_hit(one_ledger: Database, tmp_path: Path, minilm: MiniLM) -> None:
    scores = [hit.score for hit in found(one_ledger, tmp_path, minilm, "sign in as a coach").hits]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 3


def test_an_embedder_without_tokens_is_searched_as_before(one_ledger: Database, tmp_path: Path) -> None:
    result = found(one_ledger, tmp_path, HashingEmbedder(), "lessons")
    assert len(result.hits) == 3
    assert "rerank" not in result.timings
    assert set(kept(one_ledger)) == {None}


@pytest.mark.parametrize("ask", ["of the", "?!"])
def test_a_question_of_words_that_say_nothing_is_answered(
    one_ledger: Database, tmp_path: Path, minilm: MiniLM, ask: str
) -> None:
    assert len(found(one_ledger, tmp_path, minilm, ask).hits) == 3
