"""Features and passages for an entity and a question, in one call and side by side, with what each stage took."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

from rag.ground import Ground
from rag.hit import Query
from rag.search import SearchResult, search
from rag.stages import Stages
from substrate.access import Caller
from substrate.catalog import Vertical
from substrate.disclosure import SeenFeatures, features_for, find_for
from substrate.errors import ConflictError, NotFoundError


class Absent(StrEnum):
    """Why there are no features."""

    NOT_COUNTED = "not_counted"  # the vertical computes none of this kind
    NEVER_COMPUTED = "never_computed"


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of an entity, and what is written about the question.

    Attributes:
        entity: kind and id.
        features: what the caller may see of them, each age and staleness said; None: there are none.
        absent: why there are none.
        found: the passages.
        stale: features, passages or the collection are older than was promised.
        timings: microseconds by stage; `features` and `search` run side by side, `search.…` are the parts of it.
    """

    entity: tuple[str, int]
    features: SeenFeatures | None
    absent: Absent | None
    found: SearchResult
    stale: bool
    timings: Mapping[str, int]


def context(ground: Ground, caller: Caller, query: Query, entity: tuple[str, str], now: int) -> Context:
    """Everything that a copilot needs to speak about a record.

    Args:
        ground: what is answered from; its copilot must have a vertical.
        caller: who asks, and so what of both they may see.
        query: the question; only its own `entity` limits the passages to those about the record.
        entity: the kind of record, and its key in its source or its id.
        now: the instant of asking.

    Raises:
        NotFoundError: there is no such record that the caller may see, or nothing was indexed.
        ForbiddenError: the caller may not know of any record of the kind.
        ConflictError: several sources have such a record.
    """
    stages = Stages()
    with ThreadPoolExecutor(1) as aside:
        features = aside.submit(_features, ground, caller, entity, now, stages)
        with stages.timed("search"):
            found = search(ground.index, ground.embedder, caller, ground.copilot, query, now, masked=ground.masked)
        number, seen, absent = features.result()
    stale = found.stale or (seen is not None and seen.stale)
    parts = {f"search.{stage}": spent for stage, spent in found.timings.items() if stage != "total"}
    return Context((entity[0], number), seen, absent, found, stale, {**stages.spent(), **parts})


def _features(
    ground: Ground, caller: Caller, entity: tuple[str, str], now: int, stages: Stages
) -> tuple[int, SeenFeatures | None, Absent | None]:
    kind, key = entity
    vertical = _vertical(ground)
    with stages.timed("features"), ground.database.read() as connection:
        number = find_for(connection, caller, vertical, kind, key)
        if kind not in vertical.views_by_kind:
            return number, None, Absent.NOT_COUNTED
        try:
            return number, features_for(connection, caller, vertical, kind, str(number), now=now), None
        except ConflictError:
            return number, None, Absent.NEVER_COMPUTED


def _vertical(ground: Ground) -> Vertical:
    if ground.vertical is None:
        hint = "Ask it for passages alone, or give it a vertical."
        raise NotFoundError(f"the copilot {ground.copilot.name!r} knows no records", hint=hint)
    return ground.vertical
