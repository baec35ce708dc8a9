"""Documents in memory: a source whose documents a test puts in, changes and takes away, and counts the readings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select, true

from rag.copilot import Copilot, FolderOptions, SourceSpec
from rag.document import Document, Entry, UnreadableError
from rag.embedder import Embedder, Vectors
from rag.embedders.hashing import HashingEmbedder
from rag.ledger import rag_chunk, rag_vector
from rag.sync import SyncOptions, SyncReport, sync
from substrate.clock import ManualClock
from substrate.columns import Sensitivity
from substrate.database import Database
from substrate.errors import SourceError

CLOCK = ManualClock(1_000_000)
HELPER = Copilot(name="helper", sources=(SourceSpec(name="shelf", folder=FolderOptions(path=Path("/nowhere"))),))


@dataclass
class Shelf:
    """A source of documents by key.

    Attributes:
        documents: what it declares; None: it cannot be read.
        fails: it cannot be listed.
        read: keys that were read, in order.
    """

    documents: dict[str, Document | None] = field(default_factory=dict)
    name: str = "shelf"
    fails: bool = False
    template: str = "1"
    read: list[str] = field(default_factory=list)

    def put(self, key: str, text: str, **values: Any) -> None:
        """Put a document there, or another version of it."""
        self.documents[key] = replace(Document(key, "Title", text), **values)

    def fingerprint(self) -> str:
        """Changes with `template`."""
        return self.template

    def entries(self, connection: Connection) -> Iterator[Entry]:
        """Everything that is there."""
        if self.fails:
            raise SourceError("the shelf has fallen down")
        for key, document in self.documents.items():
            yield Entry(key, repr(document), partial(self._read, key, document))

    def _read(self, key: str, document: Document | None) -> Document:
        self.read.append(key)
        if document is None:
            raise UnreadableError("not_text", "it is a picture")
        return document


class CountingEmbedder(HashingEmbedder):
    """Counts the texts that it is given."""

    def __init__(self, clearance: Sensitivity = Sensitivity.PHI) -> None:
        super().__init__()
        self.clearance = clearance
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Their vectors, counted."""
        self.texts += texts
        return super().embed(texts)


def brought(
    database: Database,
    *shelves: Shelf,
    options: SyncOptions | None = None,
    embedder: Embedder | HashingEmbedder | None = None,
    copilot: Copilot = HELPER,
) -> SyncReport:
    """A sync of the helper's index."""
    return sync(database, copilot, shelves, embedder or HashingEmbedder(), CLOCK, options)


def held_chunks(database: Database, generation: int | None = None) -> dict[str, bytes]:
    """The chunks of a database's ledger with their vectors, by id."""
    statement = select(rag_chunk.c.chunk, rag_vector.c.vector).outerjoin(
        rag_vector, rag_vector.c.digest == rag_chunk.c.vector
    )
    here = rag_chunk.c.generation == generation if generation is not None else true()
    with database.read() as connection:
        rows = connection.execute(statement.where(rag_chunk.c.gone_at.is_(None), here))
        return {row.chunk: row.vector for row in rows}
