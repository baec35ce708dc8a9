"""What people say of the answers they got; the question, masked, becomes a candidate for the golden questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import orjson
from sqlalchemy import BigInteger, Boolean, Column, Connection, Index, String, Table, Text, insert

from rag.redaction import mask
from substrate.access import Caller
from substrate.database import BigKey
from substrate.schema import SYSTEM

rag_feedback = Table(
    "rag_feedback",
    SYSTEM,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("copilot", String(120), nullable=False),
    Column("generation", BigInteger),
    Column("question", Text, nullable=False),
    Column("helpful", Boolean, nullable=False),
    Column("comment", Text),
    Column("chunks", Text, nullable=False),
    Column("role", String(80), nullable=False),
    Column("at", BigInteger, nullable=False),
)
Index("ix_rag_feedback_copilot_at", rag_feedback.c.copilot, rag_feedback.c.at)

_LONGEST = 4_000


@dataclass(frozen=True, slots=True)
class Feedback:
    """One person's word on one answer.

    Attributes:
        copilot: whose answer it was.
        question: as it was asked.
        helpful: whether the answer helped.
        chunks: ids of the passages that were shown, best first.
        generation: of which generation they were; None: not known.
        comment: what the person adds.
    """

    copilot: str
    question: str
    helpful: bool
    chunks: tuple[str, ...] = ()
    generation: int | None = None
    comment: str | None = None


def note_feedback(
    connection: Connection,
    feedback: Feedback,
    caller: Caller,
    now: int,
    *,
    masked: Callable[[str], str] = mask,
) -> int:
    """Keep what somebody says of an answer, and return its number.

    Question and comment are masked before they are written; of who says it, only the role is kept.

    Args:
        connection: a write transaction.
        masked: masks a text; by default only what looks personal, since no name is known here (see `named`).
    """
    values = {
        "copilot": feedback.copilot,
        "generation": feedback.generation,
        "question": masked(feedback.question[:_LONGEST]),
        "helpful": feedback.helpful,
        "comment": masked(feedback.comment[:_LONGEST]) if feedback.comment else None,
        "chunks": orjson.dumps(list(feedback.chunks)).decode(),
        "role": caller.role,
        "at": now,
    }
    return int(connection.execute(insert(rag_feedback).values(values).returning(rag_feedback.c.id)).scalar_one())
