"""What a generation of an index holds, as the ledger says it: the ground that golden questions are judged on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import blake2b

import orjson
from sqlalchemy import Connection, select

from rag.evals.covering import covering, label_of
from rag.evals.judging import whole
from rag.ledger import rag_chunk, rag_document, rag_label
from substrate.access import Label


@dataclass(frozen=True, slots=True)
class Survey:
    """What a generation holds.

    Attributes:
        fingerprint: of all its documents and their texts, whatever they were cut into: 32 hexadecimal digits.
        labels: of its documents.
        texts: of the documents that were asked for, by key: every chunk with its headings, in order.
    """

    fingerprint: str
    labels: frozenset[Label]
    texts: dict[str, str]

    @property
    def label(self) -> Label:
        """Who may see all of it."""
        return covering(self.labels)


def survey(connection: Connection, generation: int, documents: Collection[str] = ()) -> Survey:
    """Look at a generation.

    Args:
        connection: a read transaction.
        generation: its number.
        documents: keys of the documents whose texts are wanted.
    """
    return Survey(
        _fingerprint(connection, generation), _labels(connection, generation), _texts(connection, generation, documents)
    )


def _fingerprint(connection: Connection, generation: int) -> str:
    table = rag_document.c
    here = (table.generation == generation, table.gone_at.is_(None))
    rows = connection.execute(select(table.source, table.key, table.text_hash).where(*here))
    # Sorted here: databases sort texts differently.
    said = sorted((row.source, row.key, row.text_hash) for row in rows)
    return blake2b(orjson.dumps(said), digest_size=16).hexdigest()


def _labels(connection: Connection, generation: int) -> frozenset[Label]:
    table = rag_document.c
    here = (table.generation == generation, table.gone_at.is_(None))
    used = select(table.label).where(*here).distinct()
    rows = connection.execute(select(rag_label).where(rag_label.c.id.in_(used)))
    return frozenset(label_of(row) for row in rows)


def _texts(connection: Connection, generation: int, documents: Collection[str]) -> dict[str, str]:
    chunk, document = rag_chunk.c, rag_document.c
    columns = (document.key, document.title, chunk.headings, chunk.text)
    joined = rag_chunk.join(rag_document, document.id == chunk.document)
    wanted = (
        chunk.generation == generation,
        chunk.gone_at.is_(None),
        document.gone_at.is_(None),
        document.key.in_(documents),
    )
    rows = connection.execute(select(*columns).select_from(joined).where(*wanted).order_by(document.id, chunk.ordinal))
    titles: dict[str, str] = {}
    chunks: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for row in rows:
        titles[row.key] = row.title
        chunks.setdefault(row.key, []).append((tuple(orjson.loads(row.headings)), row.text))
    return {key: whole(titles[key], parts) for key, parts in chunks.items()}
