"""Feedback is kept without names and numbers."""

from __future__ import annotations

from rag.feedback import Feedback, note_feedback, read_feedback
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
        first, second = read_feedback(connection, "ward")
    assert first == Feedback("ward", "Is [name 1] in?", False, ("c1",), 3, "ask [email 1]")
    assert second.helpful
    assert second.chunks == ()


def test_feedback_of_another_copilot_is_not_shown(database: Database) -> None:
    SYSTEM.create_all(database.engine)
    with database.write() as connection:
        note_feedback(connection, Feedback("ward", "Why?", True), ANA, NOW)
        assert read_feedback(connection, "school") == []
