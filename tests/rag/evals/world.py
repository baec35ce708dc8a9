"""A little world of evals: questions, judgements and callers."""

from __future__ import annotations

from collections.abc import Sequence

from rag.evals.golden import Golden, Place, Question
from rag.evals.judging import Found, Judged
from rag.evals.measures import Ranks
from rag.evals.runs import Measured
from rag.hit import Passage
from substrate.access import Caller, Label
from substrate.columns import Sensitivity

NOW = 1_700_000_000_000_000
INTERNAL = Label(Sensitivity.INTERNAL)
PHI = Label(Sensitivity.PHI)
DOCTOR = Caller("key:doctor", "doctor", Sensitivity.PHI)
CLERK = Caller("key:clerk", "clerk", Sensitivity.INTERNAL)
MEASURED = Measured(1, "corpus-1", "recipe-1", "minilm", ("dense", "lexical"), "0.1.0")


def passage(text: str, document: str = "a.md", headings: tuple[str, ...] = ()) -> Passage:
    """A passage of a document."""
    return Passage("c", document, "docs", document, headings, text, "guide", INTERNAL, "v1", None, 0)


def question(name: str, says: str = "the right answer", slices: tuple[str, ...] = ()) -> Question:
    """A question whose answer is in `a.md`."""
    return Question(id=name, ask=f"What about {name}?", where=(Place(document="a.md", says=says),), slice=slices)


def golden(*questions: Question, copilot: str = "ward") -> Golden:
    """A set of questions."""
    return Golden(copilot=copilot, corpus="a handbook", questions=questions)


def judged(*ranks: Ranks, slices: Sequence[tuple[str, ...]] | None = None) -> list[Judged]:
    """Judgements of questions q0, q1 …"""
    return [Judged(f"q{n}", slices[n] if slices else (), one) for n, one in enumerate(ranks)]


class Search:
    """A search that finds the same for every question, and counts how often it was asked."""

    def __init__(self, *texts: str, declined: bool | None = None) -> None:
        self.texts, self.declined, self.asked = texts, declined, 0

    def __call__(self, ask: str) -> Found:
        """What is found."""
        self.asked += 1
        return Found([passage(text) for text in self.texts], self.declined, 1_000)
