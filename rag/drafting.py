"""Read a document and cut it into chunks, unless it may not go where it would go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rag.copilot import Copilot
from rag.document import Entry, UnreadableError
from rag.embedder import Embedder
from rag.ledger import HeldReason, digest, document_identity
from rag.splitting import split
from rag.writing import Draft
from substrate.access import Label
from substrate.columns import Sensitivity

_AT_ONCE = 256
"""So many chunks, or documents, are embedded and written together: one transaction, and one batch that fills a core."""


class TooSensitiveError(UnreadableError):
    """A document is more sensitive than what the embedder may be given.

    Args:
        label: who may see the document.
        clearance: the highest sensitivity that the embedder may be given.
    """

    def __init__(self, label: Label, clearance: Sensitivity) -> None:
        levels = label.sensitivity.name.lower(), clearance.name.lower()
        detail = f"it is {levels[0]}, and the embedder may be given {levels[1]} at most"
        super().__init__(HeldReason.ABOVE_CLEARANCE, detail)
        self.label = label


def draft(copilot: Copilot, embedder: Embedder, source: str, entry: Entry, stamp: str) -> Draft:
    """Read and cut one document.

    Args:
        copilot: whose it is; its recipe says how documents are cut.
        embedder: counts tokens, and says how sensitive a text it may be given.
        source: the name of its source.
        entry: what is to be read.
        stamp: what the ledger will remember of the entry.

    Raises:
        TooSensitiveError: it may not be given to the embedder.
        UnreadableError: it cannot be read.
    """
    document = entry.read()
    if document.label.sensitivity > embedder.clearance:
        raise TooSensitiveError(document.label, embedder.clearance)
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
