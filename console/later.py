"""Commands that are loaded when they are asked for, so that help and completion do not wait for all of them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand

from console.answers import app


def load(path: str) -> Any:
    """The command, or the group of commands, that a path such as `console.run:demo` leads to."""
    module, _, name = path.partition(":")
    found = getattr(import_module(module), name)
    if isinstance(found, typer.Typer):
        return typer.main.get_command(found)
    alone = app("")
    alone.command()(found)
    return typer.main.get_command(alone)


def later(path: str) -> type[TyperCommand]:
    """A command that is the one of a path as soon as it is called; until then it only has its name and summary."""

    class Later(TyperCommand):
        def make_context(self, *args: Any, **kwargs: Any) -> Any:
            return load(path).make_context(*args, **kwargs)

    return Later
