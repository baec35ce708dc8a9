"""The short way of pushed events to the door: finding theirs through the pages' framework took longer than the rest."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from console.web.door import Door

_PLACE = re.compile(r"/ingest/(?P<source>[^/]+)(?:/(?P<kind>[^/]+)/(?P<key>[^/]+))?/?")
_METHODS = {False: ("POST",), True: ("PUT", "POST", "DELETE")}
"""Without and with a record's type and id behind the source's name."""


class Lane:
    """Takes pushed events to the door, and all other requests to the application.

    Args:
        app: the application.
        door: answers senders.
    """

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        place = _PLACE.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if place is None:
            await self._app(scope, receive, send)
            return
        # As the framework would note it: whoever counts requests asks for that.
        scope["path_params"] = {name: found for name, found in place.groupdict().items() if found is not None}
        scope["endpoint"] = self._door
        allowed = _METHODS[place["kind"] is not None]
        if scope["method"] in allowed:
            answer = await self._door.receive(Request(scope, receive))
        else:
            answer = Response(status_code=405, headers={"Allow": ", ".join(allowed)})
        await answer(scope, receive, send)
