"""Search: what is found, what is not shown, and what is said where less comes than was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from rag.embedders.recent import RecentlyEmbedded
from rag.hit import Passage, Query
from rag.hunt import Short
from rag.live import Vector
from rag.memory import MemoryIndex, MemoryLive
from rag.search import search
from substrate.access import Caller, Label
from substrate.clock import DAY, HOUR
from substrate.columns import Sensitivity
from substrate.errors import NotFoundError
from tests.rag.shelf import ANA, EMBEDDER, NOW, ask, copilot, index_of, numbered, passage

PHI = Label(Sensitivity.PHI, "north")
BEDS = passage("Beds are booked by the bed manager before noon.", "beds.md", headings=("Booking",))
BILLS = passage("Bills are sent at the end of a month.", "bills.md")


def test_the_passage_that_says_it_comes_first_and_explains_itself() -> None:
    hit = ask([BILLS, BEDS, *numbered(30)], "Who books beds?").hits[0]
    assert hit.passage == BEDS
    assert (hit.dense_rank, hit.lexical_rank) == (1, 1)
    assert hit.matched == ("books", "beds")
    assert hit.similarity is not None


def test_as_many_come_as_were_asked_for() -> None:
    found = ask(numbered(60), "bed", k=25)
    assert (len(found.hits), found.short) == (25, None)


def test_fewer_come_only_with_a_reason() -> None:
    found = ask(numbered(5), "bed", k=8)
    assert (len(found.hits), found.short) == (5, Short.FEWER_DOCUMENTS)


def test_rows_that_match_no_word_are_found_too() -> None:
    found = ask(numbered(60), "zzz", k=60)
    assert (len(found.hits), found.short) == (60, None)


def test_filters_say_that_it_was_they() -> None:
    passages = [*numbered(40), *numbered(3, kind="ticket")]
    found = ask(passages, "bed", kinds=frozenset({"ticket"}))
    assert (len(found.hits), found.short) == (3, Short.FILTERED)
    assert {hit.passage.kind for hit in found.hits} == {"ticket"}


def test_filters_by_time_leave_out_what_has_none() -> None:
    passages = [replace(BEDS, changed_at=NOW), replace(BILLS, changed_at=None), *numbered(9, changed_at=NOW - 9 * DAY)]
    found = ask(passages, "beds and bills", changed_after=NOW - DAY)
    assert [hit.passage.document for hit in found.hits] == ["beds.md"]


def test_a_record_can_be_asked_about_alone() -> None:
    passages = [replace(BEDS, entity=("bed", 12)), replace(BILLS, entity=("bed", 13))]
    assert [hit.passage.entity for hit in ask(passages, "bills", entity=("bed", 12)).hits] == [("bed", 12)]


def test_nobody_sees_what_is_above_their_clearance() -> None:
    secret = passage("The patient in bed twelve has gout.", label=PHI)
    found = ask([secret, BEDS], "patient in bed twelve has gout")
    assert [hit.passage for hit in found.hits] == [BEDS]
    assert found.short == Short.FEWER_DOCUMENTS


@pytest.mark.parametrize(
    ("caller", "sees"),
    [
        (Caller("a", "doctor", Sensitivity.PHI), True),
        (Caller("a", "doctor", Sensitivity.PHI, sites=frozenset({"north"})), True),
        (Caller("a", "doctor", Sensitivity.PHI, sites=frozenset({"south"})), False),
        (Caller("a", "doctor", Sensitivity.PHI, sites=frozenset()), False),
        (Caller("a", "clerk", Sensitivity.PHI), False),
        (Caller("a", "doctor", Sensitivity.PII), False),
    ],
)
def test_role_site_and_clearance_decide(caller: Caller, sees: bool) -> None:
    secret = passage("Gout.", label=replace(PHI, roles=frozenset({"doctor"})))
    assert bool(ask([secret], "gout", caller).hits) == sees


def test_that_there_is_anything_hidden_is_not_told() -> None:
    hidden, empty = ask([passage("Gout.", label=PHI)], "gout"), ask([], "gout")
    assert (hidden.hits, hidden.short, hidden.stale) == (empty.hits, empty.short, empty.stale)
    assert hidden.short == Short.NO_DOCUMENTS


def test_a_site_can_be_chosen_among_ones_own() -> None:
    north, south = (replace(BEDS, label=Label(Sensitivity.INTERNAL, site)) for site in ("north", "south"))
    assert [hit.passage for hit in ask([north, south], "beds", sites=frozenset({"south"})).hits] == [south]
    assert ask([north], "beds", sites=frozenset({"south"})).short == Short.FILTERED


def test_who_may_not_ask_a_copilot_gets_nothing_of_it() -> None:
    only_doctors = copilot(roles=["doctor"])
    found = search(index_of([BEDS]), EMBEDDER, ANA, only_doctors, Query("beds"), NOW)
    assert (found.hits, found.short, found.generation) == ((), Short.NOT_ALLOWED, None)


def test_a_copilot_that_was_never_indexed_says_so() -> None:
    with pytest.raises(NotFoundError, match="nothing was indexed"):
        search(MemoryIndex({}), EMBEDDER, ANA, copilot(), Query("beds"), NOW)


@pytest.mark.parametrize(
    "text",
    ['"beds', "bed AND (OR", "title:beds^9 +bed -bill [1 TO *]", "~*?:\\/{}", "床 ベッド", "bed " * 3_000, "\ud800 bed",
     "bed\0", "what is it", "😀", "x" * 10_000, "body:/.*/"],
)  # fmt: skip
def test_any_text_is_a_question(text: str) -> None:
    assert len(ask(numbered(20), text, k=8).hits) == 8


@pytest.mark.parametrize("text", ["", "  \n", "\0"])
def test_an_empty_question_finds_nothing_and_says_so(text: str) -> None:
    found = ask(numbered(20), text)
    assert (found.hits, found.short) == ((), Short.EMPTY_QUESTION)


@pytest.mark.parametrize(("k", "comes"), [(-1, 1), (0, 1), (10**9, 200)])
def test_any_number_of_hits_is_bounded(k: int, comes: int) -> None:
    assert len(ask(numbered(300), "bed", k=k).hits) == comes


def test_what_says_the_same_is_shown_once_and_named() -> None:
    copies = [replace(BEDS, document=f"copy{n}.md", chunk=f"{n:032}") for n in range(5)]
    found = ask([BEDS, *copies, BILLS], "Who books beds?", k=2)
    assert {hit.passage.document for hit in found.hits} >= {"bills.md"}
    assert len(found.hits[0].alike) == 5


def test_where_everything_says_the_same_that_is_the_reason() -> None:
    copies = [replace(BEDS, document=f"copy{n}.md", chunk=f"{n:032}") for n in range(400)]
    found = ask(copies, "beds", k=3)
    assert (len(found.hits), found.short) == (1, Short.ALIKE)
    assert len(found.hits[0].alike) == 399


def test_behind_many_copies_the_others_are_still_found() -> None:
    copies = [replace(BEDS, document=f"copy{n}.md", chunk=f"{n:032}") for n in range(400)]
    found = ask([*copies, *numbered(20)], "Who books beds?", k=8)
    assert (len(found.hits), found.short) == (8, None)


def test_two_peoples_summaries_are_never_one() -> None:
    text = "The patient came on time, was seen, and left without any finding."
    two = [passage(text, f"patient/{n}", entity=("patient", n)) for n in (1, 2)]
    assert len(ask(two, "patient").hits) == 2


def test_a_hit_older_than_promised_is_stale_and_so_is_the_result() -> None:
    old = replace(BEDS, checked_at=NOW - 25 * HOUR)
    found = ask([old, BILLS], "beds")
    assert {hit.passage.document: hit.stale for hit in found.hits} == {"beds.md": True, "bills.md": False}
    assert found.stale


@pytest.mark.parametrize(("checked_at", "stale"), [(NOW - 24 * HOUR, False), (NOW - 25 * HOUR, True), (None, True)])
def test_a_collection_that_is_not_followed_is_stale_whatever_it_holds(checked_at: int | None, stale: bool) -> None:
    found = search(index_of([BEDS], checked_at=checked_at), EMBEDDER, ANA, copilot(), Query("beds"), NOW)
    assert (found.stale, found.checked_at) == (stale, checked_at)


class Going(MemoryLive):
    """A generation of which a document goes while it is searched."""

    def passages(self, rows: Iterable[int]) -> list[Passage]:
        """All but the one on beds."""
        return [each for each in super().passages(rows) if each.document != "beds.md"]


def test_what_goes_while_we_look_is_not_mistaken_for_its_neighbour() -> None:
    passages = [BEDS, BILLS]
    going = MemoryIndex({"desk": Going(passages, EMBEDDER.embed([each.text for each in passages]), checked_at=NOW)})
    found = search(going, EMBEDDER, ANA, copilot(), Query("Who books beds?"), NOW)
    assert [(hit.passage, hit.dense_rank) for hit in found.hits] == [(BILLS, 2)]


def test_every_stage_is_timed() -> None:
    spent = ask(numbered(9), "bed", kinds=frozenset({"guide"})).timings
    assert spent.keys() == {"filter", "embed", "dense", "lexical", "fuse", "read", "total"}
    assert spent["total"] >= spent["dense"]


class Foreign:
    """An embedder elsewhere, that keeps what it was given."""

    fingerprint, dimensions, clearance = "foreign", 256, Sensitivity.INTERNAL

    def __init__(self) -> None:
        self.given: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vector:
        """Keep and embed."""
        self.given += texts
        return EMBEDDER.embed(texts)

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """None."""
        return [0] * len(texts)


def test_an_embedder_elsewhere_is_given_no_personal_data() -> None:
    foreign = Foreign()
    search(index_of([BEDS]), foreign, ANA, copilot(), Query("Is MRN 00471 of a@b.org in bed?"), NOW)
    assert foreign.given == ["Is [number 1] of [email 1] in bed?"]


def test_a_question_asked_again_is_not_embedded_again() -> None:
    foreign = Foreign()
    remembered = RecentlyEmbedded(foreign)
    for _ in range(3):
        search(index_of([BEDS]), remembered, ANA, copilot(), Query("beds"), NOW)
    assert foreign.given == ["beds"]


class Tightened(MemoryLive):
    """The ledger says that a document is for others now; the partitions do not yet."""

    def passages(self, rows: Iterable[int]) -> list[Passage]:
        """What the ledger says."""
        return [replace(one, label=SECRET) if one.document == "secret.md" else one for one in super().passages(rows)]


SECRET = Label(Sensitivity.PHI)


@pytest.mark.parametrize("names", [["secret.md", "open.md"], ["open.md", "secret.md"]])
def test_what_is_for_others_now_hides_nothing_and_is_not_named(names: list[str]) -> None:
    said = "beds are freed by noon after the round of the ward manager and the cleaning team"
    every = [*(passage(said, name) for name in names), *numbered(5)]
    live = Tightened(every, EMBEDDER.embed([f"{one.title}\n{one.text}" for one in every]), checked_at=NOW)
    hits = search(MemoryIndex({"desk": live}), EMBEDDER, ANA, copilot(), Query(said, 3), NOW).hits
    assert (len(hits), hits[0].passage.document) == (3, "open.md")
    assert all("secret.md" not in hit.alike for hit in hits)
