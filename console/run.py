"""`plumbline run` and `plumbline demo`: one full cycle, on a real feed or on a generated one."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TaskID

from console.answers import JSON
from console.exits import ATTENTION
from console.sample import write_sample
from console.shown_example import ask_example, opened_library
from console.summary import cycle_facts, merged, show_cycle
from console.terminal import bars, print_json, screen
from console.workspace import Workspace, workspace
from flows.cycle import CycleReport, run_cycle
from flows.watch import Nobody
from flows.workbench import workbench
from substrate.catalog import Vertical
from substrate.clock import parse_instant
from substrate.errors import ConfigurationError
from substrate.sources.configured import SourceEntry, folder_entry, load_sources

_FEED_KEEPS = timedelta(hours=6)


def run(
    name: Annotated[str, typer.Argument(metavar="VERTICAL", help="Whose cycle: hospital.")],
    folder: Annotated[
        Path | None, typer.Option("--from", help="Read this folder instead of the sources in sources.yaml.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="The name of the source behind --from; default: the vertical's.")
    ] = None,
    bulk: Annotated[
        bool, typer.Option(help="The folder always holds everything: a record that is absent from it is gone.")
    ] = False,
    mapping: Annotated[
        str | None, typer.Option(help="How the folder's rows become records: a mapping's name, or a mapping file.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Run the day as it was then, such as 2019-06-01.")
    ] = None,
    allow_mass_delete: Annotated[
        bool, typer.Option(help="A source may drop as many records as it likes, this once.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """Read the sources, refresh features, evaluate rules and deliver messages.

    Running it twice on the same data changes nothing the second time. Exit code 1: a message could not be delivered
    at all, a rule failed, or a mass delete is held.

    Example: plumbline run hospital --from exports/today --as-of 2019-06-01
    """
    with workspace() as ws:
        vertical = ws.vertical(name)
        if folder:
            entries = [folder_entry(name, folder, name=source, bulk=bulk, mapping=mapping)]
        else:
            entries = _configured(ws, vertical, mapping)
        at = parse_instant(as_of, what="--as-of") if as_of else None
        report = _cycle(ws, vertical, entries, at, quiet=as_json, allow_mass_delete=allow_mass_delete)
        _show(ws, report, as_json=as_json)
    if needs_a_person(report):
        raise typer.Exit(ATTENTION)


def demo(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[VERTICAL]...", help="Which; default: all that have a sample.")
    ] = None,
    as_json: JSON = False,
) -> None:
    """Show the main job on generated data, one vertical after another: no network, no account, nothing to set up.

    Example: plumbline demo
    """
    with workspace() as ws:
        chosen = [ws.vertical(name) for name in names or sorted(ws.verticals)]
        shown = [each for each in chosen if each.sample is not None or names]
        reports = {each.name: _shown_cycle(ws, each, quiet=as_json) for each in shown}
        if as_json:
            print_json({name: cycle_facts(report) for name, report in reports.items()})
        else:
            _show_copilots(ws, shown)
            _what_next(ws)


def _show_copilots(ws: Workspace, shown: list[Vertical]) -> None:
    screen.print()
    screen.rule("[bold]Copilots[/]", align="left")
    with opened_library(ws) as library:
        if library is not None:
            for vertical in shown:
                ask_example(ws, vertical, library)


def _shown_cycle(ws: Workspace, vertical: Vertical, *, quiet: bool) -> CycleReport:
    feed = ws.settings.home / "demo-feed" / vertical.name
    if not quiet:
        screen.print()
        screen.rule(f"[bold]{vertical.title}[/]", align="left")
    if _too_old(feed):
        write_sample(vertical, feed, quiet=quiet)
    entry = folder_entry(vertical.name, feed, name=f"demo-{vertical.name}")
    report = _cycle(ws, vertical, [entry], None, quiet=quiet)
    if not quiet:
        show_cycle(report, ws.settings.time_zone)
    return report


def needs_a_person(report: CycleReport) -> bool:
    """Whether something happened that does not mend itself."""
    return bool(report.deliveries.dead or report.rules.errors or merged(report).held_deletes)


def _configured(ws: Workspace, vertical: Vertical, mapping: str | None) -> list[SourceEntry]:
    if mapping is not None:
        hint = "Add --from FOLDER, or name the mapping beside its source in sources.yaml."
        raise ConfigurationError(f"--mapping {mapping} says how the folder of --from is read", hint=hint)
    path = ws.settings.resolved_sources_file
    entries = [entry for entry in load_sources(path) if entry.vertical == vertical.name]
    if not entries:
        hint = f"Add --from FOLDER, or list a source in {path} (docs/sources.md)."
        raise ConfigurationError(f"there is nothing to read for {vertical.name}", hint=hint)
    return entries


def _cycle(
    ws: Workspace,
    vertical: Vertical,
    entries: list[SourceEntry],
    at: int | None,
    *,
    quiet: bool,
    allow_mass_delete: bool = False,
) -> CycleReport:
    bench = workbench(ws.settings, ws.database, ws.clock, vertical)
    if quiet:
        return run_cycle(bench, entries, Nobody(), as_of=at, allow_mass_delete=allow_mass_delete)
    with bars() as progress:
        return run_cycle(bench, entries, Bars(progress), as_of=at, allow_mass_delete=allow_mass_delete)


class Bars:
    """Shows the steps of a cycle as progress bars."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def begin(self, step: str, total: int | None) -> None:
        """Add a bar."""
        self._task = self._progress.add_task(step, total=total)

    def advance(self, units: int) -> None:
        """Move the bar on."""
        if self._task is not None:
            self._progress.advance(self._task, units)

    def end(self) -> None:
        """Fill the bar: the total was a guess."""
        if self._task is not None:
            done = self._progress.tasks[self._task].completed
            self._progress.update(self._task, total=max(done, 1), completed=max(done, 1))


def _show(ws: Workspace, report: CycleReport, *, as_json: bool) -> None:
    if as_json:
        print_json(cycle_facts(report))
    else:
        show_cycle(report, ws.settings.time_zone)


def _too_old(feed: Path) -> bool:
    planted = feed / "planted.json"
    if not planted.exists():
        return True
    made = datetime.fromtimestamp(planted.stat().st_mtime, UTC)
    return datetime.now(UTC) - made > _FEED_KEEPS


def _what_next(ws: Workspace) -> None:
    screen.print()
    screen.print("[bold]What to type next[/]")
    if "PLUMBLINE_HOME" in os.environ:
        screen.print(f"  export PLUMBLINE_HOME={ws.settings.home}", soft_wrap=True)
    for line, why in (
        ("plumbline alerts list", "what was found, worst first"),
        ("plumbline alerts explain ID", "why, in plain words"),
        ("plumbline index sync", "let copilots read all records"),
        ('plumbline ask NAME "QUESTION"', "ask one of them"),
        ("plumbline quarantine list", "what was refused, and why"),
        ("plumbline features list", "what is computed, and its age"),
    ):
        screen.print(f"  {_command(line):<44} [dim]{why}[/]")
    screen.print(f"  [dim]The messages lie in {ws.settings.resolved_outbox_dir}[/]", soft_wrap=True)


def _command(line: str) -> str:
    """The command as it can be typed where the shell does not know `plumbline`."""
    local = Path(".venv/bin/plumbline")
    return line.replace("plumbline", str(local), 1) if local.exists() else line
