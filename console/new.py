"""`plumbline new`: the beginning of a vertical of one's own, as a package that installs, passes and runs."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from console.answers import JSON, app
from console.terminal import print_json, screen
from substrate.errors import ConfigurationError, ConflictError

commands = app("Begin something of your own: a vertical.")

_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
_SUFFIX = ".tmpl"
_PACKAGE = "package"


@commands.callback()
def _group() -> None:
    """Keeps `vertical` a word that is typed, though it is the only one."""


@commands.command()
def vertical(
    name: Annotated[
        str, typer.Argument(help="Its name: the package, the word on the command line, part of its tables.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="The folder to write; made if it is missing. Default: plumbline-NAME.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="How people call it; default: the name.")] = None,
    as_json: JSON = False,
) -> None:
    """Write a package with a small vertical: records, sources, checks, features, rules, messages, a sample, tests.

    Example: plumbline new vertical clinic
    """
    folder = out or Path(f"plumbline-{name}")
    check_name(name)
    if folder.exists() and any(folder.iterdir()):
        raise ConflictError(f"{folder} is there already, and not empty", hint="Give another folder with --out.")
    written = write_package(name, title or name.replace("_", " ").capitalize(), folder)
    if as_json:
        print_json({"out": str(folder), "files": written})
        return
    screen.print(f"{folder}: {len(written)} files are written. What to type next:", soft_wrap=True)
    for line in (f"pip install -e {folder}", f"plumbline verticals check {name}", f"less {folder}/README.md"):
        screen.print(f"  {line}", soft_wrap=True)


def check_name(name: str) -> None:
    """Refuse a name under which no package could be imported.

    Raises:
        ConfigurationError: it is no such name, or another package has it.
    """
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        hint = "Use lower-case letters, digits and underscores, such as clinic or car_rental."
        raise ConfigurationError(f"{name!r} cannot be the name of a vertical", hint=hint)
    if name in sys.stdlib_module_names or find_spec(name) is not None:
        hint = "Choose another name; two packages cannot share one."
        raise ConfigurationError(f"there is a Python package called {name!r} already", hint=hint)


def write_package(name: str, title: str, folder: Path) -> list[str]:
    """Write the package of a vertical; the paths of its files, as written from the folder."""
    written = []
    for place, source in sorted(_sources(files("console") / "scaffold")):
        path = re.sub(rf"^{_PACKAGE}/", f"{name}/", place.removesuffix(_SUFFIX))
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(Template(source.read_text("utf-8")).substitute(name=name, title=title), "utf-8")
        written.append(path)
    return written


def _sources(folder: Traversable, place: str = "") -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _sources(entry, f"{place}{entry.name}/")
        elif entry.name.endswith(_SUFFIX):
            yield f"{place}{entry.name}", entry
