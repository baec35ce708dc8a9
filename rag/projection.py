"""What the ledger says anew, in the order of its numbers, and how far each follower has come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, Select, func, select

from rag.ledger import rag_chunk, rag_document, rag_projection, rag_vector
from substrate.bulk import upsert

_SLICE = 2_000


@dataclass(frozen=True, slots=True)
class Change:
    """A chunk as the ledger has it now.

    Attributes:
        chunk: its id.
        key: its id as a number of 63 bits, as the catalogue and the lexical index know it.
        sequence: the number of its last change.
        gone: it is no longer there.
        document: the ledger's number of its document.
        label: its partition.
        kind: the document's kind.
        changed_at: when the document changed; None: unknown.
        entity: the record that it tells of.
        title: the document's title.
        headings: the headings above it.
        text: what it says.
        vector: its vector's bytes; None: none is kept.
    """

    chunk: str
    key: int
    sequence: int
    gone: bool
    document: int
    label: int
    kind: str
    changed_at: int | None
    entity: tuple[str, int] | None
    title: str
    headings: tuple[str, ...]
    text: str
    vector: bytes | None


def key_of(chunk: str) -> int:
    """A chunk's id as a number: the first 63 of its 128 bits, which tell a billion chunks apart."""
    return int(chunk[:16], 16) >> 1


def changes(connection: Connection, generation: int, after: int, limit: int) -> list[Change]:
    """What the ledger says after a number, in order, tombstones too; at most so many."""
    statement = _chunks(generation).where(rag_chunk.c.sequence > after).order_by(rag_chunk.c.sequence).limit(limit)
    return [_change(row) for row in connection.execute(statement)]


def everything(connection: Connection, generation: int) -> Iterator[list[Change]]:
    """All chunks that are there, in slices."""
    last = 0
    while True:
        here = (rag_chunk.c.id > last, rag_chunk.c.gone_at.is_(None))
        rows = connection.execute(_chunks(generation).where(*here).order_by(rag_chunk.c.id).limit(_SLICE)).all()
        if not rows:
            return
        last = rows[-1].id
        yield [_change(row) for row in rows]


def some(connection: Connection, generation: int, chunks: list[str]) -> list[Change]:
    """These chunks, as far as they are there."""
    here = (rag_chunk.c.chunk.in_(chunks), rag_chunk.c.gone_at.is_(None))
    return [_change(row) for row in connection.execute(_chunks(generation).where(*here))]


def wanted(connection: Connection, generation: int) -> dict[str, tuple[int, int]]:
    """The label and number of every chunk that must be there."""
    columns = (rag_chunk.c.chunk, rag_document.c.label, rag_chunk.c.sequence)
    statement = select(*columns).join(rag_document, rag_document.c.id == rag_chunk.c.document)
    here = (rag_chunk.c.generation == generation, rag_chunk.c.gone_at.is_(None))
    return {chunk: (label, number) for chunk, label, number in connection.execute(statement.where(*here))}


def newest(connection: Connection, generation: int) -> int:
    """The largest number of a generation's chunks; 0: it has none."""
    statement = select(func.max(rag_chunk.c.sequence)).where(rag_chunk.c.generation == generation)
    return int(connection.execute(statement).scalar() or 0)


def position(connection: Connection, follower: str, generation: int) -> int:
    """Up to which number a follower has followed; 0: it is new."""
    mine = (rag_projection.c.follower == follower, rag_projection.c.generation == generation)
    return int(connection.execute(select(rag_projection.c.sequence).where(*mine)).scalar() or 0)


def advance(connection: Connection, follower: str, generation: int, sequence: int, now: int) -> None:
    """A follower has followed up to a number."""
    columns = ("follower", "generation", "sequence", "at")
    upsert(connection, rag_projection, columns, [(follower, generation, sequence, now)], ("follower", "generation"))


def _chunks(generation: int) -> Select[Any]:
    document, chunk = rag_document.c, rag_chunk.c
    columns = (
        chunk.id, chunk.chunk, chunk.sequence, chunk.gone_at, chunk.document, document.label, document.kind,
        document.changed_at, document.entity_kind, document.entity_id, document.title, chunk.headings, chunk.text,
        rag_vector.c.vector,
    )  # fmt: skip
    joined = rag_chunk.join(rag_document, document.id == chunk.document).outerjoin(
        rag_vector, rag_vector.c.digest == chunk.vector
    )
    return select(*columns).select_from(joined).where(chunk.generation == generation)


def _change(row: Any) -> Change:
    entity = None if row.entity_kind is None else (row.entity_kind, row.entity_id)
    return Change(
        row.chunk, key_of(row.chunk), row.sequence, row.gone_at is not None, row.document, row.label, row.kind,
        row.changed_at, entity, row.title, tuple(orjson.loads(row.headings)), row.text, row.vector,
    )  # fmt: skip
