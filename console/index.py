"""`plumbline index`: what copilots answer from: bring it up to date, see how it stands, mend it, go back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress as Bars

from console.answers import JSON, app
from console.exits import ATTENTION
from console.index_shown import print_mended, print_status, print_synced, status_of
from console.keeper import keeper
from console.terminal import bars, print_json, screen
from console.workspace import Workspace, workspace
from flows.indexing import copilots_of, is_whole, sync_copilot
from rag.copilot import Copilot
from rag.copilot_files import copilot_named, make_copilot, unmake_copilot
from rag.embedders.chosen import open_embedder
from rag.generations import generation, generations, rollback
from rag.ledger import State
from rag.sync import Progress, SyncReport
from rag.upkeep import forget_copilot
from substrate.audit import AuditEvent, record_event
from substrate.errors import ConfigurationError, ConflictError, NotFoundError

commands = app("The index: what copilots answer from. Bring it up to date, see how it stands, mend it, go back.")

COPILOT = Annotated[str, typer.Argument(help="The copilot's name.")]


@commands.command("status")
def show_status(as_json: JSON = False) -> None:
    """Show each copilot's index: what it holds, how old that is, and what is held back.

    Example: plumbline index status
    """
    with workspace() as ws:
        status = status_of(ws, copilots_of(ws))
    if as_json:
        print_json(status)
        return
    print_status(status)


@commands.command("sync")
def sync_index(
    folder: Annotated[
        Path | None, typer.Option("--from", metavar="DIR", help="A folder of documents; --copilot is then made of it.")
    ] = None,
    copilot: Annotated[str | None, typer.Option(help="Which copilot; none: all of them.")] = None,
    allow_mass_delete: Annotated[
        bool, typer.Option("--allow-mass-delete", help="Let any number of documents go, this once.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """Bring the index up to date: only what changed is read, and only new text is embedded. Safe to interrupt.

    If a source could not be listed, or a person must look, the exit code is 1.

    Example: plumbline index sync --from ./handbook --copilot handbook --json
    """
    with workspace() as ws:
        chosen = _chosen(ws, folder, copilot)
        with _progress(shown=not as_json) as tell:
            embedder = open_embedder(ws.settings)
            reports = [
                sync_copilot(ws, one, embedder, tell(one.name), allow_mass_delete=allow_mass_delete) for one in chosen
            ]
        with keeper(ws, embedder) as kept:
            kept.follow()
        facts = [_facts(ws, report) for report in reports]
    if as_json:
        print_json(facts[0] if copilot is not None else facts)
    else:
        print_synced(facts)
    if not all(one["whole"] for one in facts):
        raise typer.Exit(ATTENTION)


@commands.command("verify")
def verify_index(
    deep: Annotated[bool, typer.Option("--deep", help="Compare the vectors' numbers too.")] = False,
    as_json: JSON = False,
) -> None:
    """Compare what is searched with what the database says it must be, and mend what differs.

    If something had to be mended, the exit code is 1.

    Example: plumbline index verify --deep
    """
    with workspace() as ws, keeper(ws) as kept:
        repairs = kept.verify(deep=deep)
    if as_json:
        print_json(repairs)
    else:
        print_mended(repairs)
    if any(count for repair in repairs.values() for name, count in repair.items() if name != "chunks"):
        raise typer.Exit(ATTENTION)


@commands.command("promote")
def promote_generation(
    copilot: COPILOT,
    number: Annotated[int | None, typer.Option("--generation", help="Which one; none: the newest that waits.")] = None,
    insist: Annotated[bool, typer.Option("--insist", help="Let it answer whatever the gates say.")] = False,
    as_json: JSON = False,
) -> None:
    """Let a generation answer that waits, if it passes the gates; if one keeps it, the exit code is 4.

    Example: plumbline index promote handbook --generation 4
    """
    with workspace() as ws:
        copilot_named(copilot, copilots_of(ws))
        chosen = _waiting(ws, copilot, number)
        with keeper(ws) as kept:
            verdicts = kept.promote(chosen, insist=insist)
        _audit(ws, "promote", copilot, chosen, {"insisted": insist})
    if as_json:
        print_json({"copilot": copilot, "generation": chosen, "gates": verdicts})
        return
    for one in verdicts:
        screen.print(f"{'[green]passed[/]' if one['passed'] else '[yellow]failed[/]'} {one['gate']}: {one['detail']}")
    screen.print(f"Generation {chosen} of {copilot} answers now.")


@commands.command("rollback")
def go_back(copilot: COPILOT, as_json: JSON = False) -> None:
    """Let the generation answer that answered before.

    Example: plumbline index rollback handbook
    """
    with workspace() as ws:
        copilot_named(copilot, copilots_of(ws))
        with ws.database.write() as connection:
            now = rollback(connection, copilot, ws.clock.now())
        _audit(ws, "rollback", copilot, now.id, {})
        with keeper(ws) as kept:
            kept.follow()
    if as_json:
        print_json({"copilot": copilot, "generation": now.id})
        return
    screen.print(f"Generation {now.id} of {copilot} answers again.")


@commands.command("forget")
def forget_index(copilot: COPILOT, as_json: JSON = False) -> None:
    """Delete all that was indexed for a copilot that is no longer declared, or was made by `index sync --from`.

    Example: plumbline index forget handbook
    """
    with workspace() as ws:
        if not unmake_copilot(ws.settings, copilot) and copilot in copilots_of(ws):
            hint = "Take it out of copilots.yaml first; else its next turn would index it again."
            raise ConflictError(f"the copilot {copilot!r} is declared", hint=hint)
        gone = forget_copilot(ws.database, copilot, ws.clock.now())
        _audit(ws, "forget", copilot, 0, gone)
        with keeper(ws) as kept:
            kept.verify(deep=False)
    if as_json:
        print_json({"copilot": copilot, **gone})
        return
    screen.print(f"All that was indexed for {copilot} is gone: {gone['rows']} rows, {gone['vectors']} vectors.")


def _chosen(ws: Workspace, folder: Path | None, name: str | None) -> list[Copilot]:
    known = copilots_of(ws)
    if folder is not None:
        if name is None:
            raise ConfigurationError("what shall the copilot be called?", hint="Add --copilot NAME.")
        if not folder.is_dir():
            raise NotFoundError(f"there is no folder {folder}", hint="Check the path of --from.")
        return [make_copilot(ws.settings, name, folder, known)]
    return list(known.values()) if name is None else [copilot_named(name, known)]


def _facts(ws: Workspace, report: SyncReport) -> dict[str, Any]:
    """What a sync did; a generation that was built beside may answer by now."""
    with ws.database.read() as connection:
        report.state = str(generation(connection, report.generation).state)
    return {**report.facts(), "whole": is_whole(report)}


def _waiting(ws: Workspace, copilot: str, number: int | None) -> int:
    with ws.database.read() as connection:
        found = generations(connection, copilot)
    ready = [each.id for each in found if each.state in (State.READY, State.FAILED)]
    chosen = number if number is not None else next(iter(ready), None)
    if chosen is None or chosen not in [each.id for each in found]:
        what = "no generation waits" if number is None else f"there is no generation {number}"
        raise NotFoundError(f"{what} for {copilot!r}", hint="`plumbline index status` shows what there is.")
    return chosen


def _audit(ws: Workspace, action: str, copilot: str, number: int, detail: dict[str, Any]) -> None:
    with ws.database.write() as connection:
        told = {"generation": number, **detail}
        record_event(connection, AuditEvent(ws.clock.now(), ws.actor, action, "copilot", copilot, told))


@contextmanager
def _progress(*, shown: bool) -> Iterator[Callable[[str], Callable[[Progress], None] | None]]:
    """What hears how far the sync of a copilot is."""
    if not shown:
        yield lambda _name: None
        return
    with bars() as drawn:
        yield lambda name: _drawer(drawn, name)


def _drawer(drawn: Bars, name: str) -> Callable[[Progress], None]:
    task = drawn.add_task(name, total=None)

    def draw(so_far: Progress) -> None:
        drawn.update(
            task, completed=so_far.read, total=so_far.to_read, description=f"{name}, {so_far.embedded} embedded"
        )

    return draw
