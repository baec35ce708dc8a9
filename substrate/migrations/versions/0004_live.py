"""What is pushed to us, kept raw before it is answered, and who leads where only one may."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _inbound()
    op.create_table(
        "leadership",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("holder", sa.String(200)),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("held_until", sa.BigInteger, nullable=False),
    )


def _inbound() -> None:
    is_open = sa.text("state = 'waiting'")
    op.create_table(
        "inbound_event",
        sa.Column("id", _KEY, primary_key=True, autoincrement=True),
        sa.Column("source", sa.String(120), nullable=False),
        sa.Column("event_key", sa.String(200), nullable=False),
        sa.Column("content_type", sa.String(200), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("correlation", sa.String(64), nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("done_at", sa.BigInteger),
        sa.Column("outcome", sa.Text),
        sa.UniqueConstraint("source", "event_key", name="uq_inbound_event_source_event_key"),
    )
    op.create_index(
        "ix_inbound_event_open", "inbound_event", ["source", "id"], sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_index("ix_inbound_event_done", "inbound_event", ["state", "done_at"])
