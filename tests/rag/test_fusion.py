"""One order out of two."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rag.fusion import K, fuse
from rag.live import Ranked

RANKED = st.lists(st.integers(0, 30), unique=True, max_size=20).map(
    lambda rows: [(row, 1 / (place + 1)) for place, row in enumerate(rows)]
)


def test_a_row_that_both_legs_found_comes_before_those_that_one_did() -> None:
    assert [each.row for each in fuse([(1, 0.9), (2, 0.8)], [(3, 9.0), (2, 8.0)])] == [2, 1, 3]


def test_each_row_says_where_it_was_found() -> None:
    both, alone = fuse([(1, 0.9)], [(1, 4.0), (7, 2.0)])
    assert (both.dense_rank, both.lexical_rank, both.similarity) == (1, 1, 0.9)
    assert (alone.dense_rank, alone.lexical_rank, alone.similarity) == (None, 2, None)
    assert both.score == 2 / (K + 1)


def test_a_leg_without_weight_says_nothing() -> None:
    assert [each.row for each in fuse([(1, 0.9), (2, 0.8)], [(2, 9.0)], weight=0.0)] == [1, 2]


@given(RANKED, RANKED)
def test_every_row_comes_once_and_the_best_first(dense: Ranked, lexical: Ranked) -> None:
    found = fuse(dense, lexical)
    assert sorted(each.row for each in found) == sorted({row for row, _ in [*dense, *lexical]})
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)


@given(RANKED)
def test_one_leg_alone_keeps_its_order(dense: Ranked) -> None:
    assert [each.row for each in fuse(dense, [])] == [row for row, _ in dense]
