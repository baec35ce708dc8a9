"""Documents and their chunks, written into the ledger: only what differs takes a new number, so followers do little."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, delete, select, update

from rag.chunk import Chunk
from rag.document import Document
from rag.generations import Generation, next_sequence
from rag.labels import labels_of, number_labels
from rag.ledger import chunk_ids, rag_chunk, rag_document, rag_held, vector_digest
from substrate.access import Label
from substrate.bulk import upsert

_DOCUMENT = (
    "generation", "identity", "source", "key", "stamp", "text_hash", "title", "kind", "label", "version", "changed_at",
    "checked_at", "entity_kind", "entity_id", "link", "chunks", "held", "gone_at",
)  # fmt: skip
_CHUNK = ("generation", "chunk", "document", "ordinal", "headings", "text", "vector", "sequence", "gone_at")
_TOLD = ("title", "kind", "label", "changed_at", "entity_kind", "entity_id")
"""What the index knows of a document besides its chunks; the rest is read from the ledger with each answer."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A document that was read and cut.

    Attributes:
        identity: names it within its copilot, see `document_identity`.
        source: the name of its source.
        key: names it within its source.
        stamp: what the ledger will remember of the entry.
        text_hash: names all that its chunks are made of.
        document: what was read.
        chunks: what it was cut into.
    """

    identity: str
    source: str
    key: str
    stamp: str
    text_hash: str
    document: Document
    chunks: Sequence[Chunk]


@dataclass(slots=True)
class Written:
    """How many chunks are new, are the same with other surroundings, and are gone."""

    added: int = 0
    touched: int = 0
    deleted: int = 0


def write(connection: Connection, generation: Generation, drafts: Sequence[Draft], now: int) -> Written:
    """Write documents and their chunks; the vectors of the chunks are there already.

    Args:
        connection: a write transaction.
        generation: where they belong.
        drafts: what was read, each document once.
        now: when.
    """
    before = _documents(connection, generation, [draft.identity for draft in drafts])
    numbers = number_labels(connection, {draft.document.label for draft in drafts})
    rows = [_document_row(generation, draft, numbers[draft.document.label], now) for draft in drafts]
    upsert(connection, rag_document, _DOCUMENT, rows, ("generation", "identity"))
    after = _documents(connection, generation, [draft.identity for draft in drafts])
    held: dict[int, dict[str, Any]] = {row["id"]: {} for row in after.values()}
    _load_chunks(connection, held)
    done, changed, gone = Written(), list[tuple[Any, ...]](), list[int]()
    for draft in drafts:
        row = after[draft.identity]
        told_anew = _told(before.get(draft.identity)) != _told(row)
        wanted = _chunk_rows(generation, draft, row["id"])
        _compare(wanted, held[row["id"]], told_anew, done, changed, gone)
    _number(connection, generation, changed, gone, now)
    _release(connection, generation, [draft.identity for draft in drafts])
    return done


def remove(connection: Connection, generation: Generation, identities: Sequence[str], now: int) -> int:
    """Documents are gone: they and their chunks become tombstones; says how many chunks went."""
    rows = _documents(connection, generation, identities)
    alive = [row["id"] for row in rows.values() if row["gone_at"] is None]
    connection.execute(update(rag_document).where(rag_document.c.id.in_(alive)).values(gone_at=now, chunks=0))
    mine = (rag_chunk.c.document.in_(alive), rag_chunk.c.gone_at.is_(None))
    gone = list(connection.scalars(select(rag_chunk.c.id).where(*mine).order_by(rag_chunk.c.id)))
    _number(connection, generation, [], gone, now)
    _release(connection, generation, identities)
    return len(gone)


def tighten(connection: Connection, generation: Generation, labels: Mapping[str, Label], now: int) -> int:
    """Documents that are for others now than a generation says are shown only to who may see both; how many were.

    The generation is not the one that is brought up to date: its texts are old, so nobody sees more of it than before,
    and nobody what they may no longer see.

    Args:
        connection: a write transaction.
        generation: which one answers meanwhile.
        labels: what documents are now, by their identity.
        now: when.
    """
    rows = [row for row in _documents(connection, generation, list(labels)).values() if row["gone_at"] is None]
    known = labels_of(connection, {row["label"] for row in rows})
    common = {row["id"]: known[row["label"]].both(labels[row["identity"]]) for row in rows}
    hidden = [row["identity"] for row in rows if common[row["id"]] is None]
    moved = {row["id"]: label for row in rows if (label := common[row["id"]]) and label != known[row["label"]]}
    remove(connection, generation, hidden, now)
    numbers = number_labels(connection, set(moved.values())) if moved else {}
    for number, label in moved.items():
        connection.execute(update(rag_document).where(rag_document.c.id == number).values(label=numbers[label]))
    _renumber(connection, generation, list(moved))
    return len(hidden) + len(moved)


def _renumber(connection: Connection, generation: Generation, documents: Sequence[int]) -> None:
    """The chunks of some documents take the next numbers, so that whoever follows hears of them."""
    here = (rag_chunk.c.document.in_(documents), rag_chunk.c.gone_at.is_(None))
    rows = list(connection.scalars(select(rag_chunk.c.id).where(*here).order_by(rag_chunk.c.id)))
    if rows:
        first = next_sequence(connection, generation.copilot, len(rows))
        values = [{"row": row, "next": first + at} for at, row in enumerate(rows)]
        told = update(rag_chunk).where(rag_chunk.c.id == bindparam("row")).values(sequence=bindparam("next"))
        connection.execute(told, values)


def _documents(connection: Connection, generation: Generation, identities: Sequence[str]) -> dict[str, dict[str, Any]]:
    mine = (rag_document.c.generation == generation.id, rag_document.c.identity.in_(identities))
    return {row.identity: row._asdict() for row in connection.execute(select(rag_document).where(*mine))}


def _told(row: dict[str, Any] | None) -> tuple[Any, ...] | None:
    return None if row is None else tuple(row[name] for name in _TOLD)


def _document_row(generation: Generation, draft: Draft, label: int, now: int) -> tuple[Any, ...]:
    document = draft.document
    kind, entity = document.entity or (None, None)
    return (
        generation.id, draft.identity, draft.source, draft.key, draft.stamp, draft.text_hash, document.title,
        document.kind, label, document.version, document.changed_at, now, kind, entity, document.link,
        len(draft.chunks), False, None,
    )  # fmt: skip


def _load_chunks(connection: Connection, held: dict[int, dict[str, Any]]) -> None:
    """What the ledger holds of each document's chunks, tombstones too."""
    for row in connection.execute(select(rag_chunk).where(rag_chunk.c.document.in_(list(held)))):
        held[row.document][row.chunk] = row


def _chunk_rows(generation: Generation, draft: Draft, document: int) -> dict[str, tuple[Any, ...]]:
    """The rows of a document's chunks without their numbers, by the chunks' ids."""
    texts = [chunk.embedded_text for chunk in draft.chunks]
    ids = chunk_ids(draft.identity, generation.recipe, texts)
    return {
        name: (generation.id, name, document, chunk.ordinal, orjson.dumps(chunk.headings).decode(), chunk.text,
               vector_digest(generation.embedder, chunk.embedded_text))
        for name, chunk in zip(ids, draft.chunks, strict=True)
    }  # fmt: skip


def _compare(
    wanted: dict[str, tuple[Any, ...]],
    held: dict[str, Any],
    told_anew: bool,
    done: Written,
    changed: list[tuple[Any, ...]],
    gone: list[int],
) -> None:
    for name, row in wanted.items():
        old = held.get(name)
        if old is None or old.gone_at is not None:
            done.added += 1
        elif told_anew or (old.ordinal, old.headings, old.text) != row[3:6]:
            done.touched += 1
        else:
            continue
        changed.append(row)
    left = [row.id for name, row in held.items() if name not in wanted and row.gone_at is None]
    done.deleted += len(left)
    gone += left


def _number(
    connection: Connection, generation: Generation, changed: list[tuple[Any, ...]], gone: list[int], now: int
) -> None:
    """Write what changed, each row with the next number; what is gone comes first."""
    if not changed and not gone:
        return
    first = next_sequence(connection, generation.copilot, len(changed) + len(gone))
    if gone:
        values = [{"row": row, "next": first + at, "now": now} for at, row in enumerate(gone)]
        buried = update(rag_chunk).where(rag_chunk.c.id == bindparam("row"))
        connection.execute(buried.values(sequence=bindparam("next"), gone_at=bindparam("now")), values)
    rows = [(*row, first + len(gone) + at, None) for at, row in enumerate(changed)]
    upsert(connection, rag_chunk, _CHUNK, rows, ("generation", "chunk"))


def _release(connection: Connection, generation: Generation, identities: Sequence[str]) -> None:
    mine = (rag_held.c.generation == generation.id, rag_held.c.identity.in_(identities))
    connection.execute(delete(rag_held).where(*mine))
