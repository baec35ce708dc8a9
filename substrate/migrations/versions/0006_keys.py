"""Keys of programs that ask, and what was said of the answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"
branch_labels: str | None = None
depends_on: str | None = None

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _keys()
    _feedback()


def _keys() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(12), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("role", sa.String(80), nullable=False),
        sa.Column("clearance", sa.String(10), nullable=False),
        sa.Column("sites", sa.Text),
        sa.Column("verticals", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
        sa.Column("last_used_at", sa.BigInteger),
    )
    held = sa.text("revoked_at IS NULL")
    op.create_index("uq_api_key_name", "api_key", ["name"], unique=True, sqlite_where=held, postgresql_where=held)


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
