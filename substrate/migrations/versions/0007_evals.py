"""What people say of answers, the questions they asked until frozen, and golden runs with their ground."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _feedback()
    _sets()
    _runs()
    _questions()


def _feedback() -> None:
    op.create_table(
        "rag_feedback",
        sa.Column("id", _KEY, primary_key=True, autoincrement=True),
        sa.Column("copilot", sa.String(120), nullable=False),
        sa.Column("generation", sa.BigInteger),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("helpful", sa.Boolean, nullable=False),
        sa.Column("comment", sa.Text),
        sa.Column("chunks", sa.Text, nullable=False),
        sa.Column("role", sa.String(80), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_rag_feedback_copilot_at", "rag_feedback", ["copilot", "at"])


def _label() -> list[sa.Column[Any]]:
    return [
        sa.Column("sensitivity", sa.Integer, nullable=False),
        sa.Column("site", sa.String(200)),
        sa.Column("roles", sa.Text, nullable=False),
    ]


def _sets() -> None:
    op.create_table(
        "eval_set",
        sa.Column("id", _KEY, primary_key=True, autoincrement=True),
        sa.Column("copilot", sa.String(120), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("version", sa.Integer),
        sa.Column("fingerprint", sa.String(32), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        *_label(),
        sa.Column("made_by", sa.String(200), nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
    )
    op.create_index("uq_eval_set_version", "eval_set", ["copilot", "version"], unique=True)
    op.create_index("uq_eval_set_content", "eval_set", ["copilot", "name", "fingerprint"], unique=True)


def _runs() -> None:
    op.create_table(
        "eval_run",
        sa.Column("id", _KEY, primary_key=True, autoincrement=True),
        sa.Column("copilot", sa.String(120), nullable=False),
        sa.Column("set_id", sa.BigInteger, sa.ForeignKey("eval_set.id"), nullable=False),
        sa.Column("generation", sa.BigInteger),
        sa.Column("corpus_fingerprint", sa.String(64), nullable=False),
        sa.Column("recipe_fingerprint", sa.String(64), nullable=False),
        sa.Column("embedder", sa.Text, nullable=False),
        sa.Column("legs", sa.Text, nullable=False),
        sa.Column("code_version", sa.String(40), nullable=False),
        *_label(),
        sa.Column("asked_by", sa.String(200), nullable=False),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_eval_run_copilot", "eval_run", ["copilot", "id"])
    op.create_table(
        "eval_result",
        sa.Column("run_id", sa.BigInteger, sa.ForeignKey("eval_run.id"), primary_key=True),
        sa.Column("question", sa.String(80), primary_key=True),
        sa.Column("slices", sa.Text, nullable=False),
        sa.Column("ranks", sa.Text, nullable=False),
        sa.Column("unanswerable", sa.Boolean, nullable=False),
        sa.Column("declined", sa.Boolean),
        sa.Column("lost", sa.Text, nullable=False),
        sa.Column("took", sa.BigInteger, nullable=False),
    )


def _questions() -> None:
    op.create_table(
        "eval_question",
        sa.Column("id", _KEY, primary_key=True, autoincrement=True),
        sa.Column("copilot", sa.String(120), nullable=False),
        sa.Column("ask", sa.Text, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("seen", sa.Integer, nullable=False),
        sa.Column("unhelpful", sa.Integer, nullable=False),
        sa.Column("passages", sa.Text, nullable=False),
        sa.Column("last_feedback", sa.BigInteger, nullable=False),
        *_label(),
        sa.Column("golden", sa.Text),
        sa.Column("first_asked_at", sa.BigInteger, nullable=False),
        sa.Column("last_asked_at", sa.BigInteger, nullable=False),
        sa.Column("decided_by", sa.String(200)),
        sa.Column("decided_at", sa.BigInteger),
        sa.Column("why", sa.Text),
    )
    op.create_index("ix_eval_question_copilot", "eval_question", ["copilot", "state"])
