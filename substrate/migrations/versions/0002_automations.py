"""Rules, their versions and progress, alerts and their trail."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _rules()
    _alerts()
    _alert_indexes()
    _trail()


def _rules() -> None:
    op.create_table(
        "rule",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("vertical", sa.String(80), nullable=False),
        sa.Column("lifecycle", sa.String(12), nullable=False),
        sa.Column("active_version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "rule_version",
        sa.Column("rule_id", sa.String(80), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("spec", sa.Text, nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "rule_progress",
        sa.Column("rule_id", sa.String(80), primary_key=True),
        sa.Column("timeline", sa.String(40), primary_key=True),
        sa.Column("evaluated_at", sa.BigInteger),
        sa.Column("usual_interval", sa.BigInteger),
        sa.Column("reminded_until", sa.BigInteger),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_error", sa.Text),
    )


def _alerts() -> None:
    op.create_table(
        "alert",
        sa.Column("id", _KEY, primary_key=True, autoincrement=False),
        sa.Column("timeline", sa.String(40), nullable=False),
        sa.Column("fingerprint", sa.String(32), nullable=False),
        sa.Column("episode", sa.Integer, nullable=False),
        sa.Column("vertical", sa.String(80), nullable=False),
        sa.Column("rule_id", sa.String(80), nullable=False),
        sa.Column("rule_version", sa.Integer, nullable=False),
        sa.Column("entity_kind", sa.String(80), nullable=False),
        sa.Column("entity_id", sa.BigInteger, nullable=False),
        sa.Column("site", sa.String(200)),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("severity", sa.String(10), nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("pending_since", sa.BigInteger),
        sa.Column("fired_at", sa.BigInteger),
        sa.Column("recovering_since", sa.BigInteger),
        sa.Column("resolved_at", sa.BigInteger),
        sa.Column("resolve_reason", sa.String(40)),
        sa.Column("last_seen", sa.BigInteger, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("unknown_since", sa.BigInteger),
        sa.Column("nodata_since", sa.BigInteger),
        sa.Column("missing_evaluations", sa.Integer, nullable=False),
        sa.Column("told_at", sa.BigInteger),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("lapses_at", sa.BigInteger),
        sa.Column("acked_by", sa.String(200)),
        sa.Column("acked_at", sa.BigInteger),
        sa.Column("snoozed_until", sa.BigInteger),
        sa.Column("suppressed_by", sa.String(200)),
        sa.Column("labels", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.UniqueConstraint("timeline", "fingerprint", "episode", name="uq_alert_timeline_fingerprint_episode"),
    )


def _alert_indexes() -> None:
    is_open = sa.text("state != 'resolved'")
    partial: dict[str, Any] = {"sqlite_where": is_open, "postgresql_where": is_open}
    op.create_index("ix_alert_entity", "alert", ["entity_kind", "entity_id"])
    op.create_index("ix_alert_rule", "alert", ["timeline", "rule_id", "entity_id"])
    op.create_index("uq_alert_open", "alert", ["timeline", "fingerprint"], unique=True, **partial)
    op.create_index("ix_alert_open_rule", "alert", ["timeline", "rule_id"], **partial)


def _trail() -> None:
    op.create_table(
        "alert_event",
        sa.Column("id", _KEY, primary_key=True, autoincrement=True),
        sa.Column("alert_id", sa.BigInteger, nullable=False, index=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("from_state", sa.String(12)),
        sa.Column("to_state", sa.String(12), nullable=False),
        sa.Column("rule_version", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(40)),
        sa.Column("comment", sa.Text),
        sa.Column("evidence_digest", sa.String(32)),
    )
