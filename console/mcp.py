"""`plumbline mcp`: the tools over standard input and output, for programs that start their MCP servers themselves."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import anyio
import anyio.to_thread
import typer

from console.local import local_key
from console.workspace import Workspace, load_settings, workspace
from substrate.access import Caller
from substrate.errors import AuthenticationError
from substrate.keyring import LOCAL, Keyring
from substrate.settings import Settings

_KEY = "PLUMBLINE_API_KEY"
_STOP_SECONDS = 10.0
_Done = TypeVar("_Done")


def mcp(
    _as_json: Annotated[
        bool, typer.Option("--json", help="Say what goes wrong as JSON; what MCP says always is.")
    ] = False,
) -> None:
    """Serve MCP on standard input and output: search, context, get_features, list_alerts and explain_alert.

    What the tools show is what the key in PLUMBLINE_API_KEY may see; without one, everything: whoever can start this
    can read the data folder. Where the web process runs, it answers; else the index is opened here.

    Example: PLUMBLINE_API_KEY=pl_0123456789ab_… plumbline mcp
    """
    from rag.lock import holder_of

    settings = load_settings()
    holder = holder_of(settings.resolved_index_dir)
    if holder is not None and holder.address is not None:
        from console.bridge import bridge

        anyio.run(bridge, holder.address, _shown(settings))
        return
    with workspace() as ws:
        _serve(ws)


def _shown(settings: Settings) -> str:
    return os.environ.get(_KEY) or local_key(settings).get_secret_value()


def _serve(ws: Workspace) -> None:
    from console.toolbox import Toolbox
    from flows.desk import open_desk
    from flows.library import open_library
    from flows.shelf import FollowedShelf

    key = os.environ.get(_KEY)
    keyring = Keyring(ws.database)

    def who(_context: Any) -> Caller:
        # Asked again for each call, so that a key that was taken back ends the conversation.
        return LOCAL if key is None else keyring.caller(f"Bearer {key}", ws.clock.now())

    async def work(done: Callable[[], _Done]) -> _Done:
        return await anyio.to_thread.run_sync(done)

    if key is not None:
        _refuse_wrong(keyring, key, ws)
    library = open_library(ws.settings, ws.database, ws.clock, apart=True)
    shelf = FollowedShelf(lambda: library, at_first=library)
    shelf.start()
    try:
        desk = open_desk(ws.settings, ws.database, ws.clock, ws.verticals, shelf)
        Toolbox(desk, who, work).server().run("stdio")
    finally:
        shelf.stop(_STOP_SECONDS)


def _refuse_wrong(keyring: Keyring, key: str, ws: Workspace) -> None:
    try:
        keyring.caller(f"Bearer {key}", ws.clock.now())
    except AuthenticationError as error:
        raise AuthenticationError(f"the key in {_KEY} opens nothing", hint=error.hint) from None
