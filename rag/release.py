"""What of the passages may leave the machine, for somebody with a certain clearance, and how it is masked.

- What its label allows goes, and personal data in it is masked unless the clearance is for personal data too.
- What is personal but not about anybody's health goes masked if it tells of a record, since what is personal in it is
  then known; a note or a ticket does not go: nobody knows which names stand in it.
- Anything above stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.ground import Ground
from rag.hit import Hit, Passage
from rag.prompt import Given
from rag.redaction import Redaction
from substrate.columns import Sensitivity

FREE = frozenset({"note", "ticket"})
"""Kinds of documents that people write as they like."""


@dataclass(frozen=True, slots=True)
class Released:
    """What goes out.

    Attributes:
        question: as it goes.
        given: the passages that go.
        withheld: how many stay.
        redaction: puts back what was masked; None: nothing was.
    """

    question: str
    given: tuple[Given, ...]
    withheld: int
    redaction: Redaction | None


def release(ground: Ground, question: str, hits: Sequence[Hit], clearance: Sensitivity) -> Released:
    """Question and passages as somebody with a clearance may read them."""
    kept = [number for number, hit in enumerate(hits) if may_leave(hit.passage, ground, clearance)]
    passages = {number: hits[number].passage for number in kept}
    redaction = None if clearance >= Sensitivity.PII else ground.redaction(question, passages.values())
    said = redaction.mask if redaction else str
    given = tuple(Given(number, said(_title(each)), said(each.text)) for number, each in passages.items())
    return Released(said(question), given, len(hits) - len(given), redaction)


def may_leave(passage: Passage, ground: Ground, clearance: Sensitivity) -> bool:
    """Whether a passage may go at all, masked or not."""
    level = passage.label.sensitivity
    if level <= clearance:
        return True
    told = passage.entity is not None and ground.vertical is not None and passage.kind not in FREE
    return told and level <= Sensitivity.PII


def _title(passage: Passage) -> str:
    return " > ".join((passage.title, *passage.headings))
