"""Messages on their way, channels that are switched off, and the inbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _outbox()
    _outbox_indexes()
    _channels()
    _inbox()


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", _KEY, primary_key=True, autoincrement=True),
        sa.Column("delivery_key", sa.String(32), nullable=False),
        sa.Column("timeline", sa.String(40), nullable=False),
        sa.Column("alert_id", sa.BigInteger),
        sa.Column("fingerprint", sa.String(32), nullable=False),
        sa.Column("episode", sa.Integer, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("recipient", sa.String(120), nullable=False),
        sa.Column("recipient_name", sa.String(200), nullable=False),
        sa.Column("language", sa.String(20)),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("address", sa.Text),
        sa.Column("clearance", sa.Integer),
        sa.Column("fallbacks", sa.Text, nullable=False),
        sa.Column("fallback_of", sa.BigInteger),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("severity", sa.String(10), nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("template", sa.String(80)),
        sa.Column("context", sa.Text, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("suppressed_why", sa.String(40)),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("lease_token", sa.String(80)),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("begun_at", sa.BigInteger),
        sa.Column("uncertain", sa.Boolean, nullable=False),
        sa.Column("provider_id", sa.String(300)),
        sa.Column("last_failure", sa.String(20)),
        sa.Column("last_response", sa.Text),
        sa.Column("maybe_duplicate", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("sent_at", sa.BigInteger),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("redriven", sa.Integer, nullable=False),
        sa.UniqueConstraint("delivery_key", name="uq_outbox_delivery_key"),
    )


def _outbox_indexes() -> None:
    is_open = sa.text("state IN ('waiting', 'sending')")
    op.create_index("ix_outbox_alert_id", "outbox", ["alert_id"])
    op.create_index("ix_outbox_state", "outbox", ["state", "channel"])
    op.create_index(
        "ix_outbox_due", "outbox", ["timeline", "rank", "due_at"], sqlite_where=is_open, postgresql_where=is_open
    )


def _channels() -> None:
    op.create_table(
        "channel_state",
        sa.Column("channel", sa.String(40), primary_key=True),
        sa.Column("endpoint", sa.String(500), primary_key=True),
        sa.Column("disabled_at", sa.BigInteger, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
    )


def _inbox() -> None:
    op.create_table(
        "inbox_message",
        sa.Column("id", _KEY, primary_key=True, autoincrement=True),
        sa.Column("delivery_key", sa.String(200), nullable=False),
        sa.Column("recipient", sa.String(200), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("html", sa.Text),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("severity", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("read_at", sa.BigInteger),
        sa.UniqueConstraint("delivery_key", name="uq_inbox_message_delivery_key"),
    )
    op.create_index("ix_inbox_message_recipient_id", "inbox_message", ["recipient", "id"])
