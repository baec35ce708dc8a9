"""Questions that people really asked, on their way into a golden set: proposed, approved by a person, frozen.

A question was masked when it was kept, and is masked again here with all that is known by now; nothing of who asked it
is kept. What was asked before in other words only adds to the count. Everything obeys the label of the copilot's
documents: who may not see those sees no question either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import BigInteger, Column, Connection, Index, Integer, Row, String, Table, Text, select, update

from rag.evals.covering import covering, label_columns, label_of
from rag.evals.golden import Golden, Place, Question, question_from
from rag.evals.sets import GoldenSet, freeze_set
from substrate.access import Caller, Label
from substrate.audit import AuditEvent, record_event
from substrate.database import BigKey
from substrate.errors import ConflictError, NotFoundError
from substrate.schema import SYSTEM


class State(StrEnum):
    """Where a question stands."""

    PROPOSED = "proposed"  # waits for a person
    APPROVED = "approved"  # stands in the next version that is frozen
    REJECTED = "rejected"  # a person said no; asked again, it is not proposed again


eval_question = Table(
    "eval_question",
    SYSTEM,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("copilot", String(120), nullable=False),
    Column("ask", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("seen", Integer, nullable=False),
    Column("unhelpful", Integer, nullable=False),
    Column("passages", Text, nullable=False),
    Column("last_feedback", BigInteger, nullable=False),
    *label_columns(),
    Column("golden", Text),
    Column("first_asked_at", BigInteger, nullable=False),
    Column("last_asked_at", BigInteger, nullable=False),
    Column("decided_by", String(200)),
    Column("decided_at", BigInteger),
    Column("why", Text),
)
Index("ix_eval_question_copilot", eval_question.c.copilot, eval_question.c.state)


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question as it is kept.

    Attributes:
        id: its number.
        copilot: who was asked.
        ask: what was asked, masked.
        state: where it stands.
        seen: how often it was asked, in these or like words.
        unhelpful: how often the answer did not help.
        passages: ids of the passages that the first asker was shown, the best first.
        label: who may see it.
        golden: as it will stand in the set; None: it is not approved.
        first_asked_at: in microseconds since 1970 UTC.
        last_asked_at: likewise.
        decided_by: who approved or rejected it.
        why: what they said.
    """

    id: int
    copilot: str
    ask: str
    state: State
    seen: int
    unhelpful: int
    passages: tuple[str, ...]
    label: Label
    golden: Question | None
    first_asked_at: int
    last_asked_at: int
    decided_by: str | None
    why: str | None


def list_questions(
    connection: Connection, caller: Caller, copilot: str | None = None, state: State | None = None
) -> list[AskedQuestion]:
    """The questions that somebody may see, those asked most often first."""
    statement = select(eval_question).order_by(eval_question.c.seen.desc(), eval_question.c.id)
    if copilot is not None:
        statement = statement.where(eval_question.c.copilot == copilot)
    if state is not None:
        statement = statement.where(eval_question.c.state == str(state))
    return [_question(row) for row in connection.execute(statement) if caller.may_see(label_of(row))]


def question_of(connection: Connection, number: int, caller: Caller) -> AskedQuestion:
    """One question by its number.

    Raises:
        NotFoundError: there is none, or none that the caller may see.
    """
    row = connection.execute(select(eval_question).where(eval_question.c.id == number)).one_or_none()
    if row is None or not caller.may_see(label_of(row)):
        raise NotFoundError(f"there is no question {number}", hint="`plumbline eval questions list` shows them.")
    return _question(row)


@dataclass(frozen=True, slots=True)
class Approval:
    """What a person adds to a question so that it can be judged.

    Attributes:
        name: its id in the golden set; None: `asked-` and its number.
        where: the places of its answer.
        slices: the groups that it belongs to.
        unanswerable: the documents do not hold the answer.
        ask: the question in better words; None: as it was asked.
    """

    name: str | None = None
    where: tuple[Place, ...] = ()
    slices: tuple[str, ...] = ()
    unanswerable: bool = False
    ask: str | None = None


def approve(connection: Connection, number: int, approval: Approval, caller: Caller, now: int) -> AskedQuestion:
    """Take a question into the next version of its copilot's golden set; who approves vouches that it names nobody.

    Args:
        connection: a write transaction.
        number: the question's.
        approval: where its answer stands, or that there is none.
        caller: the person.

    Raises:
        NotFoundError: there is no such question, or none that the caller may see.
        GoldenError: with this it is no golden question.
        ConflictError: somebody else decided meanwhile, or another approved question has the name.
    """
    before = question_of(connection, number, caller)
    golden = question_from(
        {
            "id": approval.name or f"asked-{number}", "ask": approval.ask or before.ask, "where": approval.where,
            "slice": approval.slices, "unanswerable": approval.unanswerable,
        }
    )  # fmt: skip
    for other in list_approved(connection, before.copilot):
        if other.id != number and other.golden is not None and golden.id == other.golden.id:
            raise ConflictError(f"question {other.id} is called {golden.id!r} already", hint="Choose another --name.")
    event = AuditEvent(now, caller.name, "approve", "question", str(number))
    _decide(connection, before, State.APPROVED, {"golden": golden.model_dump_json(), "why": None}, event)
    return question_of(connection, number, caller)


def reject(connection: Connection, number: int, why: str, caller: Caller, now: int) -> AskedQuestion:
    """Keep a question out of the golden set, also one that was approved; versions that hold it keep it.

    Raises:
        NotFoundError: there is no such question, or none that the caller may see.
        ConflictError: somebody else decided meanwhile.
    """
    before = question_of(connection, number, caller)
    event = AuditEvent(now, caller.name, "reject", "question", str(number))
    _decide(connection, before, State.REJECTED, {"why": why}, event)
    return question_of(connection, number, caller)


def freeze(
    connection: Connection, copilot: str, caller: Caller, now: int, written: tuple[Golden, Label] | None = None
) -> GoldenSet:
    """Make all approved questions of a copilot the next version of its golden set.

    Args:
        connection: a write transaction.
        copilot: whose questions they are.
        caller: the person.
        now: the instant.
        written: questions that were written by hand, with who may see them; they come first.

    Raises:
        NotFoundError: no question is approved, and none was written.
        ConflictError: the newest version has exactly these, two have one name, or some are beyond the caller.
    """
    approved = list_approved(connection, copilot)
    by_hand = () if written is None else written[0].questions
    questions = (*by_hand, *(one.golden for one in approved if one.golden is not None))
    if not questions:
        hint = "`plumbline eval questions approve` approves one."
        raise NotFoundError(f"no question to {copilot!r} is approved", hint=hint)
    _refuse_twins(questions)
    label = covering([*(one.label for one in approved), *([] if written is None else [written[1]])])
    if not caller.may_see(label):
        hint = "Let somebody freeze them who may see them all."
        raise ConflictError(f"some approved questions to {copilot!r} are beyond {caller.name}", hint=hint)
    corpus = "questions that people asked" if written is None else written[0].corpus
    golden = Golden(copilot=copilot, corpus=corpus, questions=questions)
    frozen = freeze_set(connection, golden, label, caller, now)
    event = AuditEvent(now, caller.name, "freeze", "golden_set", str(frozen.id), {"questions": len(questions)})
    record_event(connection, event)
    return frozen


def _refuse_twins(questions: Sequence[Question]) -> None:
    for what, seen in (("id", [one.id for one in questions]), ("ask", [one.ask for one in questions])):
        twice = next((value for value in seen if seen.count(value) > 1), None)
        if twice is not None:
            hint = "Reject the approved one, or rename it."
            raise ConflictError(f"two questions have the {what} {twice!r}", hint=hint)


def list_approved(connection: Connection, copilot: str) -> list[AskedQuestion]:
    """All approved questions in the order of their numbers, whoever may see them."""
    wanted = (eval_question.c.copilot == copilot, eval_question.c.state == str(State.APPROVED))
    rows = connection.execute(select(eval_question).where(*wanted).order_by(eval_question.c.id))
    return [_question(row) for row in rows]


def _decide(
    connection: Connection, before: AskedQuestion, state: State, values: dict[str, Any], event: AuditEvent
) -> None:
    decided = {**values, "state": str(state), "decided_by": event.actor, "decided_at": event.at}
    mine = (eval_question.c.id == before.id, eval_question.c.state == str(before.state))
    if connection.execute(update(eval_question).where(*mine).values(decided)).rowcount != 1:
        hint = "`plumbline eval questions list` shows how it stands now."
        raise ConflictError(f"somebody else decided about question {before.id} meanwhile", hint=hint)
    record_event(connection, event)


def _question(row: Row[Any]) -> AskedQuestion:
    golden = None if row.golden is None else Question.model_validate_json(row.golden)
    return AskedQuestion(
        row.id, row.copilot, row.ask, State(row.state), row.seen, row.unhelpful, tuple(orjson.loads(row.passages)),
        label_of(row), golden if row.state == State.APPROVED else None, row.first_asked_at, row.last_asked_at,
        row.decided_by, row.why,
    )  # fmt: skip
