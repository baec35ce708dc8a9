"""`plumbline doctor`: is everything in order, and if not, what is the next step?"""

from __future__ import annotations

import typer

from console.answers import JSON
from console.exits import ATTENTION
from console.terminal import print_json, screen
from console.workspace import workspace
from flows.checkup import examine
from flows.checkup_finding import Finding


def doctor(as_json: JSON = False) -> None:
    """Look at everything that can be wrong, and say what to do about it. Exit code 1 if something is.

    Example: plumbline doctor --json
    """
    with workspace() as ws:
        findings = examine(ws.settings, ws.database, ws.verticals.values(), ws.clock.now())
    if as_json:
        print_json([finding.facts() for finding in findings])
    else:
        for finding in findings:
            _show(finding)
    if not all(finding.sound for finding in findings):
        raise typer.Exit(ATTENTION)


def _show(finding: Finding) -> None:
    mark = "[green]✓[/]" if finding.sound else "[bold red]✗[/]"
    screen.print(f"{mark} {finding.subject:<22} {finding.text}", soft_wrap=True)
    if finding.next_step:
        screen.print(f"  {'':<22} [dim]{finding.next_step}[/]", soft_wrap=True)
