"""One order out of two."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rag.fusion import MEANING, K, by_ranks, by_scores
from rag.live import Ranked

RANKED = st.lists(st.integers(0, 30), unique=True, max_size=20).map(
    lambda rows: [(row, 1 / (place + 1)) for place, row in enumerate(rows)]
)


def test_by_ranks_a_row_that_both_legs_found_comes_before_those_that_one_did() -> None:
    assert [each.row for each in by_ranks([(1, 0.9), (2, 0.8)], [(3, 9.0), (2, 8.0)])] == [2, 1, 3]


def test_by_ranks_each_row_says_where_it_was_found() -> None:
    both, alone = by_ranks([(1, 0.9)], [(1, 4.0), (7, 2.0)])
    assert (both.dense_rank, both.lexical_rank, both.similarity) == (1, 1, 0.9)
    assert (alone.dense_rank, alone.lexical_rank, alone.similarity) == (None, 2, None)
    assert both.score == 2 / (K + 1)


def test_by_scores_a_much_better_match_of_words_wins() -> None:
    found = by_scores([(1, 0.5), (2, 0.4)], [(2, 9.0), (1, 1.0)], {})
    assert [each.row for each in found] == [2, 1]
    assert found[0].score == MEANING * 0.4 + (1 - MEANING)


def test_by_scores_rows_of_the_lexical_leg_bring_their_cosine() -> None:
    found = by_scores([(1, 0.5)], [(7, 9.0)], {7: 0.45})
    assert [(each.row, each.dense_rank, each.similarity) for each in found] == [(7, None, 0.45), (1, 1, 0.5)]


@given(RANKED, RANKED)
def test_every_row_comes_once_and_the_best_first(dense: Ranked, lexical: Ranked) -> None:
    for found in (by_ranks(dense, lexical), by_scores(dense, lexical, {})):
        assert sorted(each.row for each in found) == sorted({row for row, _ in [*dense, *lexical]})
        assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)


@given(RANKED)
def test_one_leg_alone_keeps_its_order(dense: Ranked) -> None:
    for found in (by_ranks(dense, []), by_ranks([], dense), by_scores(dense, [], {}), by_scores([], dense, {})):
        assert [each.row for each in found] == [row for row, _ in dense]
