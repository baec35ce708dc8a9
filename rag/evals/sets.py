"""The sets of golden questions that runs were measured on, kept word for word.

A set from a file is kept when it is first used; a frozen set is made of approved questions (see `questions`) and has a
version. Neither is ever changed: another set of questions is another row.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, Row, String, Table, Text, insert, select

from rag.evals.covering import label_columns, label_of, label_values
from rag.evals.golden import Golden, read_golden, write_golden
from substrate.access import Caller, Label
from substrate.database import BigKey
from substrate.errors import ConflictError, NotFoundError
from substrate.schema import SYSTEM
from substrate.turns import take_turn

eval_set = Table(
    "eval_set",
    SYSTEM,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("copilot", String(120), nullable=False),
    Column("name", String(200), nullable=False),
    Column("version", Integer),
    Column("fingerprint", String(32), nullable=False),
    Column("content", Text, nullable=False),
    *label_columns(),
    Column("made_by", String(200), nullable=False),
    Column("made_at", BigInteger, nullable=False),
)
Index("uq_eval_set_version", eval_set.c.copilot, eval_set.c.version, unique=True)
Index("uq_eval_set_content", eval_set.c.copilot, eval_set.c.name, eval_set.c.fingerprint, unique=True)


@dataclass(frozen=True, slots=True)
class GoldenSet:
    """A set of golden questions as it is kept.

    Attributes:
        id: its number.
        name: the file's name, or `v3` of a frozen set.
        version: of a frozen set, from 1; None: it is from a file.
        fingerprint: of its questions; equal sets have equal ones.
        label: who may see its questions, and what was made of them.
        golden: the questions.
        made_by: who froze it, or first used the file.
        made_at: when, in microseconds since 1970 UTC.
    """

    id: int
    name: str
    version: int | None
    fingerprint: str
    label: Label
    golden: Golden
    made_by: str
    made_at: int


def fingerprint_of(golden: Golden) -> str:
    """Of the questions, whatever their file's layout: 32 hexadecimal digits."""
    return blake2b(golden.model_dump_json().encode(), digest_size=16).hexdigest()


def keep_set(connection: Connection, golden: Golden, name: str, label: Label, caller: Caller, now: int) -> GoldenSet:
    """The row of a file's questions, made if these questions were never used under that name.

    Args:
        connection: a write transaction.
        label: who may see the questions; that of a set that is kept already stays.
    """
    take_turn(connection, "golden sets")
    found = select(eval_set).where(
        eval_set.c.copilot == golden.copilot,
        eval_set.c.name == name,
        eval_set.c.fingerprint == fingerprint_of(golden),
    )
    row = connection.execute(found).one_or_none()
    return _set(row) if row is not None else _insert(connection, golden, name, label, caller, now)


def freeze_set(connection: Connection, golden: Golden, label: Label, caller: Caller, now: int) -> GoldenSet:
    """Keep questions for good, as the next version of their copilot's frozen set.

    Args:
        connection: a write transaction.

    Raises:
        ConflictError: the newest version has exactly these questions.
    """
    take_turn(connection, "golden sets")
    before = _newest(connection, golden.copilot)
    if before is not None and before.fingerprint == fingerprint_of(golden):
        hint = "Approve a question first: `plumbline eval questions list`."
        raise ConflictError(f"version {before.version} of {golden.copilot!r} has the same questions", hint=hint)
    version = 1 if before is None else before.version + 1
    return _insert(connection, golden, f"v{version}", label, caller, now, version)


def frozen_set(connection: Connection, copilot: str, caller: Caller, version: int | None = None) -> GoldenSet:
    """A frozen set by its version, or the newest.

    Raises:
        NotFoundError: there is none, or none that the caller may see.
    """
    row = _newest(connection, copilot, version)
    if row is None or not caller.may_see(label_of(row)):
        what = "no frozen questions" if version is None else f"no frozen questions of version {version}"
        raise NotFoundError(f"{copilot!r} has {what}", hint="`plumbline eval questions freeze` makes a version.")
    return _set(row)


def newest_set(connection: Connection, copilot: str) -> GoldenSet | None:
    """The newest version of a copilot's frozen questions, for what no person asks for; None: there is none."""
    row = _newest(connection, copilot)
    return None if row is None else _set(row)


def set_of(connection: Connection, number: int) -> GoldenSet:
    """A kept set by its number; whoever asks must be known to be allowed to see it."""
    return _set(connection.execute(select(eval_set).where(eval_set.c.id == number)).one())


def _newest(connection: Connection, copilot: str, version: int | None = None) -> Row[Any] | None:
    """A copilot's newest frozen set, or that of a version."""
    statement = select(eval_set).where(eval_set.c.copilot == copilot, eval_set.c.version.is_not(None))
    if version is not None:
        statement = statement.where(eval_set.c.version == version)
    return connection.execute(statement.order_by(eval_set.c.version.desc()).limit(1)).one_or_none()


def _insert(
    connection: Connection,
    golden: Golden,
    name: str,
    label: Label,
    caller: Caller,
    now: int,
    version: int | None = None,
) -> GoldenSet:
    values = {
        "copilot": golden.copilot, "name": name, "version": version, "fingerprint": fingerprint_of(golden),
        "content": write_golden(golden), **label_values(label), "made_by": caller.name, "made_at": now,
    }  # fmt: skip
    return _set(connection.execute(insert(eval_set).values(values).returning(*eval_set.c)).one())


def _set(row: Row[Any]) -> GoldenSet:
    golden = read_golden(row.content, row.name)
    return GoldenSet(row.id, row.name, row.version, row.fingerprint, label_of(row), golden, row.made_by, row.made_at)
