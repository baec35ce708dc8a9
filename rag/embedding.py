"""Embed the texts that have no vector yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rag.embedder import Embedder
from rag.ledger import vector_digest
from rag.rerank import embed_all
from rag.vectors import keep, slices, to_bytes, unknown
from substrate.clock import Clock
from substrate.database import Database

_AT_ONCE = 64


def embed_new(database: Database, embedder: Embedder, texts: Iterable[str], clock: Clock) -> Iterator[int]:
    """Embed what is new among texts, batch by batch, and say after each how many vectors it added.

    Each batch is committed by itself: whoever dies in the middle has lost one. Texts of about one length go together,
    since a batch is padded to its longest.

    Raises:
        PlumblineError: the database or the embedder cannot be reached; earlier batches are kept.
    """
    wanted = {vector_digest(embedder.fingerprint, text): text for text in texts}
    with database.read() as connection:
        missing = sorted(unknown(connection, wanted), key=lambda name: (len(wanted[name]), name))
    for names in slices(missing, _AT_ONCE):
        vectors, states = embed_all(embedder, [wanted[name] for name in names])
        made = dict(zip(names, zip(to_bytes(vectors), states, strict=True), strict=True))
        with database.write() as connection:
            added = keep(connection, made, clock.now())
        yield added
