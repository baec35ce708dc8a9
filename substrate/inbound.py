"""What is pushed to us: kept raw, under the sender's own key, before the sender is told that we have it.

A row waits until its records, alerts and messages are committed in one transaction with its end. The same event pushed
twice is one row, whatever it came with the second time.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from substrate.database import BigKey
from substrate.schema import SYSTEM


class Inbound(StrEnum):
    """Where a pushed event stands."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"  # it cannot be taken in; `outcome` says why, and it can be tried again


inbound_event = Table(
    "inbound_event",
    SYSTEM,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("source", String(120), nullable=False),
    Column("event_key", String(200), nullable=False),
    Column("content_type", String(200), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("correlation", String(64), nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("done_at", BigInteger),
    Column("outcome", Text),
    UniqueConstraint("source", "event_key", name="uq_inbound_event_source_event_key"),
)

# Spelt as text: a database uses a partial index only where it can read the condition.
IS_WAITING = text("state = 'waiting'")
Index(
    "ix_inbound_event_open",
    inbound_event.c.source,
    inbound_event.c.id,
    sqlite_where=IS_WAITING,
    postgresql_where=IS_WAITING,
)
Index("ix_inbound_event_done", inbound_event.c.state, inbound_event.c.done_at)
