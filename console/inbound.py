"""`plumbline inbound`: pushed events that wait or failed, and what a person can do with them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from console.answers import JSON, app
from console.terminal import age_text, print_json, print_table, screen
from console.workspace import workspace
from substrate.audit import AuditEvent, record_event
from substrate.errors import NotFoundError
from substrate.inbound import backlog, failed, try_again

commands = app("Events that were pushed to us: see what waits and what failed, try failed ones again.")


@commands.command("list")
def list_events(as_json: JSON = False) -> None:
    """List the newest events that failed, with the reason, and say how many wait.

    Example: plumbline inbound list
    """
    with workspace() as ws, ws.database.read() as connection:
        waiting, found, now = backlog(connection), failed(connection), ws.clock.now()
    if as_json:
        facts = {"waiting": waiting.waiting, "oldest_age": waiting.age(now), "failed": [asdict(one) for one in found]}
        print_json(facts)
        return
    cells = [(str(one.id), one.source, one.event_key, age_text(now - one.received_at), one.outcome) for one in found]
    print_table("Failed events", ("event", "source", "id of its sender", "came", "why"), cells, empty="None failed.")
    screen.print(f"{waiting.waiting} waiting.")


@commands.command()
def retry(
    numbers: Annotated[list[int] | None, typer.Argument(help="Some events; none: all that failed.")] = None,
    as_json: JSON = False,
) -> None:
    """Let failed events wait once more; the live loop takes them in.

    Example: plumbline inbound retry 4711
    """
    with workspace() as ws, ws.database.write() as connection:
        count = try_again(connection, numbers or None)
        if numbers and not count:
            raise NotFoundError("none of these events failed", hint="`plumbline inbound list` shows those that did.")
        detail = {"events": numbers or "all", "count": count}
        record_event(connection, AuditEvent(ws.clock.now(), ws.actor, "retry", "inbound", "failed", detail))
    if as_json:
        print_json({"retried": count})
    else:
        screen.print(f"{count} wait once more.")
