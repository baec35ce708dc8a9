"""`plumbline verticals`: what is installed, and whether it keeps what every vertical must keep."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from console.answers import JSON, app
from console.exits import ATTENTION
from console.terminal import print_json, print_table, screen
from flows.conformance import REQUIREMENTS
from substrate.catalog import Vertical, verticals
from substrate.catalog import vertical as installed
from substrate.mappings.choice import shipped

commands = app("Verticals: see which are installed, and whether one keeps what every vertical must keep.")


@commands.command("list")
def list_verticals(as_json: JSON = False) -> None:
    """List the installed verticals, what is in each, and the mappings that it knows.

    Example: plumbline verticals list
    """
    facts = [_facts(each) for _, each in sorted(verticals().items())]
    if as_json:
        print_json(facts)
        return
    cells = [
        (each["name"], each["title"], str(each["records"]), str(each["features"]), ", ".join(each["mappings"]))
        for each in facts
    ]
    empty = "No vertical is installed. `plumbline new vertical NAME` begins one."
    print_table("Verticals", ("name", "title", "#kinds", "#features", "mappings"), cells, empty=empty)


@commands.command()
def check(
    name: Annotated[str, typer.Argument(metavar="VERTICAL", help="Which vertical.")], as_json: JSON = False
) -> None:
    """Hold a vertical against what every vertical must keep, on its own sample and in a database of its own.

    Nothing of your data is touched. Exit code 1 if something is wrong.

    Example: plumbline verticals check hospital
    """
    chosen, found = installed(name), {}
    for requirement in REQUIREMENTS:
        with TemporaryDirectory() as folder:
            found[requirement.name] = requirement.broken_by(chosen, Path(folder))
        if not as_json:
            _show(requirement.text, found[requirement.name])
    if as_json:
        print_json(found)
    if any(found.values()):
        raise typer.Exit(ATTENTION)


def _facts(each: Vertical) -> dict[str, Any]:
    known = sorted([*each.dialects, *shipped(each)])
    features = sum(len(view.features) for view in each.views)
    return {
        "name": each.name,
        "title": each.title,
        "records": len(each.records),
        "features": features,
        "mappings": known,
    }


def _show(text: str, problems: list[str]) -> None:
    screen.print(f"{'[bold red]✗[/]' if problems else '[green]✓[/]'} {text}", soft_wrap=True)
    for problem in problems:
        screen.print(f"    {problem}", soft_wrap=True, markup=False)
