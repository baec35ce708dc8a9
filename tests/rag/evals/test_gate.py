"""The gate on promotion: a worse index stays out, luck does not keep a good one out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from rag.evals.gate import Bar, Quality, Verdict, weigh
from rag.evals.golden import Golden
from rag.evals.judging import judge
from rag.evals.measures import Ranks
from tests.rag.evals.world import Search, golden, judged, question

CORPUS = {"a.md": "Here is the right answer."}
GOOD, POOR = Search("the right answer"), Search("nothing")


def weighed(before: Sequence[Ranks], after: Sequence[Ranks]) -> Quality:
    return weigh(judged(*before), judged(*after), Bar()).quality


def test_an_equal_index_passes() -> None:
    assert weighed([(1,), (None,), (3,)] * 20, [(1,), (None,), (3,)] * 20) is Quality.NOT_WORSE


def test_a_better_index_passes() -> None:
    assert weighed([(4,)] * 60, [(1,)] * 60) is Quality.NOT_WORSE


def test_an_index_that_finds_a_tenth_less_stays_out() -> None:
    verdict = weigh(judged(*[(1,)] * 60), judged(*[(1,)] * 54, *[(None,)] * 6), Bar())
    assert not verdict.passes
    assert "recall@10 1.000 -> 0.900 over 60 questions" in verdict.says


def test_two_questions_of_sixty_are_within_the_margin() -> None:
    assert weighed([(1,)] * 60, [(1,)] * 59 + [(2,)]) is Quality.NOT_WORSE


def test_answers_that_slip_down_are_noticed_although_they_are_still_found() -> None:
    assert weighed([(1,)] * 60, [(2,)] * 60) is Quality.WORSE


def test_too_few_questions_to_tell_keep_a_doubtful_index_out() -> None:
    assert weighed([(1,)] * 6, [(1,)] * 5 + [(None,)]) is Quality.WORSE


def test_questions_that_move_both_ways_do_not_keep_an_index_out() -> None:
    same: list[Ranks] = [(1,), (3,)] * 25
    assert weighed([*same, *[(1,), (2,)] * 5], [*same, *[(2,), (1,)] * 5]) is Quality.NOT_WORSE


def test_questions_that_lost_their_places_are_counted() -> None:
    verdict = weigh(judged(*[(1,)] * 20), judged(*[(1,)] * 18, (), ()), Bar())
    assert verdict.quality is Quality.LOST
    assert verdict.says == "2 of 20 questions lost all their places: q18, q19"


def asked(questions: Golden, green: Search, corpus: Mapping[str, str]) -> Verdict:
    """The verdict on a generation, next to one that knows the answer."""
    return weigh(judge(questions, GOOD, CORPUS), judge(questions, green, corpus), Bar())


@pytest.mark.parametrize(("green", "quality"), [(GOOD, Quality.NOT_WORSE), (POOR, Quality.WORSE)])
def test_a_generation_is_judged_by_what_it_answers(green: Search, quality: Quality) -> None:
    assert asked(golden(question("one"), question("two")), green, CORPUS).quality is quality


def test_a_green_generation_that_lacks_the_document_stays_out() -> None:
    assert asked(golden(question("one"), question("two")), GOOD, {}).quality is Quality.LOST


def test_without_a_question_that_can_be_measured_nothing_is_decided() -> None:
    verdict = asked(golden(question("one", "said nowhere at all")), GOOD, CORPUS)
    assert (verdict.quality, verdict.passes) == (Quality.NOTHING_ASKED, True)
