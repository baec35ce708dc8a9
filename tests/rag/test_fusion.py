"""One order out of two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.fusion import WEIGHT, Beside, fuse, trust_in_words
from rag.live import Ranked

RANKED = st.lists(st.integers(0, 30), unique=True, max_size=20).map(
    lambda rows: [(row, 1 / (place + 1)) for place, row in enumerate(rows)]
)


def test_a_row_that_both_legs_found_comes_before_those_that_one_did() -> None:
    assert [each.row for each in fuse([(1, 0.8), (2, 0.7), (4, 0.2)], [(3, 9.0), (2, 8.0)])] == [2, 3, 1, 4]


def test_each_row_says_where_it_was_found() -> None:
    both, alone = fuse([(1, 0.9)], [(1, 4.0), (7, 2.0)])
    assert (both.dense_rank, both.lexical_rank, both.similarity) == (1, 1, 0.9)
    assert (alone.dense_rank, alone.lexical_rank, alone.similarity) == (None, 2, None)
    assert both.score == pytest.approx(0.9 + WEIGHT)


def test_words_that_are_not_trusted_say_nothing() -> None:
    assert [each.row for each in fuse([(1, 0.9), (2, 0.8)], [(2, 9.0)], trust=0.0)] == [1, 2]


def test_a_row_of_one_leg_is_judged_by_what_the_other_says_of_it() -> None:
    dense, lexical = [(1, 0.6), (2, 0.5)], [(3, 9.0), (4, 8.9)]
    found = fuse(dense, lexical, beside=Beside({3: 0.1, 4: 0.45}, {1: 1.0}))
    assert [each.row for each in found] == [4, 3, 1, 2]
    assert (found[0].similarity, found[0].dense_rank) == (0.45, None)


def test_words_are_trusted_by_the_square_of_what_the_best_match_holds() -> None:
    wanted = {"discharge": 1.0, "letters": 1.0, "deadline": 1.0, "hours": 1.0}
    assert trust_in_words(wanted, "A discharge letter is written within two hours.") == pytest.approx(0.75**2)
    assert trust_in_words(wanted, "Nothing of that kind") == 0.0


def test_a_word_said_instead_stands_for_what_was_asked() -> None:
    assert trust_in_words({"dna": 1.0, "attend": 0.5}, "Did not attend") == pytest.approx(0.25)
    assert trust_in_words({"dna": 1.0, "attend": 0.5}, "DNA: did not attend") == 1.0


def test_no_words_are_not_trusted() -> None:
    assert trust_in_words({}, "Anything") == 0.0


@given(RANKED, RANKED)
def test_every_row_comes_once_and_the_best_first(dense: Ranked, lexical: Ranked) -> None:
    found = fuse(dense, lexical)
    assert sorted(each.row for each in found) == sorted({row for row, _ in [*dense, *lexical]})
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)


@given(RANKED)
def test_one_leg_alone_keeps_its_order(ranked: Ranked) -> None:
    assert [each.row for each in fuse(ranked, [])] == [row for row, _ in ranked]
    assert [each.row for each in fuse([], ranked)] == [row for row, _ in ranked]
