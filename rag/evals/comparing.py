"""Two runs side by side: how each measure moved, by slice, and which questions moved it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.evals.bootstrap import Difference, paired_bootstrap
from rag.evals.judging import Judged
from rag.evals.measures import ALL, MEASURES, Ranks, measure

SORTED_BY = "ndcg@10"
"""The measure by which a single question is called better or worse."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One question that two runs answered differently well.

    Attributes:
        question: its id.
        before: its nDCG@10 in the first run.
        after: its nDCG@10 in the second.
    """

    question: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs over the questions that both could measure.

    Attributes:
        differences: by slice, `all` first, then by measure.
        better: the questions that the second answered better, the largest gain first.
        worse: those that it answered worse, the largest loss first.
        lost: questions that only the second could not measure, since no place of theirs is in its corpus; they count
            as not found.
        apart: questions that only one run asked, or that neither could measure; they are left out.
    """

    differences: dict[str, dict[str, Difference]]
    better: list[Moved]
    worse: list[Moved]
    lost: list[str]
    apart: list[str]

    def of(self, name: str) -> Difference:
        """How a measure moved over all questions."""
        return self.differences[ALL][name]


@dataclass(frozen=True, slots=True)
class _Pair:
    question: str
    slices: tuple[str, ...]
    before: Ranks
    after: Ranks


def compare(before: Sequence[Judged], after: Sequence[Judged], *, margin: float = 0.0) -> Comparison:
    """How the second run differs from the first.

    Args:
        margin: what `Difference.worse` calls worse.
    """
    pairs, lost, apart = _pairs(before, after)
    groups = {ALL: pairs} if pairs else {}
    for name in sorted({name for pair in pairs for name in pair.slices}):
        groups[name] = [pair for pair in pairs if name in pair.slices]
    differences = {
        name: {each: _difference(each, group, margin) for each in MEASURES} for name, group in groups.items()
    }
    moved = _moved(pairs)
    better = [one for one in reversed(moved) if one.after > one.before]
    return Comparison(differences, better, [one for one in moved if one.after < one.before], lost, apart)


def _pairs(before: Sequence[Judged], after: Sequence[Judged]) -> tuple[list[_Pair], list[str], list[str]]:
    """The questions in pairs; then those that only the second lost, and those that are left out.

    Where a place is lost to one run only, it is one that this run did not find.
    """
    second = {one.question: one for one in after}
    pairs, lost, seen = [], [], set()
    for one in before:
        other = second.get(one.question)
        if other is None or not (one.counts or other.counts):
            continue
        places = max(len(one.ranks), len(other.ranks))
        pairs.append(_Pair(one.question, one.slices, _filled(one.ranks, places), _filled(other.ranks, places)))
        seen.add(one.question)
        if one.counts and not other.counts:
            lost.append(one.question)
    answerable = (one.question for one in (*before, *after) if not one.unanswerable)
    return pairs, lost, [name for name in dict.fromkeys(answerable) if name not in seen]


def _filled(ranks: Ranks, places: int) -> Ranks:
    return ranks + (None,) * (places - len(ranks))


def _difference(name: str, pairs: Sequence[_Pair], margin: float) -> Difference:
    before, after = ([pair.before for pair in pairs], [pair.after for pair in pairs])
    return paired_bootstrap(measure(name, before), measure(name, after), margin=margin)


def _moved(pairs: Sequence[_Pair]) -> list[Moved]:
    """Every question with its nDCG@10 in both runs, the largest loss first."""
    if not pairs:
        return []
    before = measure(SORTED_BY, [pair.before for pair in pairs])
    after = measure(SORTED_BY, [pair.after for pair in pairs])
    found = [Moved(pair.question, *each) for pair, *each in zip(pairs, before.tolist(), after.tolist(), strict=True)]
    return sorted(found, key=lambda one: one.after - one.before)
