"""Which channels are out of use, since when and why: a wrong password is not tried a thousand times."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Connection, String, Table, Text, bindparam, delete, or_, select, update

from automations.channels.channel import Failure
from automations.outbox import Delivery, outbox
from substrate.audit import AuditEvent, record_event
from substrate.bulk import append
from substrate.errors import NotFoundError
from substrate.schema import SYSTEM

channel_state = Table(
    "channel_state",
    SYSTEM,
    Column("channel", String(40), primary_key=True),
    Column("endpoint", String(500), primary_key=True),
    Column("disabled_at", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Disabled:
    """One channel, or one address of it, that is out of use.

    Attributes:
        endpoint: the address; empty: the whole channel.
        at: since when.
        why: fit for people's eyes and for logs.
    """

    channel: str
    endpoint: str
    at: int
    why: str


_OUT_OF_USE = select(channel_state.c.channel).where(
    channel_state.c.channel == bindparam("the_channel"),
    or_(channel_state.c.endpoint == "", channel_state.c.endpoint == bindparam("the_endpoint")),
)


def disabled_channels(connection: Connection) -> list[Disabled]:
    """What is out of use now."""
    table = channel_state
    rows = connection.execute(select(table).order_by(table.c.channel, table.c.endpoint))
    return [Disabled(row.channel, row.endpoint, row.disabled_at, row.why) for row in rows]


def disable_channel(connection: Connection, found: Disabled, by: str) -> bool:
    """Put a channel, or one address of it, out of use; False: it was already, and the first reason stays."""
    columns = ("channel", "endpoint", "disabled_at", "why")
    row = (found.channel, found.endpoint, found.at, found.why)
    if not append(connection, channel_state, columns, [row], new_only=True):
        return False
    detail = {"endpoint": found.endpoint, "why": found.why}
    record_event(connection, AuditEvent(found.at, by, "disable", "channel", found.channel, detail))
    return True


def is_disabled(connection: Connection, channel: str, endpoint: str) -> bool:
    """Whether a channel, or this address of it, is out of use."""
    return connection.execute(_OUT_OF_USE, {"the_channel": channel, "the_endpoint": endpoint}).first() is not None


def enable_channel(connection: Connection, channel: str, at: int, by: str) -> int:
    """Put a channel back into use with all its addresses, and make due what waited for it; says how much that is.

    Raises:
        NotFoundError: it is not out of use.
    """
    if not connection.execute(delete(channel_state).where(channel_state.c.channel == channel)).rowcount:
        hint = "`plumbline doctor` shows which channels are."
        raise NotFoundError(f"channel {channel!r} is not out of use", hint=hint)
    waiting = (outbox.c.channel == channel, outbox.c.state == str(Delivery.WAITING))
    held = outbox.c.last_failure == str(Failure.AUTH)
    due = connection.execute(update(outbox).where(*waiting, held).values(due_at=at, changed_at=at)).rowcount
    record_event(connection, AuditEvent(at, by, "enable", "channel", channel, {"messages": due}))
    return due
