"""When the documents do not say: fits and measures `rag.thinness` on the judged sets.

Run: `python -m benchmarks.thinness [--sets covid_qa,medquad] [--vectors FILE] [--data ../shared/data]`

Asked of each set, as the product searches, are its own questions (there is an answer), those that were written to have
none, and those of two other sets: of a like one (manuals of software are like one another, and so are both medical
sets, so that some are answered by chance) and of one of another field. Every second question is for fitting; what is
printed is of the others.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpora import DATA, MODELS, cut, passages
from benchmarks.judged import Judged, judged_sets
from benchmarks.remembering import Remembering
from benchmarks.result import Result, show
from rag.copilot import Copilot
from rag.embedders.minilm import open_minilm
from rag.hit import Query
from rag.memory import MemoryIndex, MemoryLive
from rag.rerank import TokenEmbedder
from rag.search import search
from rag.thinness import MEASURED, THIN, WORDS_ALONE, Evidence, confidence, evidence
from substrate.access import Caller
from substrate.columns import Sensitivity

_MOST, _MOST_STRANGE = 300, 120
"""Questions of one kind a set: of its own, and of each other set."""

_OWN, _NONE = "its own", "written to have none"
_LIKE, _FAR = "of a like set", "of another field"
_MEDICINE = ("covid_qa", "medquad")
"""The others are manuals of software."""

_REFUSED = 0.05
"""Share of its own questions to choose by that a set's own threshold refuses."""

_RIDGE = 0.01
_STEPS = 100
_ASKER = Caller("benchmark", "anybody", Sensitivity.INTERNAL)
_COPILOT = Copilot.model_validate({"name": "judged", "sources": [{"name": "docs", "folder": {"path": "."}}]})
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """A question asked of a set.

    Attributes:
        judged: the set.
        of: which questions it is one of.
        answerable: there is an answer.
        tuning: it is for fitting.
        evidence: similarity, words, agreement.
    """

    judged: str
    of: str
    answerable: bool
    tuning: bool
    evidence: tuple[float, ...]


def cases(sets: Sequence[Judged], embedder: TokenEmbedder) -> Iterator[Case]:
    """Every question with what a search found for it."""
    for judged in sets:
        chunks = cut(judged.documents, embedder)
        vectors, states = embedder.embed_with_states([chunk.embedded_text for _, chunk in chunks])
        live = MemoryLive(passages(chunks), vectors, states=states)
        index = MemoryIndex({_COPILOT.name: live})
        for of, questions in _kinds(judged, sets):
            for number, ask in enumerate(questions):
                hits = search(index, embedder, _ASKER, _COPILOT, Query(ask), 0).hits
                yield Case(judged.name, of, of == _OWN, bool(number % 2), astuple(evidence(ask, hits)))


def _kinds(judged: Judged, sets: Sequence[Judged]) -> Iterator[tuple[str, Sequence[str]]]:
    """What a set is asked: strange questions are those of the next set of its field, and of the next of another."""
    yield _OWN, [one.ask for one in judged.questions[:_MOST]]
    yield _NONE, judged.unanswerable
    place = sets.index(judged)
    others = [*sets[place + 1 :], *sets[:place]]
    for of, like in ((_LIKE, True), (_FAR, False)):
        strange = [one for one in others if (_is_medical(one.name) == _is_medical(judged.name)) == like]
        yield of, [one.ask for one in strange[0].questions[:_MOST_STRANGE]] if strange else []


def fitted(found: Sequence[Case], columns: Sequence[int]) -> Numbers:
    """Bias and weights of a logistic regression on some columns.

    Every set weighs the same, manuals double; so do the questions with and without an answer in it.
    """
    x = np.array([[1.0, *(case.evidence[column] for column in columns)] for case in found])
    y = np.array([float(case.answerable) for case in found])
    kinds = Counter((case.judged, case.answerable) for case in found)
    weight = np.array([_weight(case) / kinds[case.judged, case.answerable] for case in found]) * len(found)
    beta = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-x @ beta))
        curve = (x * (weight * chance * (1 - chance))[:, None]).T @ x + _RIDGE * np.eye(len(beta))
        beta += np.linalg.solve(curve, x.T @ (weight * (y - chance)) - _RIDGE * beta)
    return np.asarray(beta)


def _weight(case: Case) -> float:
    return 1.0 if _is_medical(case.judged) else 2.0


def _is_medical(name: str) -> bool:
    return name in _MEDICINE


def results(found: Sequence[Case]) -> Iterator[Result]:
    """What is fitted, and how the product's own constants do on the questions that are held out."""
    tuning, held = [case for case in found if case.tuning], [case for case in found if not case.tuning]
    for name, columns, ours in (("similarity, words", (0, 1), MEASURED), ("words, agreement", (1, 2), WORDS_ALONE)):
        yield Result(f"fitted: bias, {name}", " ".join(f"{each:.2f}" for each in fitted(tuning, columns)), str(ours))
        for judged in dict.fromkeys(case.judged for case in held):
            some = [case for case in held if case.judged == judged]
            trusts = [_trusts(cases, measured=ours is MEASURED) for cases in (some, _own_of(judged, tuning))]
            yield from _told(some, trusts[0], float(np.quantile(trusts[1], _REFUSED)))


def _own_of(judged: str, found: Sequence[Case]) -> list[Case]:
    return [case for case in found if case.judged == judged and case.of == _OWN]


def _told(some: Sequence[Case], trust: Numbers, thin: float) -> Iterator[Result]:
    """How many of each kind of question asked of a set are answered, and how well its own are told from them.

    Args:
        thin: a threshold of the set's own.
    """
    kinds = np.array([case.of for case in some])
    for of in dict.fromkeys(case.of for case in some):
        theirs = trust[kinds == of]
        area = "" if of == _OWN else f"area under the curve {_area(trust[kinds == _OWN], theirs):.3f}"
        own = f"{np.mean(theirs >= thin):.0%} with a threshold of {thin:.2f}"
        yield Result(f"  {some[0].judged}: {len(theirs)} {of}", f"{np.mean(theirs >= THIN):.0%} answered", own, area)


def _area(own: Numbers, others: Numbers) -> float:
    """How often a question with an answer is trusted more than one without."""
    more = own[:, None] - others[None, :]
    return float((more > 0).mean() + 0.5 * (more == 0).mean())


def _trusts(found: Sequence[Case], *, measured: bool) -> Numbers:
    return np.array([confidence(Evidence(*case.evidence), measured=measured) for case in found])


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default="", help="some of the sets, by name")
    parser.add_argument("--vectors", type=Path, help="a file in which vectors are kept for the next run")
    parser.add_argument("--data", type=Path, default=DATA, help="the folder that holds corpora/")
    parser.add_argument("--models", type=Path, default=MODELS, help="the folder of models")
    asked = parser.parse_args()
    embedder = Remembering(open_minilm(asked.models, threads=2), asked.vectors)
    sets = [*judged_sets(asked.data, [name for name in asked.sets.split(",") if name])]
    show([*results([*cases(sets, embedder)])], "when the documents do not say")


if __name__ == "__main__":
    main()
