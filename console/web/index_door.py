"""/index: what the owner of the index does for commands on the same machine, which alone have the machine's key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from console.keeper import verdicts_told
from console.web.asking import Handler, Reception, Refused, answered
from flows.desk import Desk
from rag.index import Index
from substrate.errors import UnavailableError
from substrate.keyring import LOCAL


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FollowAsked(_Asked):
    """Take over what is new."""


class VerifyAsked(_Asked):
    """Compare and mend; deep: the vectors' numbers too."""

    deep: bool = False


class PromoteAsked(_Asked):
    """Let a generation answer; insist: whatever the gates say."""

    generation: int
    insist: bool = False


class IndexDoor:
    """Answers commands.

    Args:
        desk: has the shelf on which the index is.
        reception: lets requests in.
    """

    def __init__(self, desk: Desk, reception: Reception) -> None:
        self._desk = desk
        self._reception = reception

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Method, path and handler of everything that can be asked here."""
        return [
            ("POST", "/index/follow", answered(self.follow)),
            ("POST", "/index/verify", answered(self.verify)),
            ("POST", "/index/promote", answered(self.promote)),
        ]

    async def follow(self, request: Request) -> Response:
        """POST: follow the ledger to its end."""
        await self._let_in(request)
        await self._reception.asked(request, FollowAsked)
        return await self._told(lambda index: {"changes": index.catch_up()})

    async def verify(self, request: Request) -> Response:
        """POST: compare with the ledger, and mend."""
        await self._let_in(request)
        asked = await self._reception.asked(request, VerifyAsked)
        return await self._told(
            lambda index: {name: asdict(repair) for name, repair in index.reconcile(deep=asked.deep).items()}
        )

    async def promote(self, request: Request) -> Response:
        """POST: let a generation answer."""
        await self._let_in(request)
        asked = await self._reception.asked(request, PromoteAsked)
        return await self._told(lambda index: verdicts_told(index.promote(asked.generation, insist=asked.insist)))

    async def _let_in(self, request: Request) -> None:
        if await self._reception.caller(request) is not LOCAL:
            raise Refused(403, "this is for commands on the same machine")

    async def _told(self, work: Callable[[Index], Any]) -> Response:
        def done() -> Any:
            index = self._desk.shelf.opened().index
            if not isinstance(index, Index):
                raise UnavailableError("this process owns no index")
            return work(index)

        return Response(orjson.dumps(await self._reception.done(done, slow=True)), media_type="application/json")
