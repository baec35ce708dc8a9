"""What the index may forget after a while: old generations, tombstones that all have followed, vectors of no text."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from rag import vectors
from rag.generations import drop_retired, retire_all, retire_old
from rag.ledger import rag_chunk, rag_document
from substrate.database import Database
from substrate.errors import NotFoundError
from substrate.retention import bit_by_bit


def tidy(database: Database, before: int, now: int) -> dict[str, int]:
    """Forget what has been of no use since an instant; says how many rows of each sort went.

    Args:
        database: where the ledger is.
        before: generations that were replaced, tombstones and vectors from before it may go; a follower that was away
            since then compares all that it has when it comes back.
        now: the present instant.
    """
    with database.write() as connection:
        generations = retire_old(connection, before, now)
    return {
        "generations": generations,
        "rows": bit_by_bit(database, drop_retired),
        "chunks": bit_by_bit(database, lambda connection, limit: _forget_chunks(connection, before, limit)),
        "documents": bit_by_bit(database, lambda connection, limit: _forget_documents(connection, before, limit)),
        "vectors": bit_by_bit(database, lambda connection, limit: vectors.forget(connection, before, limit)),
    }


def forget_copilot(database: Database, copilot: str, now: int) -> dict[str, int]:
    """Forget all that was ever indexed for a copilot, at once; says how many rows of each sort went.

    Its owner's files follow with its next comparison. Vectors that another copilot's chunks use stay.

    Args:
        database: where the ledger is.
        copilot: its name.
        now: the present instant.

    Raises:
        NotFoundError: nothing was indexed for it.
    """
    with database.write() as connection:
        generations = retire_all(connection, copilot, now)
    if not generations:
        raise NotFoundError(f"nothing is indexed for {copilot!r}", hint="plumbline index status shows what is.")
    return {
        "generations": generations,
        "rows": bit_by_bit(database, drop_retired),
        "vectors": bit_by_bit(database, lambda connection, limit: vectors.forget(connection, now + 1, limit)),
    }


def _forget_chunks(connection: Connection, before: int, limit: int) -> int:
    chosen = select(rag_chunk.c.id).where(rag_chunk.c.gone_at < before).limit(limit)
    return connection.execute(delete(rag_chunk).where(rag_chunk.c.id.in_(chosen))).rowcount


def _forget_documents(connection: Connection, before: int, limit: int) -> int:
    """A document that is gone goes after its chunks: followers read through it what they were."""
    still = select(rag_chunk.c.document)
    table = rag_document
    old = (table.c.gone_at < before, table.c.id.not_in(still))
    chosen = select(table.c.id).where(*old).limit(limit)
    return connection.execute(delete(table).where(table.c.id.in_(chosen))).rowcount
