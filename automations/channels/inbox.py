"""The inbox: messages that people read in Plumbline itself; it is always there, and never leaves the database."""

from __future__ import annotations

import orjson
from sqlalchemy import BigInteger, Column, Connection, Index, String, Table, Text, select, update
from sqlalchemy.exc import OperationalError

from automations.channels.channel import Channel, Failure, Refused, Rendered, Retry, Sent
from substrate.bulk import append
from substrate.columns import Sensitivity
from substrate.database import BigKey, Database
from substrate.errors import DatabaseError
from substrate.schema import SYSTEM
from substrate.settings import Settings

inbox_message = Table(
    "inbox_message",
    SYSTEM,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("delivery_key", String(32), nullable=False, unique=True),
    Column("recipient", String(120), nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("severity", String(10), nullable=False),
    Column("reason", String(20), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("read_at", BigInteger),
    Index("ix_inbox_message_recipient", "recipient", "at"),
)

_COLUMNS = ("delivery_key", "recipient", "subject", "text", "body", "severity", "reason", "at")


class Inbox:
    """A table that the console shows to its reader."""

    name = "inbox"
    clearance = Sensitivity.PHI
    idempotent = True
    shared = True

    def __init__(self, database: Database) -> None:
        self._database = database

    def send(self, message: Rendered, key: str) -> Sent | Retry | Refused:
        """Keep the message, once a key."""
        row = (
            key, message.recipient, message.subject, message.text, orjson.dumps(message.body).decode(),
            message.severity, message.reason, message.created_at,
        )  # fmt: skip
        try:
            with self._database.write() as connection:
                append(connection, inbox_message, _COLUMNS, [row], new_only=True)
        except (OperationalError, DatabaseError):
            return Retry(Failure.NETWORK, "the database could not be written to")
        return Sent(None)


def opened(_settings: Settings, database: Database) -> Channel | None:
    """The inbox; it is always there."""
    return Inbox(database)


def mark_read(connection: Connection, message_id: int, recipient: str, now: int) -> bool:
    """Note that a recipient has read a message of theirs; False: it is not theirs, or was read before."""
    table = inbox_message
    where = (table.c.id == message_id, table.c.recipient == recipient, table.c.read_at.is_(None))
    return connection.execute(update(table).where(*where).values(read_at=now)).rowcount == 1


def unread(connection: Connection, recipient: str) -> list[int]:
    """The ids of a recipient's unread messages, newest first."""
    table = inbox_message
    where = (table.c.recipient == recipient, table.c.read_at.is_(None))
    return list(connection.scalars(select(table.c.id).where(*where).order_by(table.c.at.desc(), table.c.id.desc())))
