"""A new generation answers only when it is whole and good; it can be taken back; and one row says which answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from rag.copilot import Copilot
from rag.embedders.hashing import HashingEmbedder
from rag.followed import Followed
from rag.gates import Verdict, consistency, coverage
from rag.generations import (
    drop_retired,
    flip,
    generations,
    live_generation,
    open_generation,
    retire_old,
    rollback,
)
from rag.index import Index, IndexOptions
from rag.ledger import State, Why, rag_chunk, rag_document, rag_vector
from rag.live import LiveIndex
from rag.opening import open_index
from rag.rebuild import Rebuild
from rag.recipe import Recipe
from rag.sync import SyncOptions, SyncReport, sync
from substrate.database import Database
from substrate.errors import ConflictError, NotFoundError
from substrate.settings import Settings
from substrate.sweep import Limits
from tests.rag.stacks import CLOCK, HELPER, Shelf, brought

OTHER = HELPER.model_copy(update={"recipe": Recipe(tokens=64)})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An index below the test's folder."""
    return Settings(home=tmp_path, _env_file=None)


@pytest.fixture
def shelf(ledger: Database) -> Shelf:
    """Documents that were synced once."""
    made = Shelf()
    for n in range(5):
        made.put(f"{n}", f"Text {n}. " * 30)
    brought(ledger, made)
    return made


def other_recipe(database: Database, shelf: Shelf, copilot: Copilot = OTHER) -> SyncReport:
    """A sync by another recipe."""
    return sync(database, copilot, [shelf], HashingEmbedder(), CLOCK)


def rebuilt_at(share: float, floor: int) -> Copilot:
    """The helper, with another bound for changes in place."""
    return HELPER.model_copy(update={"rebuild": Rebuild(share=share, floor=floor)})


def states(database: Database) -> list[tuple[State, Why]]:
    """Where the generations stand, the oldest first."""
    with database.read() as connection:
        return [(each.state, each.why) for each in reversed(generations(connection, "helper"))]


def live_number(database: Database) -> int:
    """Which generation answers."""
    with database.read() as connection:
        found = live_generation(connection, "helper")
    assert found is not None
    return found.id


@pytest.fixture
def index(ledger: Database, settings: Settings, shelf: Shelf) -> Iterator[Index]:
    """An index of the shelf."""
    with open_index(settings, ledger, CLOCK) as opened:
        yield opened


def test_another_recipe_is_built_beside_and_answers_once_it_was_judged(
    index: Index, ledger: Database, shelf: Shelf
) -> None:
    report = other_recipe(ledger, shelf)
    assert (report.state, index.live("helper").generation) == ("ready", 1)
    index.catch_up()
    assert index.live("helper").generation == report.generation == 2
    assert states(ledger) == [(State.READY, Why.REPLACED), (State.LIVE, Why.PROMOTED)]


def test_a_large_change_is_built_beside(ledger: Database, shelf: Shelf) -> None:
    for n in range(3):
        shelf.put(f"{n}", f"New text {n}.")
    report = brought(ledger, shelf, copilot=rebuilt_at(share=0.5, floor=2))
    assert (report.generation, report.state) == (2, "ready")
    assert live_number(ledger) == 1


def test_a_small_change_overtakes_what_was_begun_beside(ledger: Database, shelf: Shelf) -> None:
    before = dict(shelf.documents)
    shelf.put("0", "New.")
    shelf.put("1", "New too.")
    brought(ledger, shelf, copilot=rebuilt_at(share=0.1, floor=1))
    shelf.documents = before
    assert brought(ledger, shelf).generation == 1
    assert states(ledger)[1] == (State.RETIRED, Why.OVERTAKEN)


def test_a_source_that_cannot_be_listed_keeps_a_generation_from_being_complete(ledger: Database, shelf: Shelf) -> None:
    shelf.fails = True
    assert other_recipe(ledger, shelf).state == "building"
    shelf.fails = False
    assert other_recipe(ledger, shelf).state == "ready"


def worse(copilot: str, live: LiveIndex | None, candidate: LiveIndex) -> Verdict:
    """The golden questions got worse."""
    return Verdict("quality", False, "recall fell from 0.9 to 0.1")


def test_what_answers_worse_does_not_answer(ledger: Database, settings: Settings, shelf: Shelf) -> None:
    other_recipe(ledger, shelf)
    with open_index(settings, ledger, CLOCK, IndexOptions(quality=worse)) as index:
        assert index.live("helper").generation == 1
        assert states(ledger)[1] == (State.FAILED, Why.GATES)
        with pytest.raises(ConflictError, match=r"recall fell from 0\.9"):
            index.promote(2)
        index.promote(2, insist=True)
        assert index.live("helper").generation == 2


def test_a_failed_generation_is_judged_again_once_it_changed(
    ledger: Database, settings: Settings, shelf: Shelf
) -> None:
    other_recipe(ledger, shelf)
    with open_index(settings, ledger, CLOCK, IndexOptions(quality=worse)):
        assert other_recipe(ledger, shelf).state == "failed"
        shelf.put("0", "New.")
        assert other_recipe(ledger, shelf).state == "ready"


def test_of_two_owners_the_quicker_lets_it_answer(index: Index, ledger: Database, shelf: Shelf) -> None:
    other_recipe(ledger, shelf)
    with ledger.write() as connection:
        ready = generations(connection, "helper")[0]
        flip(connection, ready, CLOCK.now())
    index._gates._settle(ready, [], passed=True)
    index.catch_up()
    assert index.live("helper").generation == 2
    with pytest.raises(ConflictError, match="generation 2 is live"):
        index.promote(2)


def test_a_rollback_answers_as_before_and_stays(index: Index, ledger: Database, shelf: Shelf) -> None:
    other_recipe(ledger, shelf)
    index.catch_up()
    with ledger.write() as connection:
        assert rollback(connection, "helper", CLOCK.now()).id == 1
    index.catch_up()
    assert (index.live("helper").generation, index.live("helper").size) == (1, 5)
    other_recipe(ledger, shelf)
    index.catch_up()
    assert index.live("helper").generation == 1
    index.promote(2)
    assert index.live("helper").generation == 2


def test_there_is_nothing_to_roll_back_to(ledger: Database, shelf: Shelf) -> None:
    with ledger.write() as connection, pytest.raises(NotFoundError, match="no earlier generation"):
        rollback(connection, "helper", 0)


def test_a_generation_that_is_built_does_not_answer(index: Index, ledger: Database, shelf: Shelf) -> None:
    shelf.fails = True
    other_recipe(ledger, shelf)
    with pytest.raises(ConflictError, match="generation 2 is building"):
        index.promote(2)


def test_old_generations_are_dropped(index: Index, ledger: Database, shelf: Shelf) -> None:
    other_recipe(ledger, shelf)
    index.catch_up()
    tokens = {each.name for each in index._folder.glob("words/*")}
    with ledger.write() as connection:
        assert retire_old(connection, CLOCK.now() + 1, CLOCK.now()) == 1
        assert drop_retired(connection) > 0
        assert set(connection.scalars(select(rag_chunk.c.generation))) == {2}
    index.reconcile()
    assert len({each.name for each in index._folder.glob("words/*")}) == len(tokens) - 1


def test_a_missing_vector_or_chunk_fails_coverage(ledger: Database, shelf: Shelf) -> None:
    with ledger.write() as connection:
        assert coverage(connection, 1).passed
        connection.execute(
            delete(rag_vector).where(rag_vector.c.digest == select(rag_vector.c.digest).limit(1).scalar_subquery())
        )
        assert coverage(connection, 1).measured == {"documents": 0, "chunks": 1}
        connection.execute(delete(rag_chunk).where(rag_chunk.c.id == 1))
        assert coverage(connection, 1).measured["documents"] == 1


def judged(followed: Followed) -> dict[str, bool]:
    """Which gates a generation passes."""
    return {one.gate: one.passed for one in consistency(followed)}


def test_a_vector_in_the_wrong_partition_fails_the_leak_gate(index: Index, ledger: Database) -> None:
    followed = index._live["helper"]
    assert judged(followed) == {"count": True, "leak": True}
    with ledger.read() as connection:
        chunk = connection.scalars(select(rag_chunk.c.chunk)).first()
    assert chunk is not None
    followed._vectors.add(followed.generation.token, 99, [chunk], HashingEmbedder().embed(["x"]))
    assert judged(followed) == {"count": False, "leak": False}


def test_a_row_under_another_label_than_its_document_fails_the_leak_gate(index: Index, ledger: Database) -> None:
    with ledger.write() as connection:
        connection.execute(rag_document.update().where(rag_document.c.id == 1).values(label=99))
    assert judged(index._live["helper"])["leak"] is False


def test_one_of_two_recipes_is_open(ledger: Database, shelf: Shelf) -> None:
    other_recipe(ledger, shelf)
    with ledger.read() as connection:
        found = {each.recipe for each in generations(connection) if open_generation(connection, "helper", each.recipe)}
    assert len(found) == 1


def test_an_allowed_mass_delete_of_everything_is_done_in_place(ledger: Database, shelf: Shelf) -> None:
    shelf.documents.clear()
    report = brought(ledger, shelf, options=SyncOptions(limits=Limits(allowed=True)))
    assert (report.generation, report.documents) == (1, 0)
