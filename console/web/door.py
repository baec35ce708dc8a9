"""POST /ingest/{source}: who pushes is asked first, then the body is kept as it came, and then it is answered.

Nothing is decided about the event here, but whether it can be a body at all. A FHIR server's rest-hook also comes as
PUT and DELETE with the record's type and id behind the source's name. Events do not pass through the framework of the
pages: finding their way through it took longer than everything that is done with them here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from console.web.letterbox import Letterbox
from console.web.sender import STRANGER, is_signed, proves_body, shows_key
from flows.meters import Meters
from substrate.arrivals import KEY_LENGTH, Arrival, Kept, Receipt
from substrate.clock import Clock, parse_duration
from substrate.correlation import correlation, correlation_of
from substrate.errors import PlumblineError
from substrate.settings import Settings
from substrate.sources.configured import SourceEntry
from substrate.sources.push import PushOptions, form_of

_PLACE = re.compile(r"/ingest/(?P<source>[^/]+)(?:/(?P<kind>[^/]+)/(?P<key>[^/]+))?/?")
_METHODS = {False: ("POST",), True: ("PUT", "POST", "DELETE")}
"""Without and with a record's type and id."""

_KEYS = ("webhook-id", "idempotency-key", "x-event-id")
_KEY = re.compile(rf"[!-~]{{1,{KEY_LENGTH}}}")
_PLAIN = ("", "identity")
_LATER_SECONDS = 5


class Refusal(Exception):
    """The answer to an event that is not kept.

    Args:
        status: of HTTP.
        outcome: how it is counted.
        said: what the sender is told.
    """

    def __init__(self, status: int, outcome: str, said: str) -> None:
        super().__init__(said)
        self.status = status
        self.outcome = outcome
        self.said = said


class Door:
    """Answers senders, and leaves all other requests to the application behind it.

    Args:
        app: the application.
        settings: the limits.
        sources: what may be pushed, by name.
        letterbox: keeps events.
        clock: says what time it is.
        meters: what is counted.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        sources: Mapping[str, SourceEntry],
        letterbox: Letterbox,
        clock: Clock,
        meters: Meters,
    ) -> None:
        self._app = app
        self._settings = settings
        self._max_age = parse_duration(settings.push_max_age)
        self._sources = {name: entry.push for name, entry in sources.items() if entry.push is not None}
        self._letterbox = letterbox
        self._clock = clock
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        place = _PLACE.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if place is None:
            await self._app(scope, receive, send)
            return
        # As the framework would say it: whoever counts requests asks for that.
        scope["path_params"] = {name: found for name, found in place.groupdict().items() if found is not None}
        scope["endpoint"] = self
        allowed = _METHODS[place["kind"] is not None]
        if scope["method"] in allowed:
            answer = await self._answered(Request(scope, receive))
        else:
            answer = Response(status_code=405, headers={"Allow": ", ".join(allowed)})
        await answer(scope, receive, send)

    async def _answered(self, request: Request) -> Response:
        name = request.path_params["source"]
        # Names that strangers make up must not become labels.
        label = name if name in self._sources else "unknown"
        try:
            receipt = await self._kept(await self._arrival(request, name))
        except Refusal as refusal:
            self._meters.events.labels(label, refusal.outcome).inc()
            return _refused(refusal)
        except PlumblineError:
            self._meters.events.labels(label, "busy").inc()
            return _refused(Refusal(503, "busy", "the event could not be kept; send it again"))
        except ClientDisconnect:
            return Response(status_code=400)
        self._meters.events.labels(label, "accepted" if receipt.kept is Kept.NEW else "repeat").inc()
        return _json(202, {"event_id": receipt.key, "correlation": receipt.correlation})

    async def _kept(self, arrival: Arrival) -> Receipt:
        receipt = await self._letterbox.put(arrival)
        if receipt.kept is Kept.CONFLICT:
            raise Refusal(409, "conflict", "this event id was used with another body")
        return receipt

    async def _arrival(self, request: Request, name: str) -> Arrival:
        options, headers = self._sources.get(name, STRANGER), _headers(request)
        body = await self._proven(request, headers, options)
        if len(body) > options.max_bytes:
            raise _too_large(options.max_bytes)
        self._not_now()
        content_type, body = _told(request, headers, options, body)
        word = correlation() or correlation_of(headers.get("traceparent"))
        return Arrival(name, _key(headers), content_type, body, word, self._clock.now())

    async def _proven(self, request: Request, headers: Mapping[str, str], options: PushOptions) -> bytes:
        """The body, from somebody who may push it; of a stranger's no more is read than must be."""
        known, signed = shows_key(options, headers), is_signed(headers)
        if not known and not signed:
            raise Refusal(401, "refused", "not accepted")
        body = await self._body(request, headers)
        if not known and not proves_body(options, headers, body, self._clock.now()):
            raise Refusal(401, "refused", "not accepted")
        return body

    async def _body(self, request: Request, headers: Mapping[str, str]) -> bytes:
        limit = self._settings.push_max_bytes
        told = headers.get("content-length", "0")
        if told.isascii() and told.isdigit() and int(told) > limit:
            raise _too_large(limit)
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > limit:
                raise _too_large(limit)
            parts.append(part)
        return b"".join(parts)

    def _not_now(self) -> None:
        backlog = self._letterbox.backlog
        late = backlog.age(self._clock.now()) > self._max_age
        if late or backlog.waiting >= self._settings.push_max_waiting or self._letterbox.is_full:
            raise Refusal(503, "busy", "too many events wait; come again later")


def _headers(request: Request) -> dict[str, str]:
    """The headers by name, in small letters; of several with one name the first, as the framework has it."""
    found: dict[str, str] = {}
    for name, value in request.scope["headers"]:
        found.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    return found


def _told(request: Request, headers: Mapping[str, str], options: PushOptions, body: bytes) -> tuple[str, bytes]:
    """What the event says, and in which form."""
    content_type = headers.get("content-type", "")
    if request.method == "DELETE":
        return "application/fhir+json", _deletion(request.path_params["kind"], request.path_params["key"])
    if headers.get("content-encoding", "").strip().lower() not in _PLAIN:
        raise Refusal(415, "unreadable", "send the body as it is, without Content-Encoding")
    form = form_of(options, content_type) if body.strip() else "json"
    if form is None:
        raise Refusal(415, "unreadable", "send JSON or NDJSON, and say so in Content-Type")
    if form == "json" and body.strip() and not _holds_records(body):
        raise Refusal(400, "unreadable", "the body is no JSON object or array")
    return content_type, body


def _deletion(kind: str, key: str) -> bytes:
    """What a DELETE says, as an event's body."""
    entry = {"request": {"method": "DELETE", "url": f"{kind}/{key}"}}
    return orjson.dumps({"resourceType": "Bundle", "type": "history", "entry": [entry]})


def _holds_records(body: bytes) -> bool:
    try:
        return isinstance(orjson.loads(body), dict | list)
    except orjson.JSONDecodeError:
        return False


def _key(headers: Mapping[str, str]) -> str | None:
    """The sender's own name for the event."""
    found = next((headers[name] for name in _KEYS if name in headers), None)
    if found is not None and not _KEY.fullmatch(found):
        raise Refusal(400, "unreadable", f"an event id is 1 to {KEY_LENGTH} printable characters without spaces")
    return found


def _too_large(limit: int) -> Refusal:
    return Refusal(413, "too_large", f"the body is larger than {limit} bytes; send it in parts")


def _refused(refusal: Refusal) -> Response:
    answer = _json(refusal.status, {"error": refusal.said})
    if refusal.status == 503:
        answer.headers["Retry-After"] = str(_LATER_SECONDS)
    if refusal.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _json(status: int, content: Any) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
