"""`plumbline outbox`: what was told, what was not, and why; and how what failed is sent off again."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from automations.channel_state import enable_channel
from automations.dead_letters import redrive
from automations.outbox import Delivery, Entry, list_outbox
from console.answers import JSON, app
from console.terminal import age_text, print_json, print_table, screen
from console.workspace import workspace
from substrate.clock import isoformat

commands = app("The outbox: messages that wait, were sent, are dead, or were not worth sending any more.")

_INSTANTS = ("due_at", "created_at", "sent_at", "expires_at")


@commands.command("list")
def list_messages(
    state: Annotated[Delivery | None, typer.Option(help="Only messages in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many.")] = 50,
    as_json: JSON = False,
) -> None:
    """List messages, newest first. What they say is not shown: it is in the inbox of whom it is for.

    Example: plumbline outbox list --state dead
    """
    with workspace() as ws, ws.database.read() as connection:
        entries = list_outbox(connection, state, limit)
        now = ws.clock.now()
    if as_json:
        print_json([_facts(entry) for entry in entries])
        return
    cells = [
        (
            entry.id, entry.state.value, entry.severity, entry.reason, entry.recipient, entry.channel,
            age_text(now - entry.created_at), entry.suppressed_why or entry.last_failure,
        )
        for entry in entries
    ]  # fmt: skip
    columns = ("#id", "state", "severity", "why told", "to", "by", "age", "trouble")
    print_table("Messages", columns, cells, empty="The outbox is empty.", spare=("age", "severity"))


@commands.command("redrive")
def send_off_again(
    ids: Annotated[list[int] | None, typer.Argument(help="The messages' numbers; none: all that are dead.")] = None,
    channel: Annotated[str | None, typer.Option(help="Only those of this channel.")] = None,
    as_json: JSON = False,
) -> None:
    """Make dead messages due again. They leave with the next cycle.

    Example: plumbline outbox redrive --channel smtp
    """
    with workspace() as ws, ws.database.write() as connection:
        count = redrive(connection, ws.clock.now(), ws.actor, ids, channel=channel)
    if as_json:
        print_json({"redriven": count})
        return
    screen.print(f"{count} messages are due again.")


@commands.command("enable")
def put_back(channel: Annotated[str, typer.Argument(help="The channel's name.")], as_json: JSON = False) -> None:
    """Put a channel back into use that was taken out of it because its credentials were refused.

    Example: plumbline outbox enable smtp
    """
    with workspace() as ws, ws.database.write() as connection:
        count = enable_channel(connection, channel, ws.clock.now(), ws.actor)
    if as_json:
        print_json({"channel": channel, "due": count})
        return
    screen.print(f"{channel} is in use again; {count} messages that waited for it are due.")


def _facts(entry: Entry) -> dict[str, Any]:
    facts = {name: getattr(entry, name) for name in entry.__dataclass_fields__}
    instants = {name: isoformat(facts[name]) if facts[name] is not None else None for name in _INSTANTS}
    return facts | instants | {"alert_id": None if entry.alert_id is None else str(entry.alert_id)}
