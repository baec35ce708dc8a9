"""Feedback is kept without names and numbers."""

from __future__ import annotations

from sqlalchemy import select

from rag.feedback import Feedback, note_feedback, rag_feedback
from rag.redaction import Known, Redaction
from substrate.access import Caller
from substrate.database import Database
from substrate.schema import SYSTEM
from tests.rag.practice import NOW

ANA = Caller("key:ward", "nurse")


def test_what_is_said_is_kept_masked_and_in_order(database: Database) -> None:
    SYSTEM.create_all(database.engine)
    masked = Redaction([Known("name", "Roth")]).mask
    with database.write() as connection:
        note_feedback(
            connection, Feedback("ward", "Is Roth in?", False, ("c1",), 3, "ask a@b.org"), ANA, NOW, masked=masked
        )
        note_feedback(connection, Feedback("ward", "Where is the form?", True), ANA, NOW)
    with database.read() as connection:
        first, second = connection.execute(select(rag_feedback).order_by(rag_feedback.c.id)).tuples()
    assert first[1:] == ("ward", 3, "Is [name 1] in?", False, "ask [email 1]", '["c1"]', "nurse", NOW)
    assert second[1:] == ("ward", None, "Where is the form?", True, None, "[]", "nurse", NOW)
