"""How a request becomes a question: who asks, how often, how much they send; and how an error becomes an answer."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from console.web.pace import Pace
from substrate.access import Caller
from substrate.clock import Clock
from substrate.columns import Sensitivity
from substrate.errors import (
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    DatabaseError,
    ForbiddenError,
    NotFoundError,
    PlumblineError,
    SourceError,
    UnavailableError,
)
from substrate.keyring import LOCAL, Keyring

log = logging.getLogger(__name__)

MOST_BYTES = 64 << 10
"""Of a question; the longest one fits in four bytes a letter, with room to spare."""

_LATER_SECONDS = 2
_WAITING = 64
_NOTED_SECONDS = 60.0
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")
_STATUSES: tuple[tuple[type[PlumblineError], int], ...] = (
    (AuthenticationError, 401),
    (ForbiddenError, 403),
    (NotFoundError, 404),
    (ConflictError, 409),
    (UnavailableError, 503),
    (DatabaseError, 503),
    (SourceError, 503),
    (ConfigurationError, 503),
)
_Asked = TypeVar("_Asked", bound=BaseModel)
_Found = TypeVar("_Found")

Handler = Callable[[Request], Awaitable[Response]]


class Refused(Exception):
    """A request that is not answered as it wished.

    Args:
        status: of HTTP.
        said: what is told.
        hint: what may help.
        later: seconds after which it may be tried again; None: that would not help.
    """

    def __init__(self, status: int, said: str, hint: str = "", later: int | None = None) -> None:
        super().__init__(said)
        self.status = status
        self.said = said
        self.hint = hint
        self.later = later

    def answer(self) -> Response:
        """The same as an answer."""
        told = {"error": self.said, **({"hint": self.hint} if self.hint else {})}
        answer = Response(orjson.dumps(told), self.status, media_type="application/json")
        if self.later is not None:
            answer.headers["Retry-After"] = str(self.later)
        if self.status == 401:
            answer.headers["WWW-Authenticate"] = "Bearer"
        return answer


def refusal_of(error: PlumblineError) -> Refused:
    """What an error of ours is called on the wire."""
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
    return Refused(status, error.message, error.hint, _LATER_SECONDS if status == 503 else None)


class Reception:
    """Lets requests in, and has their work done beside the event loop.

    Args:
        keyring: knows who shows a key.
        clock: says what time it is.
        pace: how often one key may ask.
        threads: how many are answered at once.
    """

    def __init__(self, keyring: Keyring, clock: Clock, pace: Pace, threads: int = 4) -> None:
        self._keyring = keyring
        self._clock = clock
        self._pace = pace
        # Whoever waits for a chat model or a whole index must not keep those waiting who only search, and neither of
        # them those who are to be turned away.
        self._quick = _Queue(threads, "plumbline-asked")
        self._slow = _Queue(2 * threads, "plumbline-answered")
        self._keys = _Queue(2, "plumbline-keys")

    def close(self) -> None:
        """Take no more work."""
        for queue in (self._quick, self._slow, self._keys):
            queue.close()

    async def note(self) -> None:
        """Write down now and then which keys are in use, for as long as it is not cancelled."""
        while True:
            await asyncio.sleep(_NOTED_SECONDS)
            try:
                await self._keys.done(self._keyring.note)
            except Refused as refusal:
                log.warning("it cannot be written down which keys are in use: %s", refusal.said)

    async def caller(self, request: Request) -> Caller:
        """Who asks.

        Raises:
            Refused: nobody knows, or they ask too often.
        """
        here, header = is_here(request), request.headers.get("authorization")
        known = await self._keys.done(lambda: self._keyring.caller(header, self._clock.now(), here=here))
        caller = as_wished(known, request.headers)
        wait = self._pace.wait(caller.name, self._clock.now())
        if wait > 0:
            raise Refused(429, "too many questions with this key", "Ask less often.", math.ceil(wait / 1_000_000))
        return caller

    async def asked(self, request: Request, model: type[_Asked]) -> _Asked:
        """What the body asks.

        Raises:
            Refused: it is too large, or not what may be asked; its values are not repeated.
        """
        try:
            return model.model_validate_json(await _body(request))
        except ValidationError as error:
            raise Refused(422, "; ".join(faults_of(error)), "docs/copilots.md says what may be asked.") from None

    async def done(self, work: Callable[[], _Found], *, slow: bool = False) -> _Found:
        """Have some work done by a thread, so that nobody else waits for it.

        Args:
            work: what is to be done.
            slow: it may take seconds.

        Raises:
            Refused: it went wrong, or too much waits already.
        """
        return await (self._slow if slow else self._quick).done(work)


class _Queue:
    """Work of one sort, done by some threads; only so much of it waits.

    Args:
        threads: how many.
        name: theirs.
    """

    def __init__(self, threads: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(threads, name)
        self._waiting = 0

    async def done(self, work: Callable[[], _Found]) -> _Found:
        """The work's result.

        Raises:
            Refused: it went wrong, or too much waits already.
        """
        if self._waiting >= _WAITING:
            raise Refused(503, "too many questions wait", "Ask again in a moment.", _LATER_SECONDS)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        except PlumblineError as error:
            raise refusal_of(error) from None
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Take no more work."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def answered(handler: Handler) -> Handler:
    """The handler, with every refusal turned into an answer."""

    async def answering(request: Request) -> Response:
        try:
            return await handler(request)
        except Refused as refusal:
            return refusal.answer()
        except ClientDisconnect:
            return Refused(400, "the caller hung up").answer()

    return answering


def as_wished(caller: Caller, headers: Mapping[str, str]) -> Caller:
    """The caller as they want to ask: cleared for less, of fewer sites; who owns the machine, in another role too.

    Raises:
        Refused: a header says no clearance.
    """
    role, level, sites = (headers.get(f"plumbline-{name}") for name in ("role", "clearance", "sites"))
    if role is None and level is None and sites is None:
        return caller
    if level is not None and level.upper() not in Sensitivity.__members__:
        raise Refused(422, "Plumbline-Clearance: write one of public, internal, pii, phi")
    named = None if sites is None else frozenset(one.strip() for one in sites.split(",") if one.strip())
    less = caller.narrowed(None if level is None else Sensitivity[level.upper()], named)
    return replace(less, role=role) if role is not None and caller is LOCAL else less


def is_here(request: Request) -> bool:
    """Whether a request comes from this machine itself, and by no proxy."""
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def faults_of(error: ValidationError) -> list[str]:
    """What is wrong with which field, without what was said in it."""
    return [
        f"{'.'.join(str(part) for part in fault['loc']) or 'the body'}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_input=False, include_context=False)
    ]


async def _body(request: Request) -> bytes:
    told = request.headers.get("content-length", "0")
    if told.isascii() and told.isdigit() and int(told) > MOST_BYTES:
        raise _too_large()
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise _too_large()
        parts.append(part)
    return b"".join(parts)


def _too_large() -> Refused:
    return Refused(413, f"the body is larger than {MOST_BYTES} bytes")


def json_of(told: Any) -> Response:
    """A model as an answer."""
    return Response(told.model_dump_json(), media_type="application/json")
