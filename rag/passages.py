"""What the ledger says of chunks now: their texts, and all that an answer cites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, case, func, select

from rag.hit import Passage
from rag.ledger import rag_chunk, rag_document, rag_source
from substrate.access import Label


def passages(
    connection: Connection, generation: int, chunks: Sequence[str], labels: Mapping[int, Label]
) -> dict[str, Passage]:
    """Chunks by their ids; those that are gone, or whose label is not known here, are left out."""
    chunk, document, source = rag_chunk.c, rag_document.c, rag_source.c
    # What is held was not seen as it is since it was read; of the others, the source's last listing spoke.
    checked = case((document.held, document.checked_at), else_=func.coalesce(source.checked_at, document.checked_at))
    columns = (
        chunk.chunk, document.key, document.source, document.title, chunk.headings, chunk.text, document.kind,
        document.label, document.version, document.changed_at, checked.label("checked_at"), document.entity_kind,
        document.entity_id, document.link,
    )  # fmt: skip
    joined = rag_chunk.join(rag_document, document.id == chunk.document).outerjoin(
        rag_source, (source.generation == document.generation) & (source.source == document.source)
    )
    here = (chunk.generation == generation, chunk.chunk.in_(chunks), chunk.gone_at.is_(None))
    rows = connection.execute(select(*columns).select_from(joined).where(*here))
    return {row.chunk: _passage(row, labels[row.label]) for row in rows if row.label in labels}


def checked_at(connection: Connection, generation: int) -> int | None:
    """Up to when all sources of a generation are known to be followed; None: some never was."""
    found = connection.scalars(select(rag_source.c.checked_at).where(rag_source.c.generation == generation)).all()
    return None if not found or None in found else min(one for one in found if one is not None)


def _passage(row: Any, label: Label) -> Passage:
    entity = None if row.entity_kind is None else (row.entity_kind, row.entity_id)
    return Passage(
        row.chunk, row.key, row.source, row.title, tuple(orjson.loads(row.headings)), row.text, row.kind, label,
        row.version, row.changed_at, row.checked_at, entity, row.link,
    )  # fmt: skip
