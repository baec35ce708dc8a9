"""`plumbline quarantine`: what was refused, why, and how it gets out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from console.answers import JSON, app
from console.terminal import age_text, print_json, print_table, screen
from console.workspace import Workspace, workspace
from substrate.clock import isoformat
from substrate.errors import ConfigurationError
from substrate.quarantine import Held, QuarantineState, held_row, held_rows
from substrate.replay import Replayed, discard, replay
from substrate.sources.configured import configured_source, speaking

commands = app("Rows that were refused: see them, send them through again, or say that they are not wanted.")

_SHOWN = ("id", "vertical", "source", "resource", "place", "line", "reason", "detail", "seen", "state")


@commands.command("list")
def list_held(
    reason: Annotated[str | None, typer.Option(help="Only rows refused for this reason.")] = None,
    resource: Annotated[str | None, typer.Option(help="Only rows of this resource, such as Encounter.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also those released, superseded and discarded.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many.")] = 50,
    as_json: JSON = False,
) -> None:
    """List refused rows, oldest first.

    Example: plumbline quarantine list --reason failed_check
    """
    with workspace() as ws, ws.database.read() as connection:
        state = None if every else QuarantineState.HELD
        rows = held_rows(connection, state=state, reason=reason, resource=resource, limit=limit)
        now = ws.clock.now()
    if as_json:
        print_json([_facts(row) for row in rows])
        return
    cells = [
        (
            row.id,
            row.resource,
            row.reason,
            row.detail,
            f"{row.place}:{row.line}",
            age_text(now - row.first_seen),
            row.state,
        )
        for row in rows
    ]
    columns = ("#id", "resource", "reason", "what is wrong", "where", "since", "state")
    print_table("In quarantine", columns, cells, empty="Nothing lies in quarantine.", spare=("state", "since"))


@commands.command()
def show(
    number: Annotated[int, typer.Argument(help="The row's number.")],
    raw: Annotated[bool, typer.Option(help="Also the row itself, which may hold protected data.")] = False,
    as_json: JSON = False,
) -> None:
    """Show one refused row; the row itself only when asked for.

    Example: plumbline quarantine show 12 --raw
    """
    with workspace() as ws, ws.database.read() as connection:
        row = held_row(connection, number)
    facts = _facts(row) | ({"raw": row.raw.decode("utf-8", "replace")} if raw else {})
    if as_json:
        print_json(facts)
        return
    for name, value in facts.items():
        screen.print(f"[dim]{name:>12}[/]  {value}", markup=True, soft_wrap=True)


@commands.command("replay")
def send_again(
    numbers: Annotated[list[int] | None, typer.Argument(help="The rows' numbers; none: all that are held.")] = None,
    corrected: Annotated[
        Path | None, typer.Option("--with", help="A JSON file with the corrected row, for one number.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Only rows refused for this reason.")] = None,
    as_json: JSON = False,
) -> None:
    """Send refused rows through the pipeline again, after a fix.

    Example: plumbline quarantine replay 12 --with fixed.json
    """
    with workspace() as ws:
        payload = _payload(corrected, numbers)
        outcomes = [_send_one(ws, row, payload) for row in _chosen(ws, numbers, reason)]
    if as_json:
        print_json([_outcome(outcome) for outcome in outcomes])
        return
    cells = [(each.id, "released" if each.released else "held", each.detail or "–") for each in outcomes]
    print_table("Sent again", ("#id", "now", "what is wrong"), cells, empty="Nothing lies in quarantine.")


@commands.command("discard")
def throw_away(
    number: Annotated[int, typer.Argument(help="The row's number.")],
    why: Annotated[str, typer.Option(help="Why it is not wanted; kept in the audit.")],
    as_json: JSON = False,
) -> None:
    """Say that a refused row is not wanted.

    Example: plumbline quarantine discard 12 --why "a test patient"
    """
    with workspace() as ws, ws.database.write() as connection:
        discard(connection, number, ws.clock.now(), ws.actor, why)
    if as_json:
        print_json({"id": number, "state": QuarantineState.DISCARDED.value})
        return
    screen.print(f"Row {number} is discarded.")


def _chosen(ws: Workspace, numbers: list[int] | None, reason: str | None) -> list[Held]:
    with ws.database.read() as connection:
        if numbers:
            return [held_row(connection, number) for number in numbers]
        return held_rows(connection, reason=reason)


def _send_one(ws: Workspace, row: Held, payload: dict[str, Any] | None) -> Replayed:
    vertical, zone = ws.vertical(row.vertical), None
    entry = configured_source(ws.settings.resolved_sources_file, row.source)
    if entry is not None and entry.vertical == row.vertical:
        vertical, zone = speaking(vertical, entry), entry.zone
    with ws.database.write() as connection:
        now = ws.clock.now()
        return replay(connection, vertical, [row.id], now, ws.actor, zone=zone, payload=payload)[0]


def _payload(path: Path | None, numbers: list[int] | None) -> dict[str, Any] | None:
    if path is None:
        return None
    if numbers is None or len(numbers) != 1:
        raise ConfigurationError("--with corrects one row", hint="Name exactly one number.")
    try:
        payload = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read as JSON: {error}") from None
    if not isinstance(payload, dict):
        raise ConfigurationError(f"{path} holds no JSON object", hint="Write one corrected row.")
    return payload


def _facts(row: Held) -> dict[str, Any]:
    facts = {name: getattr(row, name) for name in _SHOWN}
    return facts | {"first_seen": isoformat(row.first_seen), "last_seen": isoformat(row.last_seen)}


def _outcome(outcome: Replayed) -> dict[str, Any]:
    return {"id": outcome.id, "released": outcome.released, "reason": outcome.reason, "detail": outcome.detail}
