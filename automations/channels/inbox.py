"""The inbox: messages that people read in Plumbline itself; it is always there, and never leaves the database."""

from __future__ import annotations

import orjson
from sqlalchemy import BigInteger, Column, Connection, Index, String, Table, Text, bindparam, select, update
from sqlalchemy.exc import DataError, DBAPIError

from automations.channels.channel import Channel, Failure, Refused, Rendered, Retry, Sent
from substrate.bulk import append
from substrate.clock import Clock, SystemClock
from substrate.columns import Sensitivity
from substrate.database import BigKey, Database
from substrate.errors import DatabaseError
from substrate.schema import SYSTEM
from substrate.settings import Settings

inbox_message = Table(
    "inbox_message",
    SYSTEM,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("delivery_key", String(200), nullable=False, unique=True),
    Column("recipient", String(200), nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text),
    Column("body", Text, nullable=False),
    Column("severity", String(10), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("read_at", BigInteger),
    Index("ix_inbox_message_recipient_id", "recipient", "id"),
)

_COLUMNS = (
    "delivery_key", "recipient", "subject", "text", "html", "body", "severity", "reason", "created_at", "received_at",
)  # fmt: skip


class Inbox:
    """A table that the console shows to its reader; the same key twice leaves one row, the first."""

    name = "inbox"
    clearance = Sensitivity.PHI
    idempotent = True
    shared = True

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()

    def send(self, message: Rendered, key: str) -> Sent | Retry | Refused:
        """Keep the message, in a transaction of its own."""
        try:
            with self._database.write() as connection:
                return self.keep(connection, message, key)
        except DatabaseError:
            return _UNREACHABLE

    def keep(self, connection: Connection, message: Rendered, key: str) -> Sent | Retry | Refused:
        """Keep the message in the caller's transaction."""
        row = (
            key, message.recipient, message.subject, message.text, message.html,
            orjson.dumps(message.body, option=orjson.OPT_SORT_KEYS).decode(),
            message.severity, message.reason, message.created_at, self._clock.now(),
        )  # fmt: skip
        try:
            with connection.begin_nested():
                append(connection, inbox_message, _COLUMNS, [row], new_only=True)
                number = connection.scalars(_NUMBER, {"key": key}).one()
        except DataError:
            return Refused(Failure.CLIENT, "the message holds characters that the database cannot keep")
        except DBAPIError:
            return _UNREACHABLE
        return Sent(f"inbox:{number}")


_UNREACHABLE = Retry(Failure.NETWORK, "the database could not be written to")
_NUMBER = select(inbox_message.c.id).where(inbox_message.c.delivery_key == bindparam("key"))


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
    return list(connection.scalars(select(table.c.id).where(*where).order_by(table.c.id.desc())))
