"""Golden questions put to a search: each becomes a judgement, which is all that is kept of what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rag.evals.golden import Golden, Question
from rag.evals.measures import ALL, DEPTH, Ranks, Scored, ranks_of, scores
from rag.evals.places import LostReason, lost_reason
from rag.hit import Passage


@dataclass(frozen=True, slots=True)
class Found:
    """What a search made of one question.

    Attributes:
        passages: the best first; those after the tenth are not looked at.
        declined: the evidence was too thin to answer; None: the search does not say.
        took: how long it took, in microseconds.
        alike: of each passage, the documents that say nearly the same and were left out for it; none: of no passage.
    """

    passages: Sequence[Passage]
    declined: bool | None = None
    took: int = 0
    alike: Sequence[tuple[str, ...]] = ()


Ask = Callable[[str], Found]
"""Puts a question, in the asker's words, to what is being judged."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One question's outcome; it holds nothing of the passages but where in the list the right ones were.

    Attributes:
        question: its id in the golden set.
        slices: the groups that it belongs to.
        ranks: at which rank each place was found; none at all: the question is unanswerable, or all its places are
            lost.
        unanswerable: the documents do not hold the answer.
        declined: the search said that it has no answer; None: it does not say.
        lost: why places are left out: the corpus does not hold them any more.
        took: how long the search took, in microseconds.
    """

    question: str
    slices: tuple[str, ...]
    ranks: Ranks
    unanswerable: bool = False
    declined: bool | None = None
    lost: tuple[LostReason, ...] = ()
    took: int = 0

    @property
    def counts(self) -> bool:
        """Whether it can be measured: some place of it is there to be found."""
        return bool(self.ranks)


def judge(golden: Golden, ask: Ask, corpus: Mapping[str, str]) -> list[Judged]:
    """Every question of a set, asked and judged, in the set's order.

    Args:
        golden: the questions.
        ask: the search.
        corpus: what the index holds of each document, headings included; by it places are known to be lost.
    """
    return [_judged(question, ask(question.ask), corpus) for question in golden.questions]


def _judged(question: Question, found: Found, corpus: Mapping[str, str]) -> Judged:
    reasons = [lost_reason(place, corpus) for place in question.where]
    there = [place for place, reason in zip(question.where, reasons, strict=True) if reason is None]
    return Judged(
        question.id,
        question.slice,
        ranks_of(found.passages[:DEPTH], there, found.alike),
        question.unanswerable,
        found.declined,
        tuple(reason for reason in reasons if reason is not None),
        found.took,
    )


def whole(title: str, chunks: Iterable[tuple[tuple[str, ...], str]]) -> str:
    """A document put together from its chunks' headings and texts; nothing comes between two chunks of one section.

    A phrase that was cut in two is then whole again.
    """
    parts, above = [title], tuple[str, ...]()
    for headings, text in chunks:
        parts += [text] if headings == above else [*headings, text]
        above = headings
    return "\n".join(parts)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run was worth.

    Attributes:
        scores: the measures over all questions with an answer, then by slice.
        asked: how many questions were asked.
        lost: how many of them could not be measured, because no place of theirs is in the corpus.
        declined: share of the unanswerable questions that the search declined; None: it does not say, or there are
            none.
        refused: share of the answerable questions that it declined although it should not have.
        took: the middle of the questions' times, in microseconds.
    """

    scores: list[Scored]
    asked: int
    lost: int
    declined: float | None
    refused: float | None
    took: int

    def mean(self, measure: str) -> float | None:
        """A measure over all questions; None: none could be measured."""
        return next((one.means[measure] for one in self.scores if one.slice == ALL), None)


def summary(judged: Sequence[Judged]) -> Summary:
    """The measures of a run, over all questions and by slice."""
    counted = [one for one in judged if one.counts]
    times = sorted(one.took for one in judged)
    return Summary(
        scores([(one.slices, one.ranks) for one in counted]),
        len(judged),
        sum(not one.counts and not one.unanswerable for one in judged),
        _share_declined(one for one in judged if one.unanswerable),
        _share_declined(one for one in judged if not one.unanswerable),
        times[len(times) // 2] if times else 0,
    )


def _share_declined(judged: Iterable[Judged]) -> float | None:
    said = [one.declined for one in judged if one.declined is not None]
    return sum(said) / len(said) if said else None
