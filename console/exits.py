"""Exit codes and error texts: the one place where an error of ours becomes what a shell sees."""

from __future__ import annotations

import orjson
import typer
from rich.console import Console
from rich.text import Text

from substrate.errors import (
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    DatabaseError,
    DeclarationError,
    ForbiddenError,
    NotFoundError,
    PlumblineError,
    SourceError,
    UnavailableError,
)

ATTENTION = 1
USAGE = 2
FAULT = 70
INTERRUPTED = 130

MEANINGS = {
    0: "all went well",
    ATTENTION: "it ran, and something needs a person: rows or documents are held, something was mended",
    USAGE: "wrong usage or settings",
    3: "not found",
    4: "refused by the state of things, or as not allowed",
    5: "the database",
    6: "a source",
    FAULT: "a fault of ours",
    INTERRUPTED: "interrupted",
}
"""What each exit code means; `docs/copilots.md` has the same."""

_CODES: tuple[tuple[type[PlumblineError], int], ...] = (
    (ConfigurationError, 2),
    (DeclarationError, 2),
    (NotFoundError, 3),
    (ConflictError, 4),
    (AuthenticationError, 4),
    (ForbiddenError, 4),
    (UnavailableError, 4),
    (DatabaseError, 5),
    (SourceError, 6),
)


def exit_code(error: PlumblineError) -> int:
    """The exit code of an error; 2 for those that have none of their own, since most of them are of the input."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), 2)


def show_error(error: PlumblineError, *, as_json: bool) -> int:
    """Say on standard error what went wrong and what to do, and return the exit code."""
    code = exit_code(error)
    if as_json:
        return _as_json(type(error).__name__, error.message, error.hint, code)
    shown = Text.assemble(("error: ", "bold red"), error.message)
    if error.hint:
        shown.append(f"\n{error.hint}", style="dim")
    # Not broken into lines: a path or a command that is broken cannot be copied.
    Console(stderr=True).print(shown, soft_wrap=True)
    return code


def show_usage_error(error: typer.TyperException) -> int:
    """Say as JSON that a command was called wrongly, and return the exit code; people see it as Typer draws it."""
    return _as_json("UsageError", str(error), "`plumbline COMMAND --help` shows how it is used.", USAGE)


def _as_json(kind: str, message: str, hint: str, code: int) -> int:
    body = {"error": {"type": kind, "message": message, "hint": hint, "exit": code}}
    Console(stderr=True).out(orjson.dumps(body).decode(), highlight=False)
    return code
