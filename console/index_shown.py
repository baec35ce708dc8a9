"""How the state of the index is told, to people and to programs; nothing of what the documents say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text
from sqlalchemy import Connection

from console.terminal import age_text, print_table, screen
from console.workspace import Workspace
from rag.copilot import Copilot
from rag.generations import Generation, generations, size
from rag.held import held_documents
from rag.ledger import State
from rag.lock import holder_of
from substrate.clock import SECOND, isoformat, parse_duration
from substrate.freshness import collection_name, watermarks

_MENDED = {
    "vectors_restored": "vectors restored", "vectors_removed": "vectors removed", "words_restored": "words restored",
    "words_removed": "words removed", "rows_restored": "rows restored", "rows_removed": "rows removed",
}  # fmt: skip
_HELD_SHOWN = 10


def status_of(ws: Workspace, copilots: Mapping[str, Copilot]) -> dict[str, Any]:
    """How each index stands, and who owns it."""
    holder = holder_of(ws.settings.resolved_index_dir)
    now = ws.clock.now()
    with ws.database.read() as connection:
        known = watermarks(connection)
        told = [_copilot(connection, copilots[name], known, now) for name in sorted(copilots)]
    owner = None if holder is None else {"pid": holder.pid, "host": holder.host, "address": holder.address}
    return {"owner": owner, "copilots": told}


def print_status(status: dict[str, Any]) -> None:
    """The same for people."""
    columns = ("copilot", "state", "#documents", "#chunks", "up to date", "#held")
    cells = [
        (
            one["copilot"], _state(one), one["documents"], one["chunks"], _age(one), one["held_count"] or None,
        )
        for one in status["copilots"]
    ]  # fmt: skip
    empty = "There are no copilots. `plumbline index sync --from DIR --copilot NAME` makes one."
    print_table("Index", columns, cells, empty=empty)
    for one in status["copilots"]:
        _print_held(one)
    owner = status["owner"]
    if owner is not None:
        where = f", asked at {owner['address']}" if owner["address"] else ""
        screen.print(f"[dim]Process {owner['pid']} on {owner['host']} owns the index{where}.[/]", soft_wrap=True)


def print_synced(facts: Sequence[dict[str, Any]]) -> None:
    """What syncs did."""
    columns = ("copilot", "#documents", "#chunks", "#read", "#embedded", "#deleted", "#seconds")
    cells = [
        (
            one["copilot"], one["documents"], one["chunks"], one["read"], one["embedded"], one["deleted"],
            f"{one['seconds']:.1f}",
        )
        for one in facts
    ]  # fmt: skip
    print_table("Synced", columns, cells, empty="There are no copilots.")
    for one in facts:
        held = ", ".join(f"{count} {reason}" for reason, count in one["held"].items())
        if held:
            screen.print(f"[yellow]{one['copilot']}: held: {held}.[/] `plumbline index status` says more.")
        for source, why in one["failed"].items():
            screen.print(f"[red]{one['copilot']}: {source} could not be listed:[/] {why}")
        if one["state"] != State.LIVE:
            screen.print(f"[yellow]{one['copilot']}: generation {one['generation']} is {one['state']}.[/]")


def print_mended(repairs: dict[str, dict[str, int]]) -> None:
    """What was compared and mended."""
    for name, repair in repairs.items():
        done = [f"{repair[key]} {words}" for key, words in _MENDED.items() if repair.get(key)]
        said = Text("; ".join(done), style="yellow") if done else Text("nothing differed", style="green")
        screen.print(Text(f"{name}: {repair['chunks']} chunks compared, ").append_text(said))
    if not repairs:
        screen.print("[dim]Nothing is indexed yet.[/]")


def _copilot(connection: Connection, copilot: Copilot, known: Mapping[str, int], now: int) -> dict[str, Any]:
    found = generations(connection, copilot.name)
    live = next((each for each in found if each.state is State.LIVE), None)
    documents, chunks = (0, 0) if live is None else size(connection, live.id)
    held = [] if live is None else held_documents(connection, live.id)
    at = known.get(collection_name(copilot.name))
    return {
        "copilot": copilot.name, "vertical": copilot.vertical, "generation": None if live is None else live.id,
        "documents": documents, "chunks": chunks, "up_to_date_at": None if at is None else isoformat(at),
        "age_seconds": None if at is None else max(now - at, 0) / SECOND,
        "stale": at is None or now - at > parse_duration(copilot.stale_after), "held_count": len(held),
        "held": [{"source": one.source, "key": one.key, "reason": one.reason, "detail": one.detail} for one in held],
        "generations": [_generation(each) for each in found if each.state is not State.RETIRED],
    }  # fmt: skip


def _generation(each: Generation) -> dict[str, Any]:
    synced = None if each.synced_at is None else isoformat(each.synced_at)
    return {
        "generation": each.id, "state": str(each.state), "why": str(each.why), "embedder": each.embedder,
        "made_at": isoformat(each.made_at), "synced_at": synced, "gates": dict(each.gates),
    }  # fmt: skip


def _state(one: dict[str, Any]) -> Text:
    if one["generation"] is None:
        return Text("never synced", style="yellow")
    waits = [each for each in one["generations"] if each["state"] in (State.READY, State.FAILED, State.BUILDING)]
    newer = [each for each in waits if each["generation"] > one["generation"]]
    said = f"generation {one['generation']}"
    said += f"; {newer[0]['generation']} is {newer[0]['state']}" if newer else ""
    return Text(said)


def _age(one: dict[str, Any]) -> Text:
    if one["age_seconds"] is None:
        return Text("never", style="yellow")
    text = f"{age_text(round(one['age_seconds'] * SECOND))} ago"
    return Text(f"{text}, stale", style="bold red") if one["stale"] else Text(text)


def _print_held(one: dict[str, Any]) -> None:
    for held in one["held"][:_HELD_SHOWN]:
        what = f"{held['source']}/{held['key']}" if held["key"] else held["source"]
        screen.print(Text(f"  {one['copilot']}: {what}: ").append(f"{held['reason']}", style="yellow"), soft_wrap=True)
        screen.print(Text(f"    {held['detail']}", style="dim"), soft_wrap=True)
    if len(one["held"]) > _HELD_SHOWN:
        screen.print(f"[dim]  … and {len(one['held']) - _HELD_SHOWN} more; --json lists all.[/]")
