"""What the ledger remembers of the documents that it was shown, so that unchanged ones need not be read."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, select

from rag.ledger import rag_document, rag_held


class Known(NamedTuple):
    """A document as it was last seen.

    Attributes:
        stamp: of the entry, with all that its reading depended on.
        text_hash: names its text; empty: it was never read.
    """

    stamp: str
    text_hash: str


def known_documents(
    connection: Connection, generation: int, identities: Collection[str] | None = None
) -> dict[str, dict[str, Known]]:
    """By source and key, every document that is there or held; one that is held is remembered as it was refused.

    Args:
        connection: any.
        generation: its number.
        identities: only these documents; None: all.
    """
    found: dict[str, dict[str, Known]] = {}
    table = rag_document
    here = [table.c.generation == generation, table.c.gone_at.is_(None)]
    if identities is not None:
        here.append(table.c.identity.in_(identities))
    names = (table.c.source, table.c.key, table.c.stamp, table.c.text_hash)
    for source, key, stamp, text_hash in connection.execute(select(*names).where(*here)):
        found.setdefault(source, {})[key] = Known(stamp, text_hash)
    refused = (rag_held.c.source, rag_held.c.key, rag_held.c.stamp)
    mine = [rag_held.c.generation == generation, rag_held.c.key != ""]
    if identities is not None:
        mine.append(rag_held.c.identity.in_(identities))
    for source, key, stamp in connection.execute(select(*refused).where(*mine)):
        held = found.setdefault(source, {})
        held[key] = Known(stamp, held[key].text_hash if key in held else "")
    return found
