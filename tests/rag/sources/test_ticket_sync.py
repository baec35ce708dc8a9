"""An export of tickets and the index: only what changed is embedded, and no broken export empties what there is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rag.copilot import Copilot
from rag.embedder import Embedder
from rag.embedders.hashing import HashingEmbedder
from rag.held import held_documents
from rag.sources.declared import document_sources
from rag.sync import SyncReport, sync
from substrate.columns import Sensitivity
from substrate.database import Database
from tests.rag.stacks import CLOCK, CountingEmbedder

Sync = Callable[..., SyncReport]


def ticket(number: int, *said: str) -> dict[str, Any]:
    """A ticket with comments, each long enough for chunks of its own."""
    comments = [{"body": f"{word} " * 150, "created_at": f"2024-02-{at:02}"} for at, word in enumerate(said, 1)]
    return {"id": number, "title": f"Ticket of number{number}", "body": f"body{number} " * 150, "comments": comments}


@pytest.fixture
def brought(ledger: Database, tmp_path: Path) -> Sync:
    copilot = Copilot.model_validate(
        {"name": "desk", "sources": [{"name": "t", "tickets": {"path": tmp_path / "t.json"}}]}
    )

    def synced(tickets: Any, embedder: Embedder | HashingEmbedder | None = None) -> SyncReport:
        (tmp_path / "t.json").write_text(tickets if isinstance(tickets, str) else json.dumps(tickets))
        return sync(ledger, copilot, document_sources(copilot, CLOCK), embedder or HashingEmbedder(), CLOCK)

    return synced


def test_a_second_sync_reads_nothing(brought: Sync) -> None:
    tickets = [ticket(n, f"reply{n}") for n in range(30)]
    assert (brought(tickets).read, brought(tickets).documents) == (30, 30)
    again = brought(list(reversed(tickets)))
    assert (again.read, again.embedded, again.unchanged, again.deleted) == (0, 0, 30, 0)


def test_a_new_comment_embeds_that_comment_only(brought: Sync) -> None:
    brought([ticket(1, "first", "second"), ticket(2)])
    report = brought([ticket(1, "first", "second", "third"), ticket(2)])
    assert (report.read, report.embedded, report.added, report.deleted) == (1, 1, 1, 0)


def test_a_changed_comment_embeds_that_comment_only(brought: Sync) -> None:
    brought([ticket(1, "first", "second", "third"), ticket(2)])
    report = brought([ticket(1, "first", "other", "third"), ticket(2)])
    assert (report.read, report.embedded, report.added, report.deleted) == (1, 1, 1, 1)


def test_a_ticket_that_is_merged_leaves_the_index(brought: Sync) -> None:
    brought([ticket(n) for n in range(5)])
    report = brought([{**ticket(n), "merged_into": 4 if n == 2 else None} for n in range(5)])
    assert (report.documents, report.deleted, report.embedded) == (4, 1, 0)


@pytest.mark.parametrize("text", ["", "[]", '[{"id": 1, "title": "x"}, {"id": 2, "ti', "{}"])
def test_an_export_that_is_empty_or_torn_touches_nothing(brought: Sync, text: str) -> None:
    brought([ticket(n) for n in range(5)])
    report = brought(text)
    assert (report.documents, report.deleted, list(report.failed)) == (5, 0, ["t"])


def test_an_export_that_lost_most_of_its_tickets_deletes_none(brought: Sync) -> None:
    brought([ticket(n) for n in range(60)])
    report = brought([ticket(n) for n in range(35)])
    assert (report.documents, report.deleted, report.held) == (60, 0, {"mass_delete": 25})


def test_a_ticket_whose_line_breaks_stays_as_it_was_and_is_held(brought: Sync, ledger: Database) -> None:
    lines = [json.dumps(ticket(n)) for n in range(3)]
    brought("\n".join(lines) + "\n")
    report = brought("\n".join([lines[0], lines[1][:-9], lines[2]]) + "\n")
    assert (report.documents, report.deleted, report.held) == (3, 0, {"bad_json": 1})
    with ledger.read() as connection:
        (held,) = held_documents(connection, report.generation)
    assert (held.key, held.detail.partition(":")[0]) == ("1", "t.json, row 2")
    assert brought("\n".join(lines) + "\n").held == {}


def test_an_embedder_that_may_not_know_names_is_given_no_ticket(brought: Sync) -> None:
    embedder = CountingEmbedder(Sensitivity.INTERNAL)
    report = brought([ticket(1), ticket(2)], embedder)
    assert (report.documents, report.held, embedder.texts) == (0, {"above_clearance": 2}, [])
