"""What a run was worth: recall@k, MRR and nDCG@10 over all questions and by slice, from the ranks of the places.

The measures are the field's own, with places in the role of relevant documents (Manning, Raghavan, Schütze,
*Introduction to Information Retrieval*, 2008, ch. 8; nDCG after Järvelin and Kekäläinen, 2002, with gain 1 a place).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.evals.places import Where, fills
from rag.hit import Passage

Values = NDArray[np.float64]
Ranks = tuple[int | None, ...]
"""A question's places: at which rank, from 1, each was first found; None: nowhere."""

MEASURES = ("recall@1", "recall@5", "recall@10", "mrr", "ndcg@10")
DEPTH = 10
"""How many hits are asked for and judged; what comes later counts as not found, in MRR too."""

ALL = "all"


def ranks_of(found: Sequence[Passage], places: Sequence[Where], alike: Sequence[tuple[str, ...]] = ()) -> Ranks:
    """At which rank each place is first filled by what was found, the best first.

    Args:
        found: the passages.
        places: the places.
        alike: of each passage, the documents that it stands in for, because they say nearly the same.
    """
    same = [(passage, alike[number] if number < len(alike) else ()) for number, passage in enumerate(found)]
    return tuple(
        next((rank for rank, (passage, others) in enumerate(same, 1) if fills(passage, place, others)), None)
        for place in places
    )


def measure(name: str, ranks: Sequence[Ranks]) -> Values:
    """A measure of each question; every question has at least one place.

    Raises:
        ValueError: there is no measure of that name.
    """
    table = _table(ranks)
    if name == "mrr":
        reciprocal: Values = 1.0 / table.min(axis=1)
        return reciprocal
    kind, _, depth = name.partition("@")
    if kind not in ("recall", "ndcg") or not depth.isdigit():
        raise ValueError(f"no measure is called {name!r}; known are {', '.join(MEASURES)}")
    places = np.array([len(one) for one in ranks], dtype=np.float64)
    return _recall(table, places, int(depth)) if kind == "recall" else _ndcg(table, places, int(depth))


def _table(ranks: Sequence[Ranks]) -> Values:
    """Questions by places; what was not found lies at infinity, and so does the filling of short rows."""
    table = np.full((len(ranks), max((len(one) for one in ranks), default=1)), np.inf)
    for row, one in enumerate(ranks):
        table[row, : len(one)] = [np.inf if rank is None else rank for rank in one]
    return table


def _recall(table: Values, places: Values, depth: int) -> Values:
    found: Values = (table <= depth).sum(axis=1) / places
    return found


def _ndcg(table: Values, places: Values, depth: int) -> Values:
    """One passage may fill two places at once and so do better than the best order of single ones: capped at 1."""
    discounted = np.where(table <= depth, 1.0 / np.log2(table + 1.0), 0.0).sum(axis=1)
    best = np.cumsum(1.0 / np.log2(np.arange(1, depth + 1) + 1.0))
    ideal = best[np.minimum(places, depth).astype(np.int64) - 1]
    gained: Values = np.minimum(1.0, discounted / ideal)
    return gained


@dataclass(frozen=True, slots=True)
class Scored:
    """The measures of a group of questions.

    Attributes:
        slice: the group's name; `all` for all.
        questions: how many were judged.
        means: the mean over the questions, by the measure's name.
    """

    slice: str
    questions: int
    means: dict[str, float]


def scores(judged: Sequence[tuple[Sequence[str], Ranks]]) -> list[Scored]:
    """Measures over all questions, then by slice in alphabetical order.

    Args:
        judged: each question's slices and ranks.
    """
    values = {name: measure(name, [ranks for _, ranks in judged]) for name in MEASURES}
    groups: dict[str, list[int]] = {ALL: list(range(len(judged)))}
    for name in sorted({name for slices, _ in judged for name in slices}):
        groups[name] = [number for number, (slices, _) in enumerate(judged) if name in slices]
    return [
        Scored(name, len(rows), {each: float(values[each][rows].mean()) for each in MEASURES})
        for name, rows in groups.items()
        if rows
    ]
