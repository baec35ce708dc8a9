"""What people asked becomes a proposal for the golden questions: masked, and counted where it was asked before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import orjson
from sqlalchemy import Connection, func, insert, select, update

from rag.embedder import Embedder, Vectors
from rag.evals.covering import label_values
from rag.evals.places import words_of
from rag.evals.questions import State, eval_question
from rag.feedback import rag_feedback
from rag.redaction import mask
from substrate.access import Label
from substrate.turns import take_turn

ALIKE = 0.9
"""From this cosine on two questions are the same in other words. With all-MiniLM-L6-v2, rewordings of one question have
0.88 to 0.98, and the likest two of each golden set 0.61 to 0.76 (`tests/rag/evals/test_alike.py`)."""

_FEWEST_WORDS = 2
_LIKEST = 5
_MOST = 2_000
"""Pieces of feedback that are looked at in one go, so that a transaction stays short."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one person asked, and whether the answer helped.

    Attributes:
        number: of the feedback; later ones have larger numbers.
        ask: the question.
        helpful: whether the answer helped.
        passages: ids of the passages that were shown, the best first.
        at: when, in microseconds since 1970 UTC.
    """

    number: int
    ask: str
    helpful: bool
    passages: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Proposed:
    """What became of the questions: how many are new, how many were asked before, and how many say nothing."""

    new: int = 0
    repeated: int = 0
    empty: int = 0


def asked_since(connection: Connection, copilot: str) -> list[Asked]:
    """The feedback to a copilot that was not looked at yet, the oldest first."""
    seen = select(func.max(eval_question.c.last_feedback)).where(eval_question.c.copilot == copilot)
    after = connection.execute(seen).scalar() or 0
    wanted = (rag_feedback.c.copilot == copilot, rag_feedback.c.id > after)
    rows = connection.execute(select(rag_feedback).where(*wanted).order_by(rag_feedback.c.id).limit(_MOST))
    return [Asked(row.id, row.question, row.helpful, tuple(orjson.loads(row.chunks)), row.at) for row in rows]


def propose(
    connection: Connection,
    copilot: str,
    embedder: Embedder,
    label: Label,
    *,
    masked: Callable[[str], str] = mask,
) -> Proposed:
    """Turn the feedback that came since the last time into proposed questions.

    Args:
        connection: a write transaction.
        embedder: says which questions are alike; one that is not cleared for these questions is not asked, and then
            only equal words are.
        label: who may see the questions: those who may see all of the copilot's documents.
        masked: masks a text with all that is known.
    """
    take_turn(connection, f"questions {copilot}")
    asked = [(one, masked(one.ask)) for one in asked_since(connection, copilot)]
    telling = [(one, text) for one, text in asked if len(words_of(text)) >= _FEWEST_WORDS]
    known = _Known(connection, copilot, embedder if embedder.clearance >= label.sensitivity else None)
    vectors = known.vectors([text for _, text in telling])
    new = 0
    for number, (one, text) in enumerate(telling):
        vector = None if vectors is None else vectors[number : number + 1]
        same = known.alike(text, vector)
        if same is None:
            known.add(_insert(connection, copilot, one, text, label), text, vector)
            new += 1
        else:
            _count(connection, same, one)
    return Proposed(new, len(telling) - new, len(asked) - len(telling))


class _Known:
    """The questions that were asked before, whatever was decided about them."""

    def __init__(self, connection: Connection, copilot: str, embedder: Embedder | None) -> None:
        self._embedder = embedder
        statement = select(eval_question.c.id, eval_question.c.ask).where(eval_question.c.copilot == copilot)
        rows = connection.execute(statement.order_by(eval_question.c.id)).all()
        self._numbers: list[int] = [row.id for row in rows]
        self._words = {tuple(words_of(row.ask)): row.id for row in rows}
        self._figures = [_figures(words_of(row.ask)) for row in rows]
        self._vectors = self.vectors([row.ask for row in rows])

    def vectors(self, texts: Sequence[str]) -> Vectors | None:
        """The vectors of texts; None: there is no embedder that may see them."""
        if self._embedder is None:
            return None
        return self._embedder.embed(texts) if texts else np.zeros((0, self._embedder.dimensions), dtype=np.float32)

    def alike(self, text: str, vector: Vectors | None) -> int | None:
        """The question that asks the same; None: none does."""
        same = self._words.get(tuple(words_of(text)))
        if same is not None or vector is None or self._vectors is None or not self._numbers:
            return same
        numbered = _figures(words_of(text))
        for row in np.argsort(-(self._vectors @ vector[0]))[:_LIKEST]:
            if self._vectors[row] @ vector[0] >= ALIKE and self._figures[row] == numbered:
                return self._numbers[row]
        return None

    def add(self, number: int, text: str, vector: Vectors | None) -> None:
        """Know a question more."""
        self._numbers.append(number)
        self._words[tuple(words_of(text))] = number
        self._figures.append(_figures(words_of(text)))
        if self._vectors is not None and vector is not None:
            self._vectors = np.concatenate([self._vectors, vector])


def _figures(words: Sequence[str]) -> frozenset[str]:
    """What holds a digit: questions about ward 3 and ward 4 lie close together, and are two."""
    return frozenset(word for word in words if any(map(str.isdigit, word)))


def _insert(connection: Connection, copilot: str, one: Asked, text: str, label: Label) -> int:
    values = {
        "copilot": copilot, "ask": text, "state": str(State.PROPOSED), "seen": 1, "unhelpful": int(not one.helpful),
        "passages": orjson.dumps(one.passages).decode(), "last_feedback": one.number, **label_values(label),
        "first_asked_at": one.at, "last_asked_at": one.at,
    }  # fmt: skip
    made = insert(eval_question).values(values).returning(eval_question.c.id)
    return int(connection.execute(made).scalar_one())


def _count(connection: Connection, number: int, one: Asked) -> None:
    """Asked once more; the words that are kept, and so their label, are the first asker's."""
    values = {
        "seen": eval_question.c.seen + 1,
        "unhelpful": eval_question.c.unhelpful + int(not one.helpful),
        "last_feedback": one.number,
        "last_asked_at": one.at,
    }
    connection.execute(update(eval_question).where(eval_question.c.id == number).values(values))
