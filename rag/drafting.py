"""Read a document and cut it into chunks, unless it may not go where it would go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rag.copilot import Copilot
from rag.document import Entry, UnreadableError
from rag.embedder import Embedder
from rag.ledger import HeldReason, digest, document_identity
from rag.splitting import split
from rag.writing import Draft

_AT_ONCE = 256
"""So many chunks, or documents, are embedded and written together: one transaction, and one batch that fills a core."""


def draft(copilot: Copilot, embedder: Embedder, source: str, entry: Entry, stamp: str) -> Draft:
    """Read and cut one document.

    Args:
        copilot: whose it is; its recipe says how documents are cut.
        embedder: counts tokens, and says how sensitive a text it may be given.
        source: the name of its source.
        entry: what is to be read.
        stamp: what the ledger will remember of the entry.

    Raises:
        UnreadableError: it cannot be read, or is more sensitive than the embedder may be given.
    """
    document = entry.read()
    if document.label.sensitivity > embedder.clearance:
        levels = document.label.sensitivity.name.lower(), embedder.clearance.name.lower()
        detail = f"it is {levels[0]}, and the embedder may be given {levels[1]} at most"
        raise UnreadableError(HeldReason.ABOVE_CLEARANCE, detail)
    chunks = split(document, embedder.tokens, copilot.recipe)
    identity = document_identity(copilot.name, source, entry.key)
    return Draft(identity, source, entry.key, stamp, digest(document.title, document.text), document, chunks)


def groups(drafts: Iterable[Draft]) -> Iterator[list[Draft]]:
    """Documents in groups that are embedded and written together."""
    group: list[Draft] = []
    chunks = 0
    for each in drafts:
        group.append(each)
        chunks += len(each.chunks)
        if max(chunks, len(group)) >= _AT_ONCE:
            yield group
            group, chunks = [], 0
    if group:
        yield group
