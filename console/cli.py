"""The command `plumbline`: its groups, and the one place where an error becomes an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer
from rich.console import Console

from console.exits import FAULT, INTERRUPTED, MEANINGS, show_error, show_usage_error
from console.interrupts import NOTE, deaf, heed
from console.later import later
from console.terminal import screen
from substrate.background import go_last
from substrate.errors import PlumblineError

root = typer.Typer(
    name="plumbline",
    help="Makes the data of an ERP act: checked records, fresh features, rules, and alerts that say why.",
    epilog=f"Exit codes: {'; '.join(f'{code} {meaning}' for code, meaning in MEANINGS.items())}.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_CAN_WAIT = {("index", "sync"), ("eval", "run")}
"""Commands that compute for minutes, while somebody else asks."""

COMMANDS = {
    "run": ("console.run:run", "Read the sources, refresh features, evaluate rules and deliver messages."),
    "up": (
        "console.up:up",
        "Run everything on this machine until Ctrl-C: pages, API, clock, pushed events, batch work under Prefect.",
    ),
    "demo": (
        "console.run:demo",
        "Show the main job on generated data, one vertical after another: no network, no account, nothing to set up.",
    ),
    "sample": ("console.sample:sample", "Write a sample feed, with incidents and defects planted and written down."),
    "doctor": ("console.doctor:doctor", "Look at everything that can be wrong, and say what to do about it."),
    "db": ("console.db:commands", "The database: bring it up to date, see where it stands."),
    "sources": (
        "console.sources:commands",
        "The sources that sources.yaml lists: see how far each is read, try whether it can be read.",
    ),
    "verticals": (
        "console.verticals:commands",
        "Verticals: see which are installed, and whether one keeps what every vertical must keep.",
    ),
    "new": ("console.new:commands", "Begin something of your own: a vertical."),
    "inbound": (
        "console.inbound:commands",
        "Events that were pushed to us: see what waits and what failed, try failed ones again.",
    ),
    "quarantine": (
        "console.quarantine:commands",
        "Rows that were refused: see them, send them through again, or say that they are not wanted.",
    ),
    "features": (
        "console.features:commands",
        "Features: what is computed about patients, wards and others, and how old it is.",
    ),
    "series": (
        "console.series:commands",
        "Series: what is counted an hour or a day, and how that went.",
    ),
    "rules": (
        "console.rules:commands",
        "Rules: what is watched for. A rule is a YAML file; docs/rules.md says what it may contain.",
    ),
    "alerts": ("console.alerts:commands", "Alerts: see them, understand them, take them on."),
    "outbox": (
        "console.outbox:commands",
        "The outbox: messages that wait, were sent, are dead, or were not worth sending any more.",
    ),
    "ask": ("console.ask:ask", "Ask a copilot. The answer cites its sources; if the documents do not say, it says so."),
    "index": (
        "console.index:commands",
        "The index: what copilots answer from. Bring it up to date, see how it stands, mend it, go back.",
    ),
    "eval": ("console.eval:commands", "Evals: how well a copilot finds what it should, measured by golden questions."),
    "keys": ("console.keys:commands", "Keys: what programs show to be let in, and what each lets them see."),
    "mcp": (
        "console.mcp:mcp",
        "Serve MCP on standard input and output: search, context, get_features, list_alerts and explain_alert.",
    ),
    "models": ("console.models:commands", "Models: the one that turns texts into vectors, on this machine."),
}
"""Where each command is, and what it says of itself in the list of all."""


_STOP_THEMSELVES = frozenset({"up", "mcp"})
"""Commands that heed Ctrl-C in their own way."""


def _stub() -> None:
    """Never called: the command itself is loaded instead."""


for _name, (_path, _summary) in COMMANDS.items():
    root.command(_name, cls=later(_path), help=_summary)(_stub)


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


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what goes wrong ends as a sentence and an exit code, and only our own fault as a traceback.

    Args:
        arguments: what was typed after `plumbline`; None: as the shell has it.
    """
    # Two threads that multiply a matrix wait for each other, and for whoever else wants a core: a search takes 17 ms
    # with one, 26 with two (measured on two cores). Numpy reads this when it is imported, and children inherit it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    typed = list(sys.argv[1:] if arguments is None else arguments)
    if arguments is None and tuple(typed[:2]) in _CAN_WAIT:
        go_last()
    if arguments is None and not _STOP_THEMSELVES.intersection(typed[:1]):
        heed()
    as_json = "--json" in typed
    try:
        code = root(typed, prog_name="plumbline", standalone_mode=not as_json)
    except PlumblineError as error:
        sys.exit(show_error(error, as_json=as_json))
    except typer.TyperException as error:
        sys.exit(show_usage_error(error))
    except SystemExit as end:
        code = end.code
    except KeyboardInterrupt:  # outside of what Typer looks after
        code = INTERRUPTED
    except Exception:  # noqa: BLE001  # the end of the process: its exit code must not be taken for another one's
        traceback.print_exc()
        code = FAULT
    if code == INTERRUPTED:
        deaf()
        Console(stderr=True).print(f"\n[yellow]{NOTE}[/]", soft_wrap=True)
    sys.exit(code)
