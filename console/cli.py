"""The command `plumbline`: its groups, and the one place where an error becomes an exit code."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer
from rich.console import Console

from console import alerts, db, doctor, features, outbox, quarantine, rules, run, sample, sources
from console.exits import INTERRUPTED, show_error
from console.terminal import screen
from substrate.errors import PlumblineError

root = typer.Typer(
    name="plumbline",
    help="Makes the data of an ERP act: checked records, fresh features, rules, and alerts that say why.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

root.command("run")(run.run)
root.command("demo")(run.demo)
root.command("sample")(sample.sample)
root.command("doctor")(doctor.doctor)
root.add_typer(db.commands, name="db")
root.add_typer(sources.commands, name="sources")
root.add_typer(quarantine.commands, name="quarantine")
root.add_typer(features.commands, name="features")
root.add_typer(rules.commands, name="rules")
root.add_typer(alerts.commands, name="alerts")
root.add_typer(outbox.commands, name="outbox")


def _show_version(asked: bool) -> None:
    if asked:
        screen.print(f"plumbline {version('plumbline')}")
        raise typer.Exit


@root.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Plumbline sits beside an ERP and makes its data act."""


def main() -> None:
    """Run the command line; what goes wrong ends as a sentence and an exit code, never as a traceback."""
    try:
        root()
    except PlumblineError as error:
        sys.exit(show_error(error, as_json="--json" in sys.argv))
    except KeyboardInterrupt:
        note = "interrupted; what was committed stays, and the next run goes on from there"
        Console(stderr=True).print(f"\n[yellow]{note}[/]")
        sys.exit(INTERRUPTED)
