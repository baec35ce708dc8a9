"""Every command: its help, its example, its `--json`, and how quickly help is there."""

from __future__ import annotations

import shlex
import subprocess
import sys

import pytest

from console.cli import COMMANDS
from tests.console.shell import Leaf, Shell, leaves, summary_of

ALL = {" ".join(leaf.words): leaf for leaf in leaves()}
HEAVY = {"sqlalchemy", "alembic", "numpy", "httpx", "prefect", "chromadb"}


@pytest.fixture(params=ALL)
def leaf(request: pytest.FixtureRequest) -> Leaf:
    """One command after the other."""
    return ALL[request.param]


def example(leaf: Leaf) -> list[str]:
    """What the help of a command gives as an example, after `plumbline`."""
    lines = [line.partition("Example: ")[2] for line in (leaf.command.help or "").splitlines() if "Example: " in line]
    words = shlex.split(lines[0])
    return words[words.index("plumbline") + 1 :]


def test_help_says_what_a_command_does_and_how_it_is_typed(shell: Shell, leaf: Leaf) -> None:
    said = shell(*leaf.words, "--help")
    assert said.code == 0
    assert "Example: " in said.out
    assert "plumbline " + " ".join(leaf.words) in " ".join(said.out.split())


def test_every_command_speaks_json(leaf: Leaf) -> None:
    assert "--json" in [name for parameter in leaf.command.params for name in parameter.opts]


def test_the_example_can_be_typed(leaf: Leaf) -> None:
    words = example(leaf)
    assert tuple(words[: len(leaf.words)]) == leaf.words
    context = leaf.command.make_context("plumbline", words[len(leaf.words) :])
    assert context.args == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_says_of_itself(name: str) -> None:
    path, summary = COMMANDS[name]
    assert summary_of(path).startswith(summary.removesuffix("."))


def test_the_list_of_commands_waits_for_nothing_heavy() -> None:
    code = "import sys; import console.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert HEAVY.isdisjoint(loaded)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_in_the_list(shell: Shell, name: str) -> None:
    assert f" {name} " in shell("--help").out


def test_a_command_that_does_not_exist_is_wrong_usage(shell: Shell) -> None:
    said = shell("alrets", "list")
    assert said.code == 2
    assert "alerts" in said.err


def test_wrong_usage_is_json_for_a_program(shell: Shell) -> None:
    said = shell("alerts", "list", "--bogus", "--json")
    assert (said.code, said.out) == (2, "")
    assert said.error["type"] == "UsageError"
    assert "--bogus" in said.error["message"]


def test_the_version_is_told(shell: Shell) -> None:
    assert shell("--version").out.startswith("plumbline ")
