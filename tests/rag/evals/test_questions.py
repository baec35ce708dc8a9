"""Questions that people asked: masked, asked once, decided by a person, frozen, and seen only by those who may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import text

from rag.embedder import Vectors
from rag.embedders.hashing import HashingEmbedder
from rag.evals.golden import GoldenError, Place
from rag.evals.proposing import Proposed, propose
from rag.evals.questions import Approval, AskedQuestion, State, approve, freeze, list_questions, reject
from rag.evals.sets import frozen_set
from rag.feedback import Feedback, note_feedback
from rag.redaction import Known, Redaction
from substrate.access import Label
from substrate.columns import Sensitivity
from substrate.database import Database
from substrate.errors import ConflictError, NotFoundError
from tests.rag.evals.world import CLERK, DOCTOR, INTERNAL, NOW, PHI

HANDS = "How long do I have to wash my hands?"
PLACE = Place(document="hygiene.md", says="at least twenty seconds")
APPROVAL = Approval(where=(PLACE,), slices=("how-to",))


class Uncleared(HashingEmbedder):
    """An embedder that may see nothing of people, and fails if it is asked."""

    clearance = Sensitivity.INTERNAL

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Nothing may come here."""
        raise AssertionError


def asked(house: Database, *questions: str, helpful: bool = True, label: Label = INTERNAL) -> Proposed:
    with house.write() as connection:
        for question in questions:
            note_feedback(connection, Feedback("ward", question, helpful, ("c1", "c2")), CLERK, NOW)
        return propose(connection, "ward", HashingEmbedder(), label)


def listed(house: Database, state: State | None = None) -> list[AskedQuestion]:
    with house.read() as connection:
        return list_questions(connection, DOCTOR, "ward", state)


def approved(house: Database, number: int, approval: Approval = APPROVAL) -> AskedQuestion:
    with house.write() as connection:
        return approve(connection, number, approval, DOCTOR, NOW)


def test_what_was_asked_is_proposed_once_with_what_was_shown(house: Database) -> None:
    assert asked(house, HANDS, "How do I order more gloves?") == Proposed(new=2)
    assert asked(house) == Proposed()
    found = listed(house, State.PROPOSED)[0]
    assert (found.ask, found.seen, found.passages, found.golden) == (HANDS, 1, ("c1", "c2"), None)


def test_the_same_in_like_words_only_counts(house: Database) -> None:
    asked(house, HANDS)
    assert asked(house, "how LONG do i have to wash my hands", helpful=False) == Proposed(repeated=1)
    assert asked(house, "How long do I have to wash both my hands?") == Proposed(repeated=1)
    assert [(one.seen, one.unhelpful) for one in listed(house)] == [(3, 1)]


def test_another_number_is_another_question(house: Database) -> None:
    assert asked(house, "How many beds has ward 3 of our house?") == Proposed(new=1)
    assert asked(house, "How many beds has ward 4 of our house?") == Proposed(new=1)


def test_alike_questions_of_one_go_are_one(house: Database) -> None:
    assert asked(house, HANDS, HANDS.lower(), "??", "no") == Proposed(new=1, repeated=1, empty=2)


def test_a_rejected_question_is_not_proposed_again(house: Database) -> None:
    asked(house, HANDS)
    with house.write() as connection:
        assert reject(connection, listed(house)[0].id, "is about one person", DOCTOR, NOW).state is State.REJECTED
    asked(house, HANDS)
    assert listed(house, State.PROPOSED) == []


def test_questions_are_masked_again_with_what_is_known(house: Database) -> None:
    redaction = Redaction([Known("name", "Ida Berg")])
    with house.write() as connection:
        said = Feedback("ward", "May Ida Berg, ida@berg.test, eat before her scan?", helpful=True)
        note_feedback(connection, said, CLERK, NOW)
        propose(connection, "ward", HashingEmbedder(), PHI, masked=redaction.mask)
        assert "berg" not in str(connection.execute(text("SELECT ask FROM eval_question")).scalar()).lower()


def test_questions_do_not_go_to_an_embedder_that_may_not_see_them(house: Database) -> None:
    with house.write() as connection:
        for question in (HANDS, HANDS.upper(), "How do I order gloves?"):
            note_feedback(connection, Feedback("ward", question, helpful=True), CLERK, NOW)
        assert propose(connection, "ward", Uncleared(), PHI) == Proposed(new=2, repeated=1)


def test_an_approved_question_is_frozen_into_a_version_that_stays(house: Database) -> None:
    asked(house, HANDS, "How do I order more gloves?")
    one, two = listed(house)
    approved(house, one.id)
    with house.write() as connection:
        assert freeze(connection, "ward", DOCTOR, NOW).version == 1
    approved(house, two.id, Approval("gloves", unanswerable=True))
    with house.write() as connection:
        assert freeze(connection, "ward", DOCTOR, NOW).version == 2
        reject(connection, one.id, "answered elsewhere now", DOCTOR, NOW)
        assert freeze(connection, "ward", DOCTOR, NOW).version == 3
        names = [[q.id for q in frozen_set(connection, "ward", DOCTOR, v).golden.questions] for v in (1, 2, 3)]
    assert names == [[f"asked-{one.id}"], [f"asked-{one.id}", "gloves"], ["gloves"]]


def test_better_words_are_frozen_and_the_asked_ones_are_still_known(house: Database) -> None:
    asked(house, HANDS)
    found = approved(house, listed(house)[0].id, replace(APPROVAL, ask="For how long must hands be washed?"))
    assert found.golden is not None
    assert found.golden.ask == "For how long must hands be washed?"
    assert asked(house, HANDS) == Proposed(repeated=1)


def test_an_approval_needs_a_place_or_that_there_is_none(house: Database) -> None:
    asked(house, HANDS)
    with pytest.raises(GoldenError, match="says not where its answer is"):
        approved(house, listed(house)[0].id, Approval())


def test_two_approved_questions_have_not_one_name(house: Database) -> None:
    asked(house, HANDS, "How do I order more gloves?")
    one, two = listed(house)
    approved(house, one.id, replace(APPROVAL, name="hands"))
    with pytest.raises(ConflictError, match="is called 'hands' already"):
        approved(house, two.id, replace(APPROVAL, name="hands"))


def test_nothing_approved_is_nothing_to_freeze(house: Database) -> None:
    asked(house, HANDS)
    with house.write() as connection, pytest.raises(NotFoundError, match="no question to 'ward' is approved"):
        freeze(connection, "ward", DOCTOR, NOW)


def test_protected_questions_are_not_there_for_those_who_may_not_see_them(house: Database) -> None:
    asked(house, HANDS, label=PHI)
    number = listed(house)[0].id
    approved(house, number)
    with house.write() as connection:
        assert list_questions(connection, CLERK) == []
        for decide in (
            lambda: approve(connection, number, APPROVAL, CLERK, NOW),
            lambda: freeze(connection, "ward", CLERK, NOW),
        ):
            with pytest.raises((NotFoundError, ConflictError)) as raised:
                decide()
            assert "hands" not in str(raised.value)


def test_decisions_are_in_the_audit_without_the_words(house: Database) -> None:
    asked(house, HANDS)
    approved(house, listed(house)[0].id)
    with house.read() as connection:
        rows = connection.execute(text("SELECT actor, action, detail FROM audit_event")).all()
    assert [tuple(row) for row in rows] == [(DOCTOR.name, "approve", "{}")]
