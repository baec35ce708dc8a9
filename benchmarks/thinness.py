"""When the documents do not say: fits and measures `rag.thinness` on the judged sets.

Run: `python -m benchmarks.thinness [--sets covid_qa,medquad] [--vectors FILE] [--data ../shared/data]`

Asked of each set are its own questions (there is an answer), those that were written to have none, and those of the set
after it (there is none but by chance). Every second question is for fitting; what is printed is of the others.
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

_MOST = 300
"""Questions of one kind a set."""

_NONE, _STRANGE = "written to have none", "of another set"
_NO_MANUALS = ("covid_qa", "medquad")
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
        of: which questions it is one of: `its own`.
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
    for place, judged in enumerate(sets):
        chunks = cut(judged.documents, embedder)
        vectors, states = embedder.embed_with_states([chunk.embedded_text for _, chunk in chunks])
        live = MemoryLive(passages(chunks), vectors, states=states)
        index = MemoryIndex({_COPILOT.name: live})
        strange = [asked.ask for asked in sets[(place + 1) % len(sets)].questions]
        kinds = (("its own", [one.ask for one in judged.questions]), (_NONE, judged.unanswerable), (_STRANGE, strange))
        for of, questions in kinds:
            for number, ask in enumerate(questions[:_MOST]):
                hits = search(index, embedder, _ASKER, _COPILOT, Query(ask), 0).hits
                found = astuple(evidence(ask, hits))
                yield Case(judged.name, of, of not in (_NONE, _STRANGE), bool(number % 2), found)


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
    return 1.0 if case.judged in _NO_MANUALS else 2.0


def results(found: Sequence[Case]) -> Iterator[Result]:
    """What is fitted, and how the product's own constants do on the questions that are held out."""
    tuning, held = [case for case in found if case.tuning], [case for case in found if not case.tuning]
    for name, columns, ours in (("similarity, words", (0, 1), MEASURED), ("words, agreement", (1, 2), WORDS_ALONE)):
        yield Result(f"fitted: bias, {name}", " ".join(f"{each:.2f}" for each in fitted(tuning, columns)), str(ours))
        for judged in dict.fromkeys(case.judged for case in held):
            some = [case for case in held if case.judged == judged]
            trust = [_trust(case, measured=ours is MEASURED) for case in some]
            yield Result(f"  {judged}: area under the curve", f"{_area(some, trust):.3f}")
            for of in dict.fromkeys(case.of for case in some):
                answered = [each >= THIN for case, each in zip(some, trust, strict=True) if case.of == of]
                yield Result(f"    answered of {len(answered)} {of}", f"{np.mean(answered):.1%}")


def _area(some: Sequence[Case], trust: Sequence[float]) -> float:
    """Area under the curve: how often a question with an answer is trusted more than one without."""
    own = np.array([each for case, each in zip(some, trust, strict=True) if case.answerable])
    others = np.array([each for case, each in zip(some, trust, strict=True) if not case.answerable])
    more = own[:, None] - others[None, :]
    return float((more > 0).mean() + 0.5 * (more == 0).mean())


def _trust(case: Case, *, measured: bool) -> float:
    return confidence(Evidence(*case.evidence), measured=measured)


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
