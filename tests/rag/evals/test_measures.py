"""The measures: equal to ir-measures' on any run, and right where a place is more than a relevant document."""

from __future__ import annotations

import ir_measures
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import RR, R, nDCG

from rag.evals.golden import Place
from rag.evals.measures import DEPTH, MEASURES, Ranks, measure, ranks_of, scores
from rag.hit import Passage
from substrate.access import Label
from substrate.columns import Sensitivity

ORACLE = {"recall@1": R @ 1, "recall@5": R @ 5, "recall@10": R @ 10, "mrr": RR, "ndcg@10": nDCG @ 10}


@st.composite
def some_ranks(draw: st.DrawFn) -> Ranks:
    """The ranks of one to five places, each at a rank of its own, or not found."""
    ranks = draw(st.lists(st.integers(1, DEPTH), max_size=4, unique=True))
    missing = draw(st.integers(0 if ranks else 1, 2))
    return tuple(draw(st.permutations([*ranks, *[None] * missing])))


def oracle(name: str, ranks: list[Ranks]) -> dict[str, float]:
    """What ir-measures says, each rank without a place being a document that is not relevant."""
    wanted = {str(q): {f"p{p}": 1 for p in range(len(one))} for q, one in enumerate(ranks)}
    run: dict[str, dict[str, float]] = {}
    for q, one in enumerate(ranks):
        at = {rank: f"p{p}" for p, rank in enumerate(one) if rank is not None}
        run[str(q)] = {at.get(rank, f"other{rank}"): -float(rank) for rank in range(1, DEPTH + 1)}
    return {found.query_id: found.value for found in ir_measures.iter_calc([ORACLE[name]], wanted, run)}


@pytest.mark.parametrize("name", MEASURES)
@given(ranks=st.lists(some_ranks(), min_size=1, max_size=20))
def test_measures_are_those_of_ir_measures(name: str, ranks: list[Ranks]) -> None:
    expected = oracle(name, ranks)
    assert measure(name, ranks) == pytest.approx([expected[str(q)] for q in range(len(ranks))], abs=1e-9)


def test_a_passage_that_fills_two_places_counts_for_both_and_is_no_better_than_perfect() -> None:
    assert measure("recall@1", [(1, 1)]).tolist() == [1.0]
    assert measure("ndcg@10", [(1, 1)]).tolist() == [1.0]


def test_an_unknown_measure_is_named() -> None:
    with pytest.raises(ValueError, match="precision@3"):
        measure("precision@3", [(1,)])


def test_ranks_are_those_of_the_first_passage_that_fills_a_place() -> None:
    texts = ["nothing here", "wash for twenty seconds", "dry with paper", "wash for twenty seconds"]
    label = Label(Sensitivity.PUBLIC)
    found = [
        Passage(str(n), "a.md", "docs", "A", (), text, "guide", label, "", None, 0) for n, text in enumerate(texts)
    ]
    places = [Place(document="a.md", says=said) for said in ("for twenty seconds", "dry with paper", "rinse first")]
    assert ranks_of(found, places) == (2, 3, None)


def test_scores_are_given_for_all_and_by_slice() -> None:
    found = scores([(("how-to",), (1,)), (("how-to", "numbers"), (None,)), ((), (2,))])
    assert [(one.slice, one.questions) for one in found] == [("all", 3), ("how-to", 2), ("numbers", 1)]
    assert [one.means["mrr"] for one in found] == [0.5, 0.5, 0.0]


def test_no_questions_give_no_scores() -> None:
    assert scores([]) == []
    assert measure("mrr", []).tolist() == []
