"""Ingest, quarantine, freshness, audit and the state of features."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _intake()
    _quarantine()
    _knowledge()


def _intake() -> None:
    op.create_table(
        "ingest_counter",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("batch", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "source_cursor",
        sa.Column("source", sa.String(120), primary_key=True),
        sa.Column("recipe", sa.Text, nullable=False),
        sa.Column("cursor", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "bulk_seen",
        sa.Column("source", sa.String(120), primary_key=True),
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    )
    op.create_table(
        "record_alias",
        sa.Column("stand_in", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("record_id", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "alias_wanted",
        sa.Column("stand_in", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(60), nullable=False),
    )


def _quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("id", _KEY, primary_key=True, autoincrement=True),
        sa.Column("vertical", sa.String(60), nullable=False),
        sa.Column("source", sa.String(120), nullable=False),
        sa.Column("resource", sa.String(120), nullable=False),
        sa.Column("source_key", sa.String(300)),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("payload", sa.LargeBinary),
        sa.Column("digest", sa.BigInteger, nullable=False),
        sa.Column("first_seen", sa.BigInteger, nullable=False),
        sa.Column("last_seen", sa.BigInteger, nullable=False),
        sa.Column("seen", sa.Integer, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.UniqueConstraint("source", "digest", name="uq_quarantine_source_digest"),
    )
    op.create_index("ix_quarantine_place", "quarantine", ["source", "place", "state"])
    op.create_index("ix_quarantine_source_key", "quarantine", ["source", "resource", "source_key"])


def _knowledge() -> None:
    op.create_table(
        "feature_state",
        sa.Column("view", sa.String(120), primary_key=True),
        sa.Column("timeline", sa.String(40), primary_key=True),
        sa.Column("as_of", sa.BigInteger, nullable=False),
        sa.Column("batch", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
    )
    op.create_table(
        "watermark",
        sa.Column("name", sa.String(120), primary_key=True),
        sa.Column("source", sa.String(120), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "audit_event",
        sa.Column("id", _KEY, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("action", sa.String(80), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("subject_id", sa.String(200), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("ix_audit_event_subject", "audit_event", ["subject", "subject_id"])
