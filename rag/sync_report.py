"""What a sync tells: how far it is while it works, and in the end what it found and did."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from rag.ledger import HeldReason


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sync is: documents read of those to read, and texts embedded so far."""

    read: int
    to_read: int
    embedded: int


@dataclass(slots=True)
class SyncReport:
    """What a sync found and did.

    Attributes:
        copilot: whose index.
        generation: the generation that was brought up to date.
        state: where it stands now.
        documents: how many documents it holds.
        chunks: how many chunks it holds.
        read: documents that were read.
        unchanged: documents that needed no reading.
        embedded: texts that were embedded, each once.
        added: chunks that are new.
        touched: chunks that are the same, at another place or with another label, title or time.
        deleted: chunks that are gone.
        held: documents that are held by reason; for `mass_delete`, how many would have gone.
        failed: sources that could not be listed, and why; nothing of them was touched.
        seconds: how long it took.
    """

    copilot: str
    generation: int = 0
    state: str = ""
    documents: int = 0
    chunks: int = 0
    read: int = 0
    unchanged: int = 0
    embedded: int = 0
    added: int = 0
    touched: int = 0
    deleted: int = 0
    held: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def changed(self) -> bool:
        """Whether anything in the index is new, other or gone."""
        return bool(self.added or self.touched or self.deleted)

    def facts(self) -> dict[str, Any]:
        """The same for a program."""
        return asdict(self)

    def count_held(self, reason: HeldReason, count: int) -> None:
        """Count documents that are held for a reason."""
        self.held[str(reason)] = self.held.get(str(reason), 0) + count
