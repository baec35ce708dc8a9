"""Whether this process lives, is ready, and what it counts: /healthz, /readyz and /metrics."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from console.web.parts import Parts
from flows.meters import Meters
from substrate.clock import SECOND, Clock, parse_duration
from substrate.database import Database
from substrate.errors import PlumblineError
from substrate.inbound import Backlog
from substrate.migrate import is_current
from substrate.settings import Settings

_SILENT = 30 * SECOND
_FINE = "ok"


@dataclass(frozen=True)
class Probes:
    """Answers those who watch over the process; of its data they learn counts alone.

    Attributes:
        settings: the limits.
        database: must have every migration.
        clock: says what time it is.
        parts: must live, where they are here.
        meters: what is counted.
        waiting: the backlog of pushed events.
        token: what Prometheus must say.
    """

    settings: Settings
    database: Database
    clock: Clock
    parts: Parts
    meters: Meters
    waiting: Callable[[], Backlog]
    token: SecretStr

    def healthz(self, _request: Request) -> Response:
        """The process lives: it answers."""
        return PlainTextResponse(_FINE)

    def readyz(self, _request: Request) -> Response:
        """Whether the process can do its work, and what keeps it from it."""
        checks = {"database": self._database(), "backlog": self._backlog(), **self._parts()}
        ready = all(said == _FINE for said in checks.values())
        # Whoever pushes or is called needs no copilots: without them the rest goes on.
        told = checks if self.parts.shelf is None else {**checks, "copilots": self.parts.shelf.trouble or _FINE}
        return JSONResponse({"ready": ready, "checks": told}, 200 if ready else 503)

    def metrics(self, request: Request) -> Response:
        """What is counted, for whoever knows the token."""
        said = request.headers.get("authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(said, f"Bearer {self.token.get_secret_value()}".encode()):
            return PlainTextResponse("not accepted", 401, {"WWW-Authenticate": "Bearer"})
        return Response(generate_latest(self.meters.registry), media_type=CONTENT_TYPE_LATEST)

    def _database(self) -> str:
        try:
            return _FINE if is_current(self.database) else "not migrated"
        except PlumblineError:
            return "cannot be reached"

    def _backlog(self) -> str:
        backlog = self.waiting()
        if backlog.waiting >= self.settings.push_max_waiting:
            return "too many events wait"
        old = backlog.age(self.clock.now()) > parse_duration(self.settings.push_max_age)
        return "an event waits too long" if old else _FINE

    def _parts(self) -> dict[str, str]:
        parts, found = self.parts, {}
        if parts.live is not None:
            live = parts.live.health()
            found["live"] = (live.trouble and "in trouble") or (_FINE if live.alive else "stopped")
        if parts.messenger is not None:
            messenger = parts.messenger.health()
            found["messenger"] = (messenger.failing and "in trouble") or (_FINE if messenger.alive else "stopped")
        if parts.ticker is not None:
            found["clock"] = self._clock_part(parts)
        return found

    def _clock_part(self, parts: Parts) -> str:
        health = parts.ticker.health() if parts.ticker else None
        if health is None or not health.leading:
            return _FINE  # it stands by for the one that leads
        last = health.last_tick_at
        return _FINE if last is not None and self.clock.now() - last < _SILENT else "does not tick"
