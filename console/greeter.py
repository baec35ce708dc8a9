"""What `plumbline up` says: where to look, a line of the log for every turn, and what its programs say."""

from __future__ import annotations

import logging
import os
import re
import sys
import time
from collections.abc import Sequence
from threading import Lock, Timer
from typing import Any

import orjson

from console.layout import Part, web_address
from console.supervisor import News, Turn
from console.terminal import screen
from flows.orchestrator import api_url, auth_file, is_foreign
from substrate.settings import Settings

log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 30.0
"""How long a program that reads our line waits for what is slow to start; then it is told what there is."""

_WORD = re.compile(r"[A-Za-z]{3}")


class Greeter:
    """Hears of every turn, and says that all is up.

    Args:
        settings: where things are.
        parts: what is run.
        began: when the start began, by the monotonic clock.
        as_json: one line for a program, instead of a page for people.
    """

    def __init__(self, settings: Settings, parts: Sequence[Part], began: float, *, as_json: bool) -> None:
        self._settings = settings
        self._parts = parts
        self._began = began
        self._as_json = as_json
        self._ready: set[str] = set()
        self._said = False
        self._lock = Lock()
        self._timer: Timer | None = None

    def tell(self, news: News) -> None:
        """Log a turn; greet when the time has come."""
        facts = {"program": news.program, "pid": news.pid}
        log.log(_level(news), "%s", sentence(news), extra=facts)
        if news.turn is Turn.READY:
            self._ready.add(news.program)
            self._perhaps_greet()
        elif news.turn in (Turn.STOPPED, Turn.KILLED) and self._timer is not None:
            self._timer.cancel()

    def wait(self) -> None:
        """Wait until a program has been told, late as it may be."""
        if self._timer is not None:
            self._timer.join()

    def _perhaps_greet(self) -> None:
        own = self._parts[0] if self._parts[0] in (Part.WEB, Part.CLOCK) else None
        if own is not None and own not in self._ready:
            return
        # People read on; a program gets one line, and wants to know of all.
        if not self._as_json or self._ready >= self._names():
            self._greet()
        elif self._timer is None:
            self._timer = Timer(_PATIENCE_SECONDS, self._greet)
            self._timer.daemon = True
            self._timer.start()

    def _greet(self) -> None:
        with self._lock:
            if self._said:
                return
            self._said = True
        if self._timer is not None:
            self._timer.cancel()
        facts = self._facts()
        if self._as_json:
            screen.out(orjson.dumps(facts).decode(), highlight=False)
            sys.stdout.flush()
        else:
            _show(facts, auth_file(self._settings))

    def _names(self) -> set[str]:
        ours = [part for part in self._parts if part in (Part.WEB, Part.CLOCK)]
        return {str(part) for part in self._parts if part not in ours[1:]}

    def _facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = {"up": True, "seconds": round(time.monotonic() - self._began, 2)}
        facts |= {"ready": sorted(self._ready), "starting": sorted(self._names() - self._ready)}
        facts |= {"pid": os.getpid(), "home": str(self._settings.home)}
        if Part.WEB in self._parts:
            facts["web"] = web_address(self._settings)
        if Part.PREFECT in self._parts or Part.FLOWS in self._parts:
            facts["prefect"] = api_url(self._settings, os.environ)
        return facts


class Echo:
    """Passes on what programs say: lines of ours as they are, those of others as records of ours."""

    def __init__(self, shape: str) -> None:
        self._json = shape == "json"
        self._lock = Lock()

    def __call__(self, name: str, line: str) -> None:
        if name != Part.PREFECT and (line.startswith("{") or not self._json):
            with self._lock:
                sys.stderr.write(line + "\n")
                sys.stderr.flush()
        elif _WORD.search(line):  # a banner's drawing says nothing
            log.info("%s", line.strip(), extra={"program": name})


def sentence(news: News) -> str:
    """A turn in words."""
    match news.turn:
        case Turn.STARTED:
            return f"{news.program} starts"
        case Turn.READY:
            return f"{news.program} is ready after {news.seconds:.1f} s"
        case Turn.ENDED:
            wait = f"{news.wait:g} s" if news.wait is not None else "a while"
            return f"{news.program} {_end(news.code)} after {news.seconds:.1f} s, and is started again in {wait}"
        case Turn.STOPPED:
            return f"{news.program} stopped"
        case Turn.KILLED:
            return f"{news.program} did not stop in time, and was killed"


def _end(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was ended by signal {-code}"
    return f"ended with code {code}"


def _level(news: News) -> int:
    return logging.WARNING if news.turn in (Turn.ENDED, Turn.KILLED) else logging.INFO


def _show(facts: dict[str, Any], password: Any) -> None:
    screen.print(f"[bold]Plumbline is up[/] [dim]after {facts['seconds']} s; Ctrl-C stops it[/]")
    if web := facts.get("web"):
        screen.print(f"  pages, API     {web}", soft_wrap=True)
        screen.print(f"  health         {web}/healthz  {web}/readyz  {web}/metrics", soft_wrap=True)
    if prefect := facts.get("prefect"):
        note = "" if is_foreign(os.environ) else f"  [dim]user and password: {password}[/]"
        screen.print(f"  Prefect        {prefect.removesuffix('/api')}{note}", soft_wrap=True)
    screen.print(f"  data           {facts['home']}", soft_wrap=True)
    if facts["starting"]:
        screen.print(f"  [dim]still starting: {', '.join(facts['starting'])}[/]")
