"""/mcp: the tools over streamable HTTP, for programs that show a key; no page of a strange site can reach them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

from mcp.server.mcpserver import Context
from mcp.server.transport_security import TransportSecuritySettings
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from console.toolbox import Toolbox
from console.web.asking import MOST_BYTES, Reception, Refused
from flows.desk import Desk
from substrate.access import Caller
from substrate.errors import PlumblineError
from substrate.settings import Settings

_CALLER = "plumbline.caller"
_HERE = ("127.0.0.1", "localhost", "[::1]")
_Done = TypeVar("_Done")


class McpDoor:
    """Answers MCP clients; each request stands alone, so that any process may answer it.

    Args:
        settings: say under which names we may be called.
        desk: where everything is asked.
        reception: lets requests in.
    """

    def __init__(self, settings: Settings, desk: Desk, reception: Reception) -> None:
        self._reception = reception
        self._server = Toolbox(desk, caller_of, self._work).server()
        self._server.streamable_http_app(
            stateless_http=True, json_response=True, transport_security=names_of(settings),
            max_request_body_size=MOST_BYTES,
        )  # fmt: skip

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """As long as requests are answered."""
        async with self._server.session_manager.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of somebody who is known."""
        if scope["method"] != "POST":
            # Requests stand alone, so nothing would ever come on a stream that is only listened to; nor does one end
            # when its key is taken back.
            await Response(status_code=405, headers={"Allow": "POST"})(scope, receive, send)
            return
        try:
            scope[_CALLER] = await self._reception.caller(Request(scope, receive))
        except Refused as refusal:
            await refusal.answer()(scope, receive, send)
            return
        await self._server.session_manager.handle_request(scope, receive, send)

    async def _work(self, work: Callable[[], _Done]) -> _Done:
        try:
            return await self._reception.done(work)
        except Refused as refusal:
            raise PlumblineError(refusal.said, hint=refusal.hint) from None


def caller_of(context: Context[Any, Any]) -> Caller:
    """Who sent the request that a tool serves."""
    request = context.request_context.request
    if not isinstance(request, Request) or not isinstance(caller := request.scope.get(_CALLER), Caller):
        raise PlumblineError("nobody knows who asks")
    return caller


def names_of(settings: Settings) -> TransportSecuritySettings:
    """Under which names we may be called, and from pages of which sites: this machine's, and the one that is set."""
    hosts = [f"{host}:*" for host in _HERE]
    origins = [f"http://{host}:*" for host in _HERE]
    for url in (settings.resolved_web_url, settings.local_web_url):
        parts = urlsplit(url)
        hosts += [parts.netloc, f"{parts.hostname}:{parts.port}"] if parts.port else [parts.netloc]
        origins.append(f"{parts.scheme}://{parts.netloc}")
    return TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=origins)
