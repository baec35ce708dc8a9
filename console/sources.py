"""`plumbline sources`: what is read, how far, and whether it can be read at all."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any

import typer

from console.answers import JSON, app
from console.exits import ATTENTION
from console.terminal import age_text, print_json, print_table, screen
from console.workspace import Workspace, workspace
from substrate.cursors import cursor_ages
from substrate.errors import NotFoundError
from substrate.probe import Probe, probe
from substrate.sources.configured import SourceEntry, load_sources

commands = app("The sources that sources.yaml lists: see how far each is read, try whether it can be read.")


@commands.command("list")
def list_sources(as_json: JSON = False) -> None:
    """List the configured sources, and how long ago each was read.

    Example: plumbline sources list
    """
    with workspace() as ws:
        entries = load_sources(ws.settings.resolved_sources_file)
        with ws.database.read() as connection:
            ages = cursor_ages(connection, ws.clock.now())
    facts = [_facts(entry, ages) for entry in entries]
    if as_json:
        print_json(facts)
        return
    cells = [(each["name"], each["vertical"], each["kind"], each["place"], age_text(each["age"])) for each in facts]
    empty = f"No sources. List them in {ws.settings.resolved_sources_file}, or use `plumbline run VERTICAL --from DIR`."
    print_table("Sources", ("name", "vertical", "kind", "place", "last read"), cells, empty=empty, spare=("kind",))


@commands.command()
def check(
    name: Annotated[str, typer.Argument(help="The source's name in sources.yaml.")],
    rows: Annotated[int, typer.Option(min=1, help="How many rows to try.")] = 200,
    as_json: JSON = False,
) -> None:
    """Read some rows and say what would become of each, without writing anything. Exit code 1 if some are refused.

    Example: plumbline sources check epr --rows 500
    """
    with workspace() as ws:
        result = probe(_entry(ws, name), ws.verticals, ws.clock.now(), rows=rows)
    if as_json:
        print_json(result.facts())
    else:
        _show(result)
    if result.refused:
        raise typer.Exit(ATTENTION)


def _entry(ws: Workspace, name: str) -> SourceEntry:
    path = ws.settings.resolved_sources_file
    entries = {entry.name: entry for entry in load_sources(path)}
    if name not in entries:
        hint = f"{path} lists: {', '.join(entries) or 'none'}."
        raise NotFoundError(f"there is no source {name!r}", hint=hint)
    return entries[name]


def _facts(entry: SourceEntry, ages: dict[str, int]) -> dict[str, Any]:
    place = str(entry.folder.path) if entry.folder else (entry.fhir.base_url if entry.fhir else "")
    kind = "folder" if entry.folder else "fhir"
    return {"name": entry.name, "vertical": entry.vertical, "kind": kind, "place": place, "age": ages.get(entry.name)}


def _show(result: Probe) -> None:
    cells = [(each.where, each.resource, each.reason, each.detail) for each in islice(result.refusals, 50)]
    print_table(
        "Would be refused", ("where", "resource", "reason", "what is wrong"), cells, empty="Nothing is refused."
    )
    screen.print(f"{result.tried} rows tried, {result.tried - result.refused} sound, {result.refused} refused.")
    for place, why in result.ignored:
        screen.print(f"[dim]left alone: {place} ({why})[/]")
