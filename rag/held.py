"""Documents that are held: they could not be read, or may not go where they would go; each with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from rag.generations import Generation
from rag.ledger import document_identity, rag_document, rag_held
from substrate.bulk import upsert


@dataclass(frozen=True, slots=True)
class HeldDocument:
    """A document that is held.

    Attributes:
        source: its source's name.
        key: its key; empty: the whole source.
        stamp: what the ledger remembers of the entry; the same again is not read again.
        reason: one word, see `HeldReason` and `UnreadableError`.
        detail: for people; never a protected value.
        since: since when, in microseconds since 1970 UTC; kept as long as the reason is the same.
    """

    source: str
    key: str
    stamp: str
    reason: str
    detail: str
    since: int


def held_documents(connection: Connection, generation: int) -> list[HeldDocument]:
    """What is held in a generation, by source and key."""
    names = [rag_held.c[name] for name in ("source", "key", "stamp", "reason", "detail", "since")]
    rows = connection.execute(select(*names).where(rag_held.c.generation == generation))
    return sorted((HeldDocument(*row) for row in rows), key=lambda held: (held.source, held.key))


def hold(connection: Connection, generation: Generation, documents: Sequence[HeldDocument]) -> None:
    """Hold documents; what the index has of an earlier version is marked, and grows old."""
    identities = [document_identity(generation.copilot, one.source, one.key) for one in documents]
    mine = (rag_held.c.generation == generation.id, rag_held.c.identity.in_(identities))
    since = {(row.identity, row.reason): row.since for row in connection.execute(select(rag_held).where(*mine))}
    rows = [
        (generation.id, name, one.source, one.key, one.stamp, one.reason, one.detail,
         since.get((name, one.reason), one.since))
        for name, one in zip(identities, documents, strict=True)
    ]  # fmt: skip
    columns = ("generation", "identity", "source", "key", "stamp", "reason", "detail", "since")
    upsert(connection, rag_held, columns, rows, ("generation", "identity"))
    here = (rag_document.c.generation == generation.id, rag_document.c.identity.in_(identities))
    connection.execute(update(rag_document).where(*here).values(held=True))


def release(connection: Connection, generation: Generation, source: str, key: str = "") -> None:
    """Nothing is held any more of a source as a whole, or under one of its keys."""
    identity = document_identity(generation.copilot, source, key)
    connection.execute(delete(rag_held).where(rag_held.c.generation == generation.id, rag_held.c.identity == identity))
