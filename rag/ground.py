"""What the questions to one copilot are answered from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rag.copilot import Copilot
from rag.embedder import Embedder
from rag.hit import Passage
from rag.live import Index
from rag.personal import around, named
from rag.redaction import Redaction
from substrate.catalog import Vertical
from substrate.database import Database


@dataclass(frozen=True, slots=True)
class Ground:
    """Where passages and features come from.

    Attributes:
        database: migrated.
        index: of all copilots.
        embedder: the one that the index was built with.
        copilot: who is asked.
        vertical: whose records the copilot knows; None: of none.
    """

    database: Database
    index: Index
    embedder: Embedder
    copilot: Copilot
    vertical: Vertical | None = None

    def redaction(self, question: str, passages: Iterable[Passage] = ()) -> Redaction:
        """What masks a question and passages: names that the question says, and the data of whom the passages tell."""
        if self.vertical is None:
            return Redaction()
        entities = {passage.entity for passage in passages if passage.entity is not None}
        with self.database.read() as connection:
            said = named(connection, self.vertical, question)
            return Redaction((*around(connection, self.vertical, entities), *said))

    def masked(self, question: str) -> str:
        """A question as somebody may read it who is not cleared for personal data."""
        return self.redaction(question).mask(question)
