"""One line and one count a request: method, path, status and time, never the query, a header or a body."""

from __future__ import annotations

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flows.meters import Meters

log = logging.getLogger("plumbline.access")

_PROBED = ("/healthz", "/readyz", "/metrics")
"""Asked every few seconds, and no news."""


class Access:
    """Wraps an application."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app = app
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, and note that."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route(scope)
        self._meters.requests.labels(scope["method"], route, str(status)).inc()
        self._meters.request_seconds.labels(route).observe(seconds)
        if scope["path"] not in _PROBED:
            facts = {"method": scope["method"], "path": _path(scope), "status": status, "ms": round(seconds * 1000, 1)}
            log.info("answered", extra=facts)


def _path(scope: Scope) -> str:
    """The path without a record's key, which may be a person's."""
    key = scope.get("path_params", {}).get("key")
    return "/".join("{key}" if part == key else part for part in scope["path"].split("/")) if key else scope["path"]


def _route(scope: Scope) -> str:
    """The path as it is declared; all that nobody answers for is one, as strangers make up any number of paths."""
    if "endpoint" not in scope:
        return "other"
    names = {value: f"{{{name}}}" for name, value in scope.get("path_params", {}).items()}
    return "/".join(names.get(part, part) for part in scope["path"].split("/"))
