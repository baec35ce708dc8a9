"""Who did what to which thing, and when: appended, never changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import BigInteger, Column, Connection, Index, String, Table, Text, insert, select

from substrate.database import BigKey
from substrate.schema import SYSTEM

audit_event = Table(
    "audit_event",
    SYSTEM,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("action", String(80), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("subject_id", String(200), nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_audit_event_subject", "subject", "subject_id"),
)


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One deed.

    Attributes:
        at: when, in microseconds since 1970 UTC.
        actor: the person or program, `cli:anna`.
        action: the verb, `release`.
        subject: the kind of thing, `quarantine`.
        subject_id: which one.
        detail: more, JSON-able; never a protected value.
    """

    at: int
    actor: str
    action: str
    subject: str
    subject_id: str
    detail: dict[str, Any] = field(default_factory=dict)


def record_event(connection: Connection, event: AuditEvent) -> None:
    """Append an event in the transaction of the deed itself."""
    connection.execute(
        insert(audit_event).values(
            at=event.at,
            actor=event.actor,
            action=event.action,
            subject=event.subject,
            subject_id=event.subject_id,
            detail=orjson.dumps(event.detail).decode(),
        )
    )


def events_of(connection: Connection, subject: str, subject_id: str) -> list[AuditEvent]:
    """What was done to one thing, oldest first."""
    table = audit_event
    rows = connection.execute(
        select(table).where(table.c.subject == subject, table.c.subject_id == subject_id).order_by(table.c.id)
    )
    return [
        AuditEvent(row.at, row.actor, row.action, row.subject, row.subject_id, orjson.loads(row.detail)) for row in rows
    ]
