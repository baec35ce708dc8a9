"""Commands that stand in files of deploy/: whether each can be typed as it stands."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import prefect.cli._app

from console.cli import COMMANDS
from console.later import load
from console.layout import parts_of
from substrate.settings import Settings

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
SETTINGS = {f"PLUMBLINE_{name.upper()}" for name in Settings.model_fields}


def complaint(words: Sequence[str]) -> str | None:
    """Why a command cannot be typed so; None: it can."""
    program = Path(words[0]).name
    if program == "sh":
        return complaint(shlex.split(words[-1].partition("exec ")[2])) if "exec " in words[-1] else "no exec"
    if program == "plumbline":
        return _of_ours(list(words[1:]))
    others = {"prefect": _of_prefect, "chroma": _of_chroma}
    return others[program](list(words[1:])) if program in others else f"nobody knows {program}"


def unknown_settings(text: str) -> set[str]:
    """Names of settings that there are not."""
    return set(re.findall(r"PLUMBLINE_[A-Z_]+[A-Z]", text)) - SETTINGS


def said_secrets(environment: dict[str, Any]) -> Iterator[str]:
    """Variables that hold a secret in the open."""
    for name, value in environment.items():
        secret = any(word in name for word in ("PASSWORD", "KEY", "AUTH", "DATABASE_URL", "CONNECTION_URL", "TOKEN"))
        if secret and not name.endswith("_FILE") and value:
            yield name


def _of_ours(words: list[str]) -> str | None:
    command = load(COMMANDS[words[0]][0])
    context = command.make_context("plumbline", words[1:])
    if words[0] == "up" and context.params["only"]:
        parts_of(context.params["only"], foreign=False)
    return None


def _of_prefect(words: list[str]) -> str | None:
    known = [word for word in words if word != "--no-prompt"]
    try:
        prefect.cli._app._app.parse_args(known, exit_on_error=False, print_error=False)
    except ValueError as error:
        return str(error)
    return None


def _of_chroma(words: list[str]) -> str | None:
    """It reads the words in their order, and so complains of a wrong one before it comes to the last."""
    program = Path(sys.executable).with_name("chroma")
    said = subprocess.run([program, *words, "--help"], capture_output=True, text=True, timeout=60)
    return said.stderr if said.returncode else None
