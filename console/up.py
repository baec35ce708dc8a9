"""`plumbline up`: the whole installation on one machine, or some of its parts under somebody else's care."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from threading import Event
from types import FrameType
from typing import Annotated, Literal

import typer

from console.answers import JSON
from console.child import python
from console.greeter import Echo, Greeter
from console.layout import Part, parts_of, programs, refuse_taken_ports
from console.locks import held
from console.secrecy import served_secrets
from console.supervisor import Supervisor
from flows.orchestrator import is_foreign
from substrate.logs import configure_logging, is_json
from substrate.settings import Settings, load_settings

log = logging.getLogger(__name__)

Shape = Literal["json", "plain"]


def up(
    only: Annotated[
        str | None,
        typer.Option(metavar="PARTS", help="Run only some of web, clock, flows, prefect, with commas between them."),
    ] = None,
    as_json: JSON = False,
) -> None:
    """Run everything on this machine until Ctrl-C: pages, API, clock, pushed events, batch work under Prefect.

    Tables are migrated and passwords made at the first start. With --only and one part, that part runs in this very
    process, for whatever looks after processes where you deploy. With --json, one line says when it is ready.

    Example: plumbline up --only web,clock
    """
    settings = load_settings()
    parts = parts_of(only, foreign=is_foreign(os.environ))
    if not as_json and (len(parts) == 1 or set(parts) == {Part.WEB, Part.CLOCK}):
        refuse_taken_ports(settings, parts)
        _serve(parts)
        return
    shape: Shape = "json" if is_json(settings.log_format, sys.stderr) else "plain"
    with held(settings.home, parts) as locks:
        _supervise(settings, parts, shape, locks, as_json=as_json)


def _supervise(settings: Settings, parts: Sequence[Part], shape: Shape, locks: Sequence[int], *, as_json: bool) -> None:
    began = time.monotonic()
    refuse_taken_ports(settings, parts)
    _read_files(settings)
    _migrate(as_json=as_json)
    configure_logging("up", shape=shape, level=settings.log_level, secrets=served_secrets(settings))
    chosen = programs(settings, parts, os.environ, shape)
    greeter = Greeter(settings, parts, began, as_json=as_json)
    stop, hurry = _signals()
    Supervisor(chosen, settings.home, greeter.tell, Echo(shape), locks).run(stop, hurry)
    log.info("stopped")


def _serve(parts: Sequence[Part]) -> None:
    # Half of the libraries come with it: a supervisor that never serves does well without them.
    from console.serve import serve

    serve(parts)


def _read_files(settings: Settings) -> None:
    """Refuse to start with a file that no part could work with, instead of starting parts over and over."""
    from automations.contacts import load_directory
    from substrate.sources.configured import load_sources

    load_sources(settings.resolved_sources_file)
    load_directory(settings.resolved_contacts_file)


def _migrate(*, as_json: bool) -> None:
    """Bring the database up to date before anybody looks, in a process that gives its memory back."""
    words = ["db", "upgrade", *(["--json"] if as_json else [])]
    command = python("-c", "from console.cli import main; main()", *words)
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)  # noqa: S603  # our own command
    if done.returncode:
        raise typer.Exit(done.returncode)


def _signals() -> tuple[Event, Event]:
    """The first Ctrl-C or SIGTERM asks to stop, the second to be quick about it."""
    stop, hurry = Event(), Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        (hurry if stop.is_set() else stop).set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ask)
    return stop, hurry
