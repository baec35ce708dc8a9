"""The copilots' index: what it must hold, and the vectors of every text."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _copilots()
    _documents()
    _chunks()
    _followers()


def _copilots() -> None:
    op.create_table(
        "rag_copilot",
        sa.Column("name", sa.String(80), primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("live", sa.BigInteger),
        sa.Column("previous", sa.BigInteger),
        sa.Column("flipped_at", sa.BigInteger),
    )
    op.create_table(
        "rag_generation",
        sa.Column("id", _KEY, primary_key=True, autoincrement=True),
        sa.Column("copilot", sa.String(80), nullable=False),
        sa.Column("token", sa.String(16), nullable=False),
        sa.Column("recipe", sa.String(32), nullable=False),
        sa.Column("embedder", sa.Text, nullable=False),
        sa.Column("dimensions", sa.Integer, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("why", sa.String(20), nullable=False),
        sa.Column("gates", sa.Text),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("synced_at", sa.BigInteger),
        sa.Column("settled_at", sa.BigInteger),
        sa.UniqueConstraint("token", name="uq_rag_generation_token"),
    )
    op.create_index("ix_rag_generation_copilot", "rag_generation", ["copilot"])
    op.create_table(
        "rag_source",
        sa.Column("generation", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("source", sa.String(120), primary_key=True),
        sa.Column("checked_at", sa.BigInteger),
    )


def _documents() -> None:
    op.create_table(
        "rag_label",
        sa.Column("id", _KEY, primary_key=True, autoincrement=True),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("sensitivity", sa.Integer, nullable=False),
        sa.Column("site", sa.Text),
        sa.Column("roles", sa.Text, nullable=False),
        sa.UniqueConstraint("digest", name="uq_rag_label_digest"),
    )
    op.create_table(
        "rag_document",
        sa.Column("id", _KEY, primary_key=True, autoincrement=True),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.Column("identity", sa.String(32), nullable=False),
        sa.Column("source", sa.String(120), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("stamp", sa.String(32), nullable=False),
        sa.Column("text_hash", sa.String(32), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("kind", sa.String(120), nullable=False),
        sa.Column("label", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("changed_at", sa.BigInteger),
        sa.Column("checked_at", sa.BigInteger, nullable=False),
        sa.Column("entity_kind", sa.String(120)),
        sa.Column("entity_id", sa.BigInteger),
        sa.Column("link", sa.Text),
        sa.Column("chunks", sa.Integer, nullable=False),
        sa.Column("held", sa.Boolean, nullable=False),
        sa.Column("gone_at", sa.BigInteger),
        sa.UniqueConstraint("generation", "identity", name="uq_rag_document_generation_identity"),
    )
    op.create_index("ix_rag_document_source", "rag_document", ["generation", "source"])
    op.create_table(
        "rag_held",
        sa.Column("generation", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("identity", sa.String(32), primary_key=True),
        sa.Column("source", sa.String(120), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("stamp", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
    )


def _chunks() -> None:
    op.create_table(
        "rag_chunk",
        sa.Column("id", _KEY, primary_key=True, autoincrement=True),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.Column("chunk", sa.String(32), nullable=False),
        sa.Column("document", sa.BigInteger, nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("headings", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("vector", sa.String(32), nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("gone_at", sa.BigInteger),
        sa.UniqueConstraint("generation", "chunk", name="uq_rag_chunk_generation_chunk"),
    )
    op.create_index("ix_rag_chunk_document", "rag_chunk", ["document"])
    op.create_index("ix_rag_chunk_vector", "rag_chunk", ["vector"])
    op.create_index("ix_rag_chunk_sequence", "rag_chunk", ["generation", "sequence"])
    op.create_table(
        "rag_vector",
        sa.Column("digest", sa.String(32), primary_key=True),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.Column("states", sa.LargeBinary),
    )


def _followers() -> None:
    op.create_table(
        "rag_projection",
        sa.Column("follower", sa.String(80), primary_key=True),
        sa.Column("generation", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
