"""A process of a running installation: `python -m console.serve web clock`, or `flows`; the supervisor starts it.

It takes its settings from the environment, logs to standard error, and stops in order on SIGTERM or Ctrl-C.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from threading import Event
from types import FrameType

import uvicorn

from console.exits import exit_code
from console.layout import Part, prefect_command
from console.secrecy import served_secrets
from console.traced import Traced
from console.web.app import create_app
from console.web.parts import Parts, Ticking
from console.workspace import Workspace, load_settings, workspace
from flows.live_loop import LiveLoop
from flows.messenger import Messenger
from flows.orchestrator import client_environment, server_answers, server_environment
from flows.roster import Roster
from flows.shelf import FollowedShelf, Opened
from flows.ticking import Ticker
from substrate.background import answer_promptly
from substrate.clock import MINUTE
from substrate.errors import PlumblineError
from substrate.logs import configure_logging
from substrate.settings import Settings
from substrate.tracing import tracing

log = logging.getLogger(__name__)

_STOP_SECONDS = 4.0
_LOOK_SECONDS = 0.5
_BEAT_SECONDS = 5.0
_SILENT = 5 * MINUTE
"""A tick that opens thousands of alerts takes its time; from here on the watchdog reports it as stuck, too."""
_DRAIN_SECONDS = 3


def serve(parts: Sequence[Part]) -> None:
    """Run some parts in this process until it is told to stop.

    Raises:
        PlumblineError: they cannot be run.
    """
    settings = load_settings()
    configure_logging(
        "+".join(parts), shape=settings.log_format, level=settings.log_level, secrets=served_secrets(settings)
    )
    if Part.PREFECT in parts:
        command = prefect_command(settings)
        os.execve(command[0], command, {**os.environ, **server_environment(settings, os.environ)})  # noqa: S606
    with tracing("+".join(parts), os.environ):
        if Part.FLOWS in parts:
            _serve_flows(settings)
        else:
            _serve_ours(frozenset(parts))


def _serve_flows(settings: Settings) -> None:
    stop = _stop_signal()
    while not server_answers(settings, os.environ):
        if stop.wait(_LOOK_SECONDS):
            return
    # Prefect reads its settings when it is imported.
    os.environ.update(client_environment(settings, os.environ))
    from flows.deployments import serve_all

    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    serve_all(settings)


def _serve_ours(parts: frozenset[Part]) -> None:
    stop = _stop_signal()
    with workspace() as ws, ExitStack() as stack:
        clocked = _clock(ws, stack) if Part.CLOCK in parts else None
        log.info("running", extra={"database": ws.settings.safe_database_url})
        answer_promptly()
        if Part.WEB in parts:
            live = _live(ws, stack, clocked.messenger.wake if clocked else _nobody)
            _serve_web(ws, live, clocked, _shelf(ws, stack))
        elif clocked is not None:
            _beat(ws, clocked.ticker, stop)


@dataclass(frozen=True)
class _Clocked:
    ticker: Ticker
    messenger: Messenger


def _clock(ws: Workspace, stack: ExitStack) -> _Clocked:
    verticals = tuple(ws.verticals.values())
    messenger = Messenger(ws.settings, ws.database, verticals, ws.clock)
    ticker = Ticker(ws.settings, ws.database, verticals, ws.clock, holder=holder(), on_told=messenger.wake)
    messenger.start()
    stack.callback(messenger.stop, _STOP_SECONDS)
    ticker.start()
    stack.callback(ticker.stop, _STOP_SECONDS)
    return _Clocked(ticker, messenger)


def _live(ws: Workspace, stack: ExitStack, on_told: Callable[[], None]) -> LiveLoop:
    live = LiveLoop(ws.settings, ws.database, tuple(ws.verticals.values()), ws.clock, on_told)
    live.start()
    stack.callback(live.stop, _STOP_SECONDS)
    return live


def _shelf(ws: Workspace, stack: ExitStack) -> FollowedShelf:
    def opening() -> Opened:
        # Half of the libraries come with it, and whoever waits for the port need not wait for them.
        from flows.library import open_library
        from flows.retelling import Retelling

        library = open_library(ws.settings, ws.database, ws.clock, address=ws.settings.local_web_url, apart=True)
        roster = Roster(ws.settings, ws.verticals)
        retelling = Retelling(ws, roster.copilots, lambda: library.embedder, shelf.wake)
        try:
            retelling.start()
        except PlumblineError:
            library.index.close()
            raise
        stack.callback(retelling.stop, _STOP_SECONDS)
        answer_promptly()
        return library

    shelf = FollowedShelf(opening)
    shelf.start()
    stack.callback(shelf.stop, _STOP_SECONDS)
    return shelf


def _serve_web(ws: Workspace, live: LiveLoop, clocked: _Clocked | None, shelf: FollowedShelf) -> None:
    parts = Parts(clocked.ticker if clocked else None, clocked.messenger if clocked else None, live, shelf)
    app = create_app(ws.settings, ws.database, tuple(ws.verticals.values()), ws.clock, parts)
    config = uvicorn.Config(
        Traced(app), host=ws.settings.web_host, port=ws.settings.web_port, log_config=None, access_log=False,
        server_header=False, timeout_graceful_shutdown=_DRAIN_SECONDS,
    )  # fmt: skip
    # It takes the signals over while it runs, and raises them again when it is done; ours then hear them in vain.
    uvicorn.Server(config).run()


def _beat(ws: Workspace, ticker: Ticker, stop: Event) -> None:
    """Touch a file as long as the clock works: how one sees that a process without a port lives."""
    sign = ws.settings.beat_file
    while True:
        if sign is not None and ticks(ticker.health(), ws.clock.now()):
            sign.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            sign.touch()
        if stop.wait(_BEAT_SECONDS):
            return


def ticks(health: Ticking, now: int) -> bool:
    """Whether a clock does its work: it leads and ticked just now, or it stands by for another."""
    return not health.leading or (health.last_tick_at is not None and now - health.last_tick_at < _SILENT)


def holder() -> str:
    """A name for this process that no other has, here or on another machine, now or later."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def _nobody() -> None:
    """The messages leave by another process, which looks for itself."""


def _stop_signal() -> Event:
    stop = Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    return stop


def main(words: Sequence[str]) -> None:
    """Run the parts that are named; what goes wrong ends as one line of the log and an exit code."""
    try:
        serve([Part(word) for word in words])
    except PlumblineError as error:
        log.critical("%s %s", error.message, error.hint)
        sys.exit(exit_code(error))


if __name__ == "__main__":
    main(sys.argv[1:])
