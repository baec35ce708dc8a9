"""The command line as a person or a program uses it: arguments in, text, JSON and an exit code out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from console.cli import COMMANDS, main
from console.later import load


@dataclass(frozen=True)
class Said:
    """What a command left on the screen, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        """The error that standard error tells as JSON."""
        found: dict[str, Any] = json.loads(self.err)["error"]
        return found


class Shell:
    """Types commands."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Said:
        """Run one command."""
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        out, err = self._capsys.readouterr()
        code = end.value.code
        return Said(code if isinstance(code, int) else 0, out, err)

    def ask(self, *arguments: object) -> Any:
        """Run one command that must succeed, and read its JSON."""
        said = self(*arguments, "--json")
        assert said.code == 0, said
        return said.json


@dataclass(frozen=True)
class Leaf:
    """One command: what is typed for it, and what it is."""

    words: tuple[str, ...]
    command: TyperCommand


def leaves() -> Iterator[Leaf]:
    """Every command, those in groups too, however deep."""
    for name, (path, _summary) in COMMANDS.items():
        yield from _under((name,), load(path))


def _under(words: tuple[str, ...], found: object) -> Iterator[Leaf]:
    if isinstance(found, TyperGroup):
        for name, inner in found.commands.items():
            yield from _under((*words, name), inner)
    else:
        assert isinstance(found, TyperCommand)
        yield Leaf(words, found)


def summary_of(path: str) -> str:
    """The first sentence that a command or group says of itself."""
    module, _, name = path.partition(":")
    found = getattr(import_module(module), name)
    text = str(found.info.help if isinstance(found, typer.Typer) else found.__doc__)
    return text.split("\n")[0]
