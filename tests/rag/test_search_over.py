"""The same questions over the index in memory and over the real one: the same answers, and nobody sees more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from rag.embedders.hashing import HashingEmbedder
from rag.hit import Query
from rag.hunt import Short
from rag.index import IndexOptions
from rag.live import Index
from rag.memory import MemoryIndex, MemoryLive
from rag.opening import open_index
from rag.search import SearchResult, search
from substrate.access import Caller, Label
from substrate.columns import Sensitivity
from substrate.database import Database
from substrate.settings import Settings
from tests.rag.stacks import CLOCK, HELPER, Shelf, brought

EMBEDDER = HashingEmbedder()
WORDS = ("bed", "form", "visit", "bill", "report", "user", "role", "chart", "file", "key")
CALLERS = {
    "clerk": Caller("k:1", "clerk", Sensitivity.INTERNAL),
    "doctor": Caller("k:2", "doctor", Sensitivity.PHI),
    "northern doctor": Caller("k:3", "doctor", Sensitivity.PHI, sites=frozenset({"north"})),
    "doctor of nowhere": Caller("k:4", "doctor", Sensitivity.PHI, sites=frozenset()),
    "northern nurse": Caller("k:5", "nurse", Sensitivity.PII, sites=frozenset({"north"})),
}
LABELS = (
    Label(Sensitivity.INTERNAL),
    Label(Sensitivity.PUBLIC),
    Label(Sensitivity.PHI, "north", frozenset({"doctor"})),
    Label(Sensitivity.PHI, "south"),
    Label(Sensitivity.PII, "north"),
    Label(Sensitivity.PII),
)
Ask = Callable[..., SearchResult]


def shelf() -> Shelf:
    """A hundred and twenty documents with all sorts of labels."""
    made = Shelf()
    for number in range(120):
        text = f"{WORDS[number % 10]} number{number} {WORDS[number // 10 % 10]} part{number * 7} rule{number * 13}."
        label = LABELS[number % len(LABELS)]
        made.put(f"{number}", text, label=label, kind="note" if number % 5 == 0 else "guide", changed_at=number)
    return made


@pytest.fixture(params=["memory", "exact", "approximate"])
def ask(request: pytest.FixtureRequest, one_ledger: Database, tmp_path: Path) -> Iterator[Ask]:
    """Asks one kind of index."""
    brought(one_ledger, shelf())
    with ExitStack() as stack:
        options = IndexOptions(exact=5) if request.param == "approximate" else None
        real = stack.enter_context(open_index(Settings(home=tmp_path, _env_file=None), one_ledger, CLOCK, options))
        index: Index = in_memory(real) if request.param == "memory" else real

        def asked(text: str, caller: Caller = CALLERS["doctor"], **wanted: Any) -> SearchResult:
            return search(index, EMBEDDER, caller, HELPER, Query(text, **wanted), CLOCK.now())

        yield asked


def in_memory(real: Index) -> MemoryIndex:
    """What the real index holds, in memory."""
    live = real.live(HELPER.name)
    passages = live.passages(live.rows(live.partitions.keys(), Query("")))
    vectors = EMBEDDER.embed([f"{each.title}\n\n{each.text}" for each in passages])
    return MemoryIndex({HELPER.name: MemoryLive(passages, vectors, checked_at=live.checked_at)})


@pytest.mark.parametrize("name", CALLERS)
def test_each_caller_sees_all_that_is_theirs_and_nothing_else(ask: Ask, name: str) -> None:
    caller = CALLERS[name]
    theirs = {key for key, one in shelf().documents.items() if one is not None and caller.may_see(one.label)}
    found = ask("bed", caller, k=200)
    assert {hit.passage.document for hit in found.hits} == theirs
    assert found.short == Short.FEWER_DOCUMENTS


@pytest.mark.parametrize("k", [1, 8, 20])
def test_as_many_come_as_were_asked_for(ask: Ask, k: int) -> None:
    for name in ("clerk", "doctor", "northern doctor"):
        found = ask("form number11", CALLERS[name], k=k)
        assert (len(found.hits), found.short) == (k, None)


def test_the_document_that_says_it_comes_first(ask: Ask) -> None:
    hit = ask("visit number42", k=8).hits[0]
    assert hit.passage.document == "42"
    assert hit.dense_rank == hit.lexical_rank == 1


def test_filters_hold_and_say_so(ask: Ask) -> None:
    found = ask("bed", CALLERS["clerk"], kinds=frozenset({"note"}), changed_after=60, k=8)
    wanted = [n for n in range(61, 120) if n % 5 == 0 and CALLERS["clerk"].may_see(LABELS[n % len(LABELS)])]
    assert {int(hit.passage.document) for hit in found.hits} == set(wanted)
    assert (len(found.hits) < 8, found.short) == (len(wanted) < 8, Short.FILTERED if len(wanted) < 8 else None)


@pytest.mark.parametrize(
    "text",
    ['"beds', "bed AND (OR", "title:bed^9 +bed -bill [1 TO *]", "~*?:\\/{}", "床 ベッド", "bed " * 3_000, "\ud800 bed",
     "bed\0", "what is it", "😀", "x" * 10_000, "body:/.*/", "IN [a b]", "bed~9", "NOT bed", "''"],
)  # fmt: skip
def test_any_text_is_a_question(ask: Ask, text: str) -> None:
    assert len(ask(text, k=8).hits) == 8


def test_a_question_cannot_widen_what_is_seen(ask: Ask) -> None:
    found = ask("partition:3 label:PHI site:south OR number3 number9 role=doctor", CALLERS["clerk"], k=200)
    assert {hit.passage.label.sensitivity for hit in found.hits} <= {Sensitivity.PUBLIC, Sensitivity.INTERNAL}
