"""Which generation a sync works on, and where it leaves it.

It is the one that answers, unless the recipe or too much of it has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from rag.copilot import Copilot
from rag.embedder import Embedder
from rag.generations import (
    Generation,
    begin,
    complete,
    flip,
    generation,
    live_generation,
    open_generation,
    overtake,
)
from rag.languages import ENGLISH
from rag.ledger import Why, digest
from rag.rebuild import Delta, Rebuild

SCHEMA = 1
"""Grows whenever the ledger means something else by the same chunk."""


def recipe_of(copilot: Copilot, embedder: Embedder) -> str:
    """Names all that turns a document into chunks, vectors and words."""
    language = () if copilot.language == ENGLISH else (copilot.language,)
    return digest(SCHEMA, copilot.recipe.fingerprint(), embedder.fingerprint, *language)


def why_beside(live: Generation | None, recipe: str, delta: Delta, rebuild: Rebuild) -> Why | None:
    """Why the work must be done beside the generation that answers; None: it can be done in it."""
    if live is None:
        return Why.FIRST
    if live.recipe != recipe:
        return Why.RECIPE
    return Why.LARGE_DELTA if rebuild.beside(delta) else None


def beside(connection: Connection, copilot: str, values: Mapping[str, Any], why: Why, now: int) -> Generation:
    """The generation to build beside: one that was begun already for this recipe, or a new one."""
    return open_generation(connection, copilot, values["recipe"]) or begin(connection, copilot, values, why, now)


def leave(connection: Connection, worked: Generation, now: int, *, changed: bool, whole: bool) -> Generation:
    """Say where a generation stands after a sync; a copilot's first one answers at once, whatever it lacks.

    Args:
        connection: a write transaction.
        worked: the generation that the sync worked on, as it was before.
        now: when.
        changed: the sync found something to do.
        whole: all sources could be listed.
    """
    first = live_generation(connection, worked.copilot) is None
    if first or whole:
        complete(connection, worked, now, changed=changed)
    overtake(connection, worked.copilot, worked.id, now)
    if first:
        flip(connection, generation(connection, worked.id), now)
    return generation(connection, worked.id)
