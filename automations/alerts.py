"""Alerts as rows: one row an episode, one open episode a fingerprint, and a trail that is only ever added to.

The condition's state and the workflow's flags (acknowledged, snoozed, suppressed) stand side by side: whatever people
or silences do, the row still says what is true.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

from substrate.database import BigKey
from substrate.schema import SYSTEM

LIVE = "live"
"""The timeline of what is really happening; evaluations of the past run on timelines of their own."""

CODE_DIGITS = 16
"""How many hexadecimal digits the number of an alert has."""

CODE_SHOWN = 8
"""How many of them people are shown, and type."""

_MASK = (1 << 63) - 1

alert = Table(
    "alert",
    SYSTEM,
    Column("id", BigKey, primary_key=True, autoincrement=False),
    Column("timeline", String(40), nullable=False),
    Column("fingerprint", String(32), nullable=False),
    Column("episode", Integer, nullable=False),
    Column("vertical", String(80), nullable=False),
    Column("rule_id", String(80), nullable=False),
    Column("rule_version", Integer, nullable=False),
    Column("entity_kind", String(80), nullable=False),
    Column("entity_id", BigInteger, nullable=False),
    Column("site", String(200)),
    Column("state", String(12), nullable=False),
    Column("severity", String(10), nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("pending_since", BigInteger),
    Column("fired_at", BigInteger),
    Column("recovering_since", BigInteger),
    Column("resolved_at", BigInteger),
    Column("resolve_reason", String(40)),
    Column("last_seen", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("unknown_since", BigInteger),
    Column("nodata_since", BigInteger),
    Column("missing_evaluations", Integer, nullable=False),
    Column("told_at", BigInteger),
    Column("sequence", Integer, nullable=False),
    Column("lapses_at", BigInteger),
    Column("acked_by", String(200)),
    Column("acked_at", BigInteger),
    Column("snoozed_until", BigInteger),
    Column("suppressed_by", String(200)),
    Column("labels", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    UniqueConstraint("timeline", "fingerprint", "episode"),
    Index("ix_alert_entity", "entity_kind", "entity_id"),
    Index("ix_alert_rule", "timeline", "rule_id", "entity_id"),
)

# Spelt as a literal: a database uses a partial index only where it can read the condition.
IS_OPEN = alert.c.state != literal_column("'resolved'")
_where: dict[str, Any] = {"sqlite_where": IS_OPEN, "postgresql_where": IS_OPEN}
Index("uq_alert_open", alert.c.timeline, alert.c.fingerprint, unique=True, **_where)
Index("ix_alert_open_rule", alert.c.timeline, alert.c.rule_id, **_where)

alert_event = Table(
    "alert_event",
    SYSTEM,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("alert_id", BigInteger, nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("action", String(40), nullable=False),
    Column("from_state", String(12)),
    Column("to_state", String(12), nullable=False),
    Column("rule_version", Integer, nullable=False),
    Column("reason", String(40)),
    Column("comment", Text),
    Column("evidence_digest", String(32)),
)

rule_progress = Table(
    "rule_progress",
    SYSTEM,
    Column("rule_id", String(80), primary_key=True),
    Column("timeline", String(40), primary_key=True),
    Column("evaluated_at", BigInteger),
    Column("usual_interval", BigInteger),
    Column("reminded_until", BigInteger),
    Column("revision", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("last_error", Text),
)


def fingerprint(
    vertical: str, rule_id: str, kind: str, entity_id: int, labels: Mapping[str, str | int] | None = None
) -> str:
    """What makes two detections the same problem: the rule and the entity, never its version, severity or values.

    Args:
        vertical: whose rule it is.
        rule_id: the rule.
        kind: the kind of entity.
        entity_id: the entity.
        labels: what else tells problems of one entity apart, such as the occurrence of a reminder.
    """
    parts = [
        vertical,
        rule_id,
        kind,
        str(entity_id),
        *(f"{key}={value}" for key, value in sorted((labels or {}).items())),
    ]
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def alert_key(timeline: str, mark: str, episode: int) -> int:
    """The id of an episode; two evaluators that see the same thing arrive at the same number."""
    text = f"{timeline}\x1f{mark}\x1f{episode}".encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big") & _MASK


def alert_code(alert_id: int) -> str:
    """The short code of an alert: the first eight hexadecimal digits of its number."""
    return f"{alert_id:0{CODE_DIGITS}x}"[:CODE_SHOWN]
