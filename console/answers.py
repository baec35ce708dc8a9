"""What all commands share: the `--json` option and how a group of commands is made."""

from __future__ import annotations

from typing import Annotated

import typer

JSON = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of text for people.")]

VERTICAL = Annotated[str | None, typer.Option("--vertical", help="Which vertical is meant, where several are in use.")]


def app(summary: str) -> typer.Typer:
    """A group of commands."""
    return typer.Typer(
        help=summary,
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
