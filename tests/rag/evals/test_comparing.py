"""Two runs side by side."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.evals.comparing import compare
from rag.evals.judging import Judged
from tests.rag.evals.world import judged


def test_measures_are_compared_for_all_and_by_slice() -> None:
    slices = [("easy",), ("hard",)]
    found = compare(judged((1,), (None,), slices=slices), judged((1,), (2,), slices=slices))
    assert list(found.differences) == ["all", "easy", "hard"]
    assert found.of("recall@10").by == 0.5
    assert found.differences["easy"]["recall@10"].by == 0


def test_questions_that_moved_are_named_the_largest_move_first() -> None:
    found = compare(judged((1,), (1,), (9,), (3,)), judged((None,), (2,), (1,), (3,)))
    assert [one.question for one in found.worse] == ["q0", "q1"]
    assert [one.question for one in found.better] == ["q2"]


def test_a_question_that_only_one_run_asked_is_left_out_and_named() -> None:
    found = compare(judged((1,), (1,)), judged((1,)))
    assert (found.of("mrr").questions, found.apart) == (1, ["q1"])


def test_a_question_lost_to_the_second_run_counts_as_not_found() -> None:
    before = judged((1,), (1,))
    found = compare(before, [before[0], replace(before[1], ranks=())])
    assert (found.lost, found.of("recall@10").after) == (["q1"], 0.5)


def test_a_place_lost_to_one_run_counts_as_not_found_there() -> None:
    assert compare(judged((1, 2)), judged((1,))).of("recall@10").after == 0.5


def test_a_question_lost_to_both_says_nothing() -> None:
    assert compare(judged((), (1,)), judged((), (1,))).apart == ["q0"]


def test_unanswerable_questions_are_no_part_of_it() -> None:
    odd = Judged("odd", (), (), unanswerable=True)
    assert compare([odd], [odd]).apart == []


def test_nothing_in_common_gives_no_differences() -> None:
    assert compare([], judged((1,))).differences == {}


def test_swapping_the_runs_turns_the_signs() -> None:
    one, two = judged((1,), (4,), (None,)), judged((2,), (1,), (3,))
    assert compare(one, two).of("ndcg@10").by == pytest.approx(-compare(two, one).of("ndcg@10").by)
