"""The paired bootstrap: what it calls luck, and what not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evals.bootstrap import paired_bootstrap

VALUES = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=60)


def test_equal_runs_do_not_differ() -> None:
    found = paired_bootstrap([0.2, 0.9, 0.5], [0.2, 0.9, 0.5])
    assert (found.by, found.low, found.high, found.p, found.worse) == (0, 0, 0, 1.0, 0)


def test_a_run_that_is_better_everywhere_is_better_for_certain() -> None:
    found = paired_bootstrap([0.1, 0.3, 0.2, 0.4] * 5, [0.6, 0.7, 0.9, 0.8] * 5)
    assert found.low > 0
    assert found.p < 0.001


def test_one_question_of_many_is_luck() -> None:
    found = paired_bootstrap([0.5] * 60, [0.5] * 59 + [1.0])
    assert found.p > 0.2
    assert found.low == 0


def test_the_margin_says_how_much_worse_is_worse() -> None:
    before, after = [0.8] * 40, [0.78] * 40
    assert paired_bootstrap(before, after).worse == 1
    assert paired_bootstrap(before, after, margin=0.05).worse == 0


def test_the_interval_is_that_of_normal_theory_where_questions_are_many() -> None:
    moved = np.random.default_rng(1).normal(0.02, 0.3, 4000)
    found = paired_bootstrap(np.zeros(4000), moved, draws=4000)
    half = 1.96 * moved.std() / np.sqrt(4000)
    assert found.low == pytest.approx(moved.mean() - half, abs=0.0015)
    assert found.high == pytest.approx(moved.mean() + half, abs=0.0015)


def test_runs_without_a_difference_are_rarely_called_different() -> None:
    random = np.random.default_rng(7)
    runs = [paired_bootstrap(random.random(50), random.random(50), draws=500) for _ in range(200)]
    assert sum(run.p < 0.05 for run in runs) <= 24


@given(VALUES)
def test_the_seed_decides_and_the_mean_lies_within(pairs: list[tuple[float, float]]) -> None:
    before, after = zip(*pairs, strict=True)
    found = paired_bootstrap(before, after, draws=300)
    assert found == paired_bootstrap(before, after, draws=300)
    assert 0 < found.p <= 1
    assert found.low - 1e-9 <= found.high


def test_swapped_runs_differ_as_much() -> None:
    one, two = paired_bootstrap([0.1, 0.5, 0.4], [0.3, 0.4, 0.9]), paired_bootstrap([0.3, 0.4, 0.9], [0.1, 0.5, 0.4])
    assert (one.by, one.low, one.p) == pytest.approx((-two.by, -two.high, two.p))


@pytest.mark.parametrize(("before", "after"), [([], []), ([1.0], [1.0, 0.5])])
def test_what_has_no_pairs_is_refused(before: list[float], after: list[float]) -> None:
    with pytest.raises(ValueError, match="cannot be compared in pairs"):
        paired_bootstrap(before, after)
