"""Golden questions put to a copilot by a command: in this process, or through the one that owns the index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from console.remote import local_web
from console.told import HitTold, SearchTold
from console.workspace import Workspace
from flows.indexing import copilots_of
from flows.library import open_library
from rag.copilot import Copilot
from rag.copilot_files import copilot_named
from rag.embedders.chosen import open_embedder
from rag.evals.judging import Ask, Found
from rag.evals.measures import DEPTH
from rag.evals.survey import Survey, survey
from rag.evals.trial import asking, found_of, overseer
from rag.generations import live_generation
from rag.hit import Hit, Passage
from rag.lock import holder_of
from rag.measured import is_measured
from substrate.access import Caller
from substrate.clock import parse_instant
from substrate.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Examined:
    """A copilot that golden questions are about.

    Attributes:
        copilot: the copilot.
        generation: the number of the one that answers.
        survey: what that holds, without texts.
    """

    copilot: Copilot
    generation: int
    survey: Survey


def examined(ws: Workspace, name: str) -> Examined:
    """A copilot by its name, with the generation that answers.

    Raises:
        NotFoundError: there is no such copilot, or nothing is indexed for it.
    """
    copilot = copilot_named(name, copilots_of(ws))
    with ws.database.read() as connection:
        live = live_generation(connection, name)
        if live is None:
            hint = f"Bring it up to date: plumbline index sync --copilot {name}"
            raise NotFoundError(f"nothing is indexed for {name!r}", hint=hint)
        return Examined(copilot, live.id, survey(connection, live.id))


@contextmanager
def opened(ws: Workspace, of: Examined, role: str | None) -> Iterator[tuple[Caller, Ask]]:
    """Who asks, and how: as the role that sees most, or as the one that is named."""
    caller = overseer(ws.actor, of.copilot, of.survey.labels)
    if role is not None:
        caller = Caller(caller.name, role, caller.clearance)
    holder = holder_of(ws.settings.resolved_index_dir)
    address = None if holder is None else holder.address
    if address is not None:
        yield caller, _through(ws, of, caller, address)
        return
    library = open_library(ws.settings, ws.database, ws.clock)
    try:
        yield caller, asking(library.index, library.embedder, caller, of.copilot, ws.clock.now())
    finally:
        library.index.close()


def _through(ws: Workspace, of: Examined, caller: Caller, address: str) -> Ask:
    remote, measured = local_web(ws.settings, address), is_measured(open_embedder(ws.settings))
    path, headers = f"/copilots/{of.copilot.name}/search", {"Plumbline-Role": caller.role}

    def ask(question: str) -> Found:
        told = SearchTold.model_validate(remote.ask(path, {"question": question, "k": DEPTH}, headers))
        took = round(told.timings_ms["total"] * 1_000)
        hits = [_hit(one, of) for one in told.hits]
        return found_of(question, hits, took, of.copilot, measured=measured)

    return ask


def _hit(told: HitTold, of: Examined) -> Hit:
    """A hit as it is judged; its label is not told, and is that of all that the copilot knows."""
    passage = Passage(
        told.chunk, told.document, told.source, told.title, tuple(told.headings), told.text, told.kind,
        of.survey.label, told.version, None, parse_instant(told.checked_at, what="checked_at"),
    )  # fmt: skip
    return Hit(
        passage, told.score, told.dense_rank, told.lexical_rank, told.similarity, tuple(told.matched), tuple(told.alike)
    )
