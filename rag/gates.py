"""The gates before a generation may answer: it is complete, nothing is too much, nobody sees more, and it is quick."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np
from sqlalchemy import Connection, and_, func, select

from rag.followed import Followed
from rag.ledger import rag_chunk, rag_document, rag_vector
from rag.live import LiveIndex
from substrate.database import Database

_PROBES = 20


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one gate measured.

    Attributes:
        gate: its name.
        passed: whether the generation may pass.
        detail: what was measured, in words.
        measured: the same in numbers.
    """

    gate: str
    passed: bool
    detail: str
    measured: Mapping[str, float] = field(default_factory=dict)


Quality = Callable[[str, LiveIndex | None, LiveIndex], Verdict]
"""Judges a copilot's new generation against the one that answers (None: none does); see `rag/evals`."""


def judge(
    database: Database, candidate: Followed, live: LiveIndex | None, quality: Quality | None, limit_ms: float
) -> list[Verdict]:
    """All gates' verdicts on a generation that was followed to its end."""
    with database.read() as connection:
        verdicts = [coverage(connection, candidate.generation.id)]
    verdicts += [*consistency(candidate), latency(candidate, limit_ms)]
    if quality is not None:
        verdicts.append(quality(candidate.generation.copilot, live, candidate.served))
    return verdicts


def as_kept(verdicts: Iterable[Verdict]) -> dict[str, Any]:
    """Verdicts as the ledger keeps them."""
    return {one.gate: {"passed": one.passed, "detail": one.detail, **one.measured} for one in verdicts}


def coverage(connection: Connection, generation: int) -> Verdict:
    """Every document has all its chunks, and every chunk its vector."""
    here = (rag_chunk.c.generation == generation, rag_chunk.c.gone_at.is_(None))
    counted = select(rag_chunk.c.document, func.count().label("chunks")).where(*here).group_by(rag_chunk.c.document)
    held = counted.subquery()
    table = rag_document.outerjoin(held, held.c.document == rag_document.c.id)
    documents = and_(rag_document.c.generation == generation, rag_document.c.gone_at.is_(None))
    partly = select(func.count()).select_from(table).where(
        documents, rag_document.c.chunks != func.coalesce(held.c.chunks, 0)
    )  # fmt: skip
    joined = rag_chunk.outerjoin(rag_vector, rag_vector.c.digest == rag_chunk.c.vector)
    bare = select(func.count()).select_from(joined).where(*here, rag_vector.c.digest.is_(None))
    lacking, blind = (int(connection.execute(each).scalar_one()) for each in (partly, bare))
    detail = f"{lacking} documents lack chunks, {blind} chunks lack vectors"
    return Verdict("coverage", lacking == blind == 0, detail, {"documents": lacking, "chunks": blind})


def consistency(candidate: Followed) -> list[Verdict]:
    """Chroma, the words and the catalogue hold what the ledger says, and each in the partition of its label."""
    vectors, (words, strange_words), rows = candidate.differences()
    lacking, over = len(vectors.missing) + len(words), vectors.strangers + len(strange_words)
    count = f"{len(vectors.missing)} vectors and {len(words)} chunks' words are missing, {over} are too many"
    leak = f"{vectors.strangers} vectors and {len(rows)} rows lie where others may see them"
    return [
        Verdict("count", lacking == over == 0, count, {"missing": lacking, "strange": over}),
        Verdict("leak", vectors.strangers == len(rows) == 0, leak, {"vectors": vectors.strangers, "rows": len(rows)}),
    ]


def latency(candidate: Followed, limit_ms: float) -> Verdict:
    """Searches by a vector and by words of its own chunks take no longer than the limit, at the median."""
    served = candidate.served
    rows = np.flatnonzero(served.view.alive)
    chosen = rows[:: max(len(rows) // _PROBES, 1)][:_PROBES]
    taken = []
    for row in chosen:
        began = perf_counter()
        served.nearest(served.view.matrix[row], served.partitions.keys(), 10)
        served.matching({"the": 1.0, "to": 1.0}, served.partitions.keys(), 10)
        taken.append((perf_counter() - began) * 1_000)
    median = float(np.median(taken)) if taken else 0.0
    return Verdict("latency", median <= limit_ms, f"{median:.1f} ms of {limit_ms:g} ms", {"ms": round(median, 3)})
