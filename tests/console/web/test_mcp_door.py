"""The tools over streamable HTTP, tried with the library's own client; and who is kept from them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from console.web.app import create_app
from console.web.parts import Parts
from substrate.access import Caller
from substrate.database import open_database
from tests.console.web.asked import CLERK, HERE, NURSE, Ward
from verticals.hospital import vertical

QUESTION = "When is a patient discharged?"
TOOLS = ["context", "explain_alert", "get_features", "list_alerts", "search"]
_Found = TypeVar("_Found")


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    """A hospital, and a database that is closed after it."""
    database = open_database(f"sqlite:///{tmp_path / 'test.sqlite'}")
    yield Ward(tmp_path / "home", database)
    database.close()


def spoken(ward: Ward, caller: Caller, said: Callable[[Client], Awaitable[_Found]], *, mode: Any = "auto") -> _Found:
    """What a client of the library finds out."""

    async def run() -> _Found:
        async with _web(ward) as transport:
            headers = {"authorization": f"Bearer {ward.keys[caller.name]}"}
            async with (
                httpx2.AsyncClient(transport=transport, base_url=HERE, headers=headers) as web,
                Client(streamable_http_client(f"{HERE}/mcp", http_client=web), mode=mode) as client,
            ):
                return await said(client)

    return asyncio.run(run())


@asynccontextmanager
async def _web(ward: Ward) -> AsyncIterator[httpx2.ASGITransport]:
    app: Any = create_app(ward.settings, ward.database, [vertical], ward.clock, Parts(shelf=ward.shelf))
    inner = app._app._app
    async with inner.router.lifespan_context(inner):
        yield httpx2.ASGITransport(app)


def called(ward: Ward, caller: Caller, tool: str, **arguments: Any) -> tuple[bool, Any]:
    """Whether a call failed, and what it gave."""

    async def call(client: Client) -> tuple[bool, Any]:
        result = await client.call_tool(tool, arguments)
        told = result.content[0]
        return result.is_error, getattr(told, "text", "") if result.is_error else result.structured_content

    return spoken(ward, caller, call)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_five_tools_that_only_read(ward: Ward, mode: str) -> None:
    tools = spoken(ward, NURSE, lambda client: client.list_tools(), mode=mode).tools
    assert sorted(tool.name for tool in tools) == TOOLS
    assert all(tool.annotations is not None and tool.annotations.read_only_hint for tool in tools)
    assert all(tool.output_schema and tool.description for tool in tools)


def test_a_search_gives_what_http_gives(ward: Ward) -> None:
    failed, found = called(ward, NURSE, "search", copilot="ward", question=QUESTION)
    assert not failed
    assert {hit["document"] for hit in found["hits"]} == {"discharge.md", "note/1"}
    assert found["hits"][0]["version"] == "v1"


def test_a_context_and_features_of_a_record(ward: Ward) -> None:
    _, found = called(ward, NURSE, "context", copilot="ward", question=QUESTION, kind="patient", key="p-north")
    assert found["features"]["features"]["visits_365d"]["value"] == 0
    _, alone = called(ward, NURSE, "get_features", kind="patient", key="p-north", names=["visits_365d"])
    assert list(alone["features"]) == ["visits_365d"]


def test_alerts_are_listed_and_one_that_is_not_there_cannot_be_explained(ward: Ward) -> None:
    assert called(ward, NURSE, "list_alerts") == (False, {"alerts": []})
    failed, said = called(ward, NURSE, "explain_alert", code="3fa9c1")
    assert failed
    assert "there is no such alert" in said


def test_what_is_not_for_the_caller_is_an_error_that_says_what_to_do(ward: Ward) -> None:
    failed, said = called(ward, CLERK, "get_features", kind="patient", key="p-north")
    assert failed
    assert "clearance pii" in said
    theirs = called(ward, NURSE, "get_features", kind="patient", key="p-south")
    nobodys = called(ward, NURSE, "get_features", kind="patient", key="p-nobody")
    assert theirs == nobodys


def test_an_argument_that_is_wrong_is_named(ward: Ward) -> None:
    failed, said = called(ward, NURSE, "search", copilot="ward", question=QUESTION, k=0)
    assert failed
    assert "\nk\n" in said


def test_until_the_index_is_open_a_tool_says_so(ward: Ward) -> None:
    ward.shelf.trouble = "the index is being opened"
    failed, said = called(ward, NURSE, "search", copilot="ward", question=QUESTION)
    assert failed
    assert "the index is being opened" in said
    assert called(ward, NURSE, "list_alerts")[0] is False


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"authorization": ""}, 401),
        ({"authorization": "Bearer pl_000000000000_nothing"}, 401),
        ({"host": "evil.example"}, 421),
        ({"origin": "https://evil.example"}, 403),
        ({}, 200),
    ],
)
def test_strangers_and_strange_pages_are_kept_out(ward: Ward, headers: dict[str, str], status: int) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accepted = {"accept": "application/json, text/event-stream"}
    with ward.served(NURSE) as client:
        assert client.post("/mcp", json=body, headers={**accepted, **headers}).status_code == status


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "HEAD"])
def test_nothing_is_only_listened_to(ward: Ward, method: str) -> None:
    with ward.served(NURSE) as client:
        answer = client.request(method, "/mcp", headers={"accept": "text/event-stream"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
