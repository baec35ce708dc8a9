"""MCP over standard input and output, passed on to the web process of this machine, which has the index open."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp_types import CallToolRequestParams, CallToolResult, ListToolsResult, PaginatedRequestParams

_SECONDS = 120.0


async def bridge(address: str, key: str) -> None:
    """Pass tools and their calls on, until the client hangs up.

    Args:
        address: base address of the web process.
        key: what is shown to it.
    """
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=_SECONDS, trust_env=False) as web,
        Client(streamable_http_client(f"{address}/mcp", http_client=web)) as there,
        stdio_server() as (read, write),
    ):
        server = _server(there)
        await server.run(read, write, server.create_initialization_options())


def _server(there: Client) -> Server[Any]:
    async def tools(
        _context: ServerRequestContext[Any, Any], _params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return await there.list_tools()

    async def call(_context: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> CallToolResult:
        return await there.call_tool(params.name, params.arguments or {})

    return Server(
        "plumbline", title="Plumbline", version=version("plumbline"), instructions=there.instructions,
        on_list_tools=tools, on_call_tool=call,
    )  # fmt: skip
