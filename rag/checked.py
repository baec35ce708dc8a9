"""When each source was last listed whole: so far a generation is known to be all that it says."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete

from rag.ledger import rag_source
from substrate.bulk import append, upsert

_COLUMNS = ("generation", "source", "checked_at")


def check_off(
    connection: Connection, generation: int, declared: Collection[str], failed: Collection[str], now: int
) -> None:
    """Remember that sources were listed.

    Args:
        connection: a write transaction.
        generation: its number.
        declared: the names of all sources; what is remembered of any other is forgotten.
        failed: those of them that could not be listed; one that never could is remembered as such.
        now: when.
    """
    listed = [(generation, name, now) for name in declared if name not in failed]
    upsert(connection, rag_source, _COLUMNS, listed, ("generation", "source"))
    append(connection, rag_source, _COLUMNS, [(generation, name, None) for name in failed], new_only=True)
    over = (rag_source.c.generation == generation, rag_source.c.source.not_in(declared))
    connection.execute(delete(rag_source).where(*over))
