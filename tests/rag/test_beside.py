"""While a generation is built beside, what answers shows nothing to who may no longer see it, and loses nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from rag.generations import live_generation
from rag.labels import labels
from rag.ledger import rag_chunk, rag_document
from rag.rebuild import Rebuild
from rag.sync import SyncOptions, SyncReport
from substrate.access import Label
from substrate.columns import Sensitivity
from substrate.database import Database
from substrate.sweep import Limits
from tests.rag.stacks import HELPER, CountingEmbedder, Shelf, brought

BESIDE = HELPER.model_copy(update={"rebuild": Rebuild(share=0.0, floor=0)})
NORTH, SOUTH = Label(Sensitivity.PHI, "north"), Label(Sensitivity.PHI, "south")
OPEN, NURSES, DOCTORS = (Label(Sensitivity.INTERNAL, None, frozenset(roles)) for roles in ((), ("nurse",), ("doctor",)))


def rebuilt(ledger: Database, shelf: Shelf, *, allowed: bool = False) -> SyncReport:
    """A sync whose every change is built beside."""
    options = SyncOptions(limits=Limits(allowed=allowed))
    return brought(ledger, shelf, options=options, copilot=BESIDE)


def full(label: Label = OPEN, count: int = 40, name: str = "shelf") -> Shelf:
    """A shelf of documents with a label."""
    shelf = Shelf(name=name)
    for n in range(count):
        shelf.put(f"{n}", f"Text number {n} of {name}.", label=label)
    return shelf


def relabel(shelf: Shelf, label: Label) -> None:
    """Every document is for others now, and says something else."""
    for key, document in shelf.documents.items():
        assert document is not None
        shelf.documents[key] = replace(document, text=f"{document.text} More.", label=label)


def shown(ledger: Database) -> set[Label]:
    """The labels of what answers."""
    with ledger.read() as connection:
        live = live_generation(connection, "helper")
        assert live is not None
        here = (rag_document.c.generation == live.id, rag_document.c.gone_at.is_(None))
        known = labels(connection)
        return {known[number] for number in connection.scalars(select(rag_document.c.label).where(*here))}


@pytest.mark.parametrize(
    ("before", "after", "meanwhile"),
    [
        (OPEN, NORTH, {Label(Sensitivity.PHI)}),
        (NORTH, OPEN, {Label(Sensitivity.PHI)}),
        (NORTH, SOUTH, {Label(Sensitivity.PHI)}),
        (OPEN, NURSES, {NURSES}),
        (NURSES, DOCTORS, set()),
        (NURSES, OPEN, {NURSES}),
    ],
    ids=["to-health", "from-health", "other-site", "to-nurses", "to-doctors", "to-all"],
)
def test_what_answers_is_at_once_for_who_may_see_both(
    ledger: Database, before: Label, after: Label, meanwhile: set[Label]
) -> None:
    shelf = full(before)
    brought(ledger, shelf)
    relabel(shelf, after)
    assert rebuilt(ledger, shelf).state == "ready"
    assert shown(ledger) == meanwhile


def test_followers_hear_of_what_was_tightened(ledger: Database) -> None:
    shelf = full()
    brought(ledger, shelf)
    with ledger.read() as connection:
        before = max(connection.scalars(select(rag_chunk.c.sequence)))
    relabel(shelf, NORTH)
    live = rebuilt(ledger, shelf).generation - 1
    with ledger.read() as connection:
        heard = select(rag_chunk.c.chunk).where(rag_chunk.c.generation == live, rag_chunk.c.sequence > before)
        assert len(connection.scalars(heard).all()) == 40


def test_what_the_embedder_may_no_longer_be_given_is_tightened_too(ledger: Database) -> None:
    shelf = full()
    brought(ledger, shelf)
    relabel(shelf, Label(Sensitivity.PHI))
    careful = CountingEmbedder(Sensitivity.INTERNAL)
    assert brought(ledger, shelf, copilot=BESIDE, embedder=careful).held == {"above_clearance": 40}
    assert shown(ledger) == {Label(Sensitivity.PHI)}


def test_a_generation_that_lacks_most_does_not_answer_unseen(ledger: Database) -> None:
    shelf = full(count=60)
    brought(ledger, shelf)
    for n in range(50):
        del shelf.documents[f"{n}"]
    report = rebuilt(ledger, shelf)
    assert (report.state, report.held) == ("building", {"mass_delete": 50})
    assert rebuilt(ledger, shelf, allowed=True).state == "ready"


def test_a_source_that_was_taken_out_counts_beside_too(ledger: Database) -> None:
    brought(ledger, full(), full(name="other"))
    report = rebuilt(ledger, full())
    assert (report.state, report.held) == ("building", {"mass_delete": 40})


def test_what_only_moved_is_not_missed_beside(ledger: Database) -> None:
    shelf = full()
    brought(ledger, shelf)
    shelf.documents = {f"new/{key}": document for key, document in shelf.documents.items()}
    assert rebuilt(ledger, shelf).state == "ready"
