"""Questions put to a search: what is kept of each answer, and how they add up."""

from __future__ import annotations

from rag.evals.golden import Question
from rag.evals.judging import Found, Judged, judge, summary, whole
from rag.evals.places import LostReason
from tests.rag.evals.world import Search, golden, judged, passage, question

CORPUS = {"a.md": "Here is the right answer."}


def test_a_question_is_judged_by_where_its_place_was_found() -> None:
    found = judge(golden(question("one")), Search("nothing", "it is the right answer"), CORPUS)
    assert found == [Judged("one", (), (2,), took=1_000)]


def test_what_comes_after_the_tenth_does_not_count() -> None:
    found = judge(golden(question("one")), Search(*["nothing"] * 10, "the right answer"), CORPUS)
    assert found[0].ranks == (None,)


def test_a_lost_place_is_told_and_not_measured() -> None:
    found = judge(golden(question("gone", "it is not said anywhere"), question("one")), Search("nothing"), CORPUS)
    assert found[0].lost == (LostReason.PHRASE_GONE,)
    assert (summary(found).asked, summary(found).lost, summary(found).scores[0].questions) == (2, 1, 1)


def test_an_unanswerable_question_is_right_where_the_search_declines() -> None:
    odd = Question(id="odd", ask="What does parking cost?", unanswerable=True)
    found = summary(judge(golden(odd, question("one")), Search(declined=True), CORPUS))
    assert (found.declined, found.refused, found.lost) == (1.0, 1.0, 0)


def test_a_search_that_does_not_say_declines_nothing() -> None:
    assert summary(judge(golden(question("one")), Search(), CORPUS)).refused is None


def test_the_summary_of_nothing_has_no_measures() -> None:
    assert summary([]).mean("mrr") is None
    assert summary(judged((1,), (None,))).mean("mrr") == 0.5


def test_a_document_is_put_together_from_its_chunks_so_that_a_phrase_that_was_cut_in_two_is_whole() -> None:
    chunks = [(("Hands",), "Wash."), (("Hands",), "Dry."), (("Feet",), "Go.")]
    assert whole("Hygiene", chunks) == "Hygiene\nHands\nWash.\nDry.\nFeet\nGo."


def test_a_passage_that_stands_in_for_another_document_fills_its_places() -> None:
    def search(ask: str) -> Found:
        return Found([passage("nothing", "c.md"), passage("the right answer", "b.md")], alike=[(), ("a.md",)])

    assert judge(golden(question("one")), search, CORPUS)[0].ranks == (2,)
