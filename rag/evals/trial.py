"""A trial: golden questions put to a copilot's search as somebody would see it, with all that it is measured on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

from sqlalchemy import Connection

from rag.copilot import Copilot
from rag.embedder import Embedder
from rag.evals.golden import Golden
from rag.evals.judging import Ask, Found, judge
from rag.evals.measures import DEPTH
from rag.evals.runs import Measured, Trial
from rag.evals.survey import survey
from rag.generations import generation
from rag.hit import Hit, Query
from rag.live import Index, LiveIndex
from rag.measured import is_measured
from rag.search import search
from rag.thinness import confidence, evidence
from substrate.access import Caller, Label
from substrate.keyring import LOCAL


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
        return found_of(question, found.hits, found.timings["total"], copilot, measured=is_measured(embedder))

    return ask


def found_of(question: str, hits: Sequence[Hit], took: int, copilot: Copilot, *, measured: bool) -> Found:
    """A search's hits as they are judged.

    Args:
        question: what was asked.
        hits: the best first.
        took: how long it took, in microseconds.
        copilot: who was asked; how thin evidence may be is its own choice.
        measured: how thin evidence is was measured with the embedder that was used.
    """
    thin = confidence(evidence(question, hits, copilot.language), measured=measured) < copilot.thin
    return Found([hit.passage for hit in hits], thin, took, [hit.alike for hit in hits])


def try_out(connection: Connection, golden: Golden, ask: Ask, number: int, copilot: Copilot) -> Trial:
    """Put all questions to a generation.

    Args:
        connection: a read transaction.
        golden: the questions.
        ask: puts one to that generation.
        number: the generation's.
        copilot: whose it is.
    """
    documents = {place.document for question in golden.questions for place in question.where}
    ground = survey(connection, number, documents)
    made = generation(connection, number)
    legs = ("dense", "lexical", *(["expansion"] if copilot.words else []))
    measured = Measured(made.id, ground.fingerprint, made.recipe, made.embedder, legs, version("plumbline"))
    return Trial(measured, ground.label, judge(golden, ask, ground.texts))


def overseer(name: str, copilot: Copilot, labels: Collection[Label]) -> Caller:
    """Somebody who sees as much as one role can; for measuring, never for showing what was found.

    Args:
        name: for the audit.
        copilot: whom they ask.
        labels: of all its documents.
    """
    named = {role for label in labels for role in label.roles}
    roles = copilot.roles or tuple(sorted(named)) or (LOCAL.role,)
    callers = [replace(LOCAL, name=name, role=role) for role in roles]
    return max(callers, key=lambda one: sum(map(one.may_see, labels)))
