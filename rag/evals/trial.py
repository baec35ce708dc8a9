"""A trial: golden questions put to a copilot's search as somebody would see it, with all that it is measured on."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version

from sqlalchemy import Connection

from rag.copilot import Copilot
from rag.embedder import Embedder
from rag.evals.golden import Golden
from rag.evals.judging import Ask, Found, Judged, judge
from rag.evals.measures import DEPTH
from rag.evals.runs import Measured
from rag.evals.survey import survey
from rag.generations import generation
from rag.hit import Query
from rag.live import Index, LiveIndex
from rag.search import search
from rag.thinness import THIN, confidence, evidence
from substrate.access import Caller, Label
from substrate.columns import Sensitivity


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it.

    Attributes:
        measured: what it was measured on.
        label: who may see all that the copilot knows, and so what its questions and results may be shown to.
        judged: every question's outcome.
    """

    measured: Measured
    label: Label
    judged: list[Judged]


@dataclass(frozen=True, slots=True)
class Fixed:
    """An index of one generation, live or not, so that a search can be put to it."""

    served: LiveIndex

    def live(self, copilot: str) -> LiveIndex:
        """The generation, whichever copilot is meant."""
        return self.served


def asking(index: Index, embedder: Embedder, caller: Caller, copilot: Copilot, now: int) -> Ask:
    """Puts questions to a copilot's search as a caller would."""

    def ask(question: str) -> Found:
        found = search(index, embedder, caller, copilot, Query(question, k=DEPTH), now)
        thin = confidence(evidence(question, found.hits)) < THIN
        alike = [hit.alike for hit in found.hits]
        return Found([hit.passage for hit in found.hits], thin, found.timings["total"], alike)

    return ask


def try_out(connection: Connection, golden: Golden, ask: Ask, served: LiveIndex, copilot: Copilot) -> Trial:
    """Put all questions to a generation.

    Args:
        connection: a read transaction.
        golden: the questions.
        ask: puts one to that generation.
        served: the generation.
        copilot: whose it is.
    """
    documents = {place.document for question in golden.questions for place in question.where}
    ground = survey(connection, served.generation, documents)
    made = generation(connection, served.generation)
    legs = ("dense", "lexical", *(["expansion"] if copilot.words else []))
    measured = Measured(made.id, ground.fingerprint, made.recipe, made.embedder, legs, version("plumbline"))
    return Trial(measured, ground.label, judge(golden, ask, ground.texts))


def overseer(name: str, copilot: Copilot, served: LiveIndex) -> Caller:
    """Somebody who sees as much of a generation as one role can; for measuring, never for showing what was found.

    Args:
        name: for the audit.
    """
    named = {role for label in served.partitions.values() for role in label.roles}
    roles = copilot.roles or tuple(sorted(named)) or ("overseer",)
    callers = [Caller(name, role, Sensitivity.PHI) for role in roles]
    return max(callers, key=lambda one: sum(map(one.may_see, served.partitions.values())))
