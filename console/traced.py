"""Gives every request the word that its logs, alerts and messages carry on: the caller's, if there is one."""

from __future__ import annotations

from contextlib import nullcontext

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from substrate.correlation import correlated, correlation_of
from substrate.tracing import span

_PUSHED = "/ingest/"


class Traced:
    """Wraps an application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request under its word."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        pushed = scope["path"].startswith(_PUSHED)
        word = correlation_of(Headers(scope=scope).get("traceparent"))
        with correlated(word), span("push") if pushed else nullcontext():
            await self._app(scope, receive, send)
