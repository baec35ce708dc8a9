"""What the questions to one copilot are answered from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rag.copilot import Copilot
from rag.embedder import Embedder
from rag.hit import Passage
from rag.live import Index
from rag.personal import around, named
from rag.redaction import Redaction
from substrate.catalog import Vertical
from substrate.columns import Sensitivity
from substrate.database import Database

_WORD = re.compile(r"[^\W_]+")


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
        """What masks a question and passages that leave together.

        It knows the personal data of the records that the passages tell of, and every name in the records of which a
        word stands in the question or in a passage about people.
        """
        if self.vertical is None:
            return Redaction()
        shown = list(passages)
        entities = {passage.entity for passage in shown if passage.entity is not None}
        personal = [each.text for each in shown if each.label.sensitivity >= Sensitivity.PII]
        with self.database.read() as connection:
            theirs = around(connection, self.vertical, entities)
            said = named(connection, self.vertical, "\n".join((question, *personal)))
        common = _common(question, (each.text for each in shown if each.label.sensitivity < Sensitivity.PII))
        return Redaction((*theirs, *(known for known in said if known.value not in common)))

    def masked(self, question: str) -> str:
        """A question as somebody may read it who is not cleared for personal data."""
        return self.redaction(question).mask(question)


def _common(question: str, guides: Iterable[str]) -> set[str]:
    """Words that the question writes small, as guides do: `bill`, though somebody is called so."""
    small = {word for word in _WORD.findall(question) if word.islower()}
    return small & {word for text in guides for word in _WORD.findall(text)} if small else set()
