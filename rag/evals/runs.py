"""Runs of golden questions, kept for good with what they were measured on, so that any two can be compared later.

A result holds a question's id and ranks, and nothing that a passage says. What the question says stands in its set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Row,
    Select,
    String,
    Table,
    Text,
    insert,
    select,
)

from rag.evals.covering import covering, label_columns, label_of, label_values
from rag.evals.judging import Judged
from rag.evals.places import LostReason
from rag.evals.sets import GoldenSet, eval_set, set_of
from substrate.access import Caller, Label
from substrate.bulk import append
from substrate.database import BigKey
from substrate.errors import NotFoundError
from substrate.schema import SYSTEM

eval_run = Table(
    "eval_run",
    SYSTEM,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("copilot", String(120), nullable=False),
    Column("set_id", BigInteger, ForeignKey("eval_set.id"), nullable=False),
    Column("generation", BigInteger),
    Column("corpus_fingerprint", String(64), nullable=False),
    Column("recipe_fingerprint", String(64), nullable=False),
    Column("embedder", Text, nullable=False),
    Column("legs", Text, nullable=False),
    Column("code_version", String(40), nullable=False),
    *label_columns(),
    Column("asked_by", String(200), nullable=False),
    Column("asked_at", BigInteger, nullable=False),
)
Index("ix_eval_run_copilot", eval_run.c.copilot, eval_run.c.id)

eval_result = Table(
    "eval_result",
    SYSTEM,
    Column("run_id", BigInteger, ForeignKey("eval_run.id"), primary_key=True),
    Column("question", String(80), primary_key=True),
    Column("slices", Text, nullable=False),
    Column("ranks", Text, nullable=False),
    Column("unanswerable", Boolean, nullable=False),
    Column("declined", Boolean),
    Column("lost", Text, nullable=False),
    Column("took", BigInteger, nullable=False),
)
_RESULT = tuple(column.name for column in eval_result.columns)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run was measured on.

    Attributes:
        generation: of the index; None: what was asked has no generations.
        corpus: fingerprint of all that the index holds; equal corpora have equal ones.
        recipe: fingerprint of how documents become chunks and vectors.
        embedder: the embedder's fingerprint.
        legs: what took part in the search: `dense`, `lexical`, `expansion`.
        code_version: the version of Plumbline.
    """

    generation: int | None
    corpus: str
    recipe: str
    embedder: str
    legs: tuple[str, ...]
    code_version: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of putting a set to a search.

    Attributes:
        measured: what it was measured on.
        label: who may see all that the copilot knows, and so what its questions and results may be shown to.
        judged: every question's outcome.
    """

    measured: Measured
    label: Label
    judged: list[Judged]


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it is kept, without its results.

    Attributes:
        id: its number.
        copilot: whose index was asked.
        set_id: the number of the golden set.
        set_name: what people call that: a file's name, `v3`.
        measured: what it was measured on.
        label: who may see it.
        asked_by: who ran it.
        asked_at: when, in microseconds since 1970 UTC.
    """

    id: int
    copilot: str
    set_id: int
    set_name: str
    measured: Measured
    label: Label
    asked_by: str
    asked_at: int


def keep_run(connection: Connection, golden: GoldenSet, trial: Trial, caller: Caller, now: int) -> int:
    """Keep a run with its results, and return its number.

    Args:
        connection: a write transaction.
        golden: the kept set.
        trial: what came of it; the run may be seen by those who may see both this and the set.
        caller: who ran it.
        now: when it began.
    """
    measured = trial.measured
    row = {
        "copilot": golden.golden.copilot, "set_id": golden.id, "generation": measured.generation,
        "corpus_fingerprint": measured.corpus, "recipe_fingerprint": measured.recipe, "embedder": measured.embedder,
        "legs": _listed(measured.legs), "code_version": measured.code_version,
        **label_values(covering([golden.label, trial.label])), "asked_by": caller.name, "asked_at": now,
    }  # fmt: skip
    number = int(connection.execute(insert(eval_run).values(row).returning(eval_run.c.id)).scalar_one())
    append(connection, eval_result, _RESULT, [_result(number, one) for one in trial.judged])
    return number


def list_runs(connection: Connection, caller: Caller, copilot: str | None = None, limit: int = 50) -> list[Run]:
    """The newest runs that somebody may see, the newest first."""
    statement = _runs().order_by(eval_run.c.id.desc())
    if copilot is not None:
        statement = statement.where(eval_run.c.copilot == copilot)
    seen = (row for row in connection.execute(statement) if caller.may_see(label_of(row)))
    return [_run(row) for row, _ in zip(seen, range(limit), strict=False)]


def run_of(connection: Connection, number: int, caller: Caller) -> tuple[Run, list[Judged], GoldenSet]:
    """A run by its number, its results in the set's order, and the set.

    Raises:
        NotFoundError: there is none, or none that the caller may see.
    """
    row = connection.execute(_runs().where(eval_run.c.id == number)).one_or_none()
    if row is None or not caller.may_see(label_of(row)):
        raise NotFoundError(f"there is no run {number}", hint="`plumbline eval runs` lists them.")
    golden = set_of(connection, row.set_id)
    return _run(row), _results(connection, number, golden), golden


def kept_results(connection: Connection, golden: GoldenSet, generation: int) -> list[Judged] | None:
    """What a generation's newest run over a set found, for what works without anybody asking; None: there is none."""
    wanted = (eval_run.c.set_id == golden.id, eval_run.c.generation == generation)
    number = connection.scalar(select(eval_run.c.id).where(*wanted).order_by(eval_run.c.id.desc()).limit(1))
    return None if number is None else _results(connection, number, golden)


def _results(connection: Connection, number: int, golden: GoldenSet) -> list[Judged]:
    order = {question.id: place for place, question in enumerate(golden.golden.questions)}
    rows = connection.execute(select(eval_result).where(eval_result.c.run_id == number))
    return sorted(map(_judged, rows), key=lambda one: order[one.question])


def _runs() -> Select[Any]:
    return select(eval_run, eval_set.c.name.label("set_name")).join(eval_set, eval_set.c.id == eval_run.c.set_id)


def _run(row: Row[Any]) -> Run:
    measured = Measured(
        row.generation, row.corpus_fingerprint, row.recipe_fingerprint, row.embedder, tuple(orjson.loads(row.legs)),
        row.code_version,
    )  # fmt: skip
    return Run(row.id, row.copilot, row.set_id, row.set_name, measured, label_of(row), row.asked_by, row.asked_at)


def _result(number: int, one: Judged) -> tuple[Any, ...]:
    lost = _listed([str(reason) for reason in one.lost])
    return (
        number, one.question, _listed(one.slices), _listed(one.ranks), one.unanswerable, one.declined, lost, one.took,
    )  # fmt: skip


def _judged(row: Row[Any]) -> Judged:
    lost = tuple(LostReason(reason) for reason in orjson.loads(row.lost))
    slices, ranks = tuple(orjson.loads(row.slices)), tuple(orjson.loads(row.ranks))
    return Judged(row.question, slices, ranks, row.unanswerable, row.declined, lost, row.took)


def _listed(values: Sequence[Any]) -> str:
    return orjson.dumps(list(values)).decode()
