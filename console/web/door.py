"""POST /ingest/{source}: who pushes is asked first, then the body is kept as it came, and then it is answered.

Nothing is decided about the event here, but whether it can be a body at all. A FHIR server's rest-hook also comes as
PUT and DELETE with the record's type and id behind the source's name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

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

_KEYS = ("webhook-id", "idempotency-key", "x-event-id")
_KEY = re.compile(rf"[!-~]{{1,{KEY_LENGTH}}}")
_PLAIN = ("", "identity")
_LATER_SECONDS = 5
_FORMS = {"auto": "JSON or NDJSON", "epcis": "JSON, JSON-LD or XML"}


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
    """Answers senders.

    Args:
        settings: the limits.
        sources: what may be pushed, by name.
        letterbox: keeps events.
        clock: says what time it is.
        meters: what is counted.
    """

    def __init__(
        self,
        settings: Settings,
        sources: Mapping[str, SourceEntry],
        letterbox: Letterbox,
        clock: Clock,
        meters: Meters,
    ) -> None:
        self._settings = settings
        self._max_age = parse_duration(settings.push_max_age)
        self._sources = {name: entry.push for name, entry in sources.items() if entry.push is not None}
        self._letterbox = letterbox
        self._clock = clock
        self._meters = meters

    async def receive(self, request: Request) -> Response:
        """Answer one event."""
        found = await self.admit(request, request.path_params["source"])
        if isinstance(found, Refusal):
            return _refused(found)
        return _json(202, {"event_id": found.key, "correlation": found.correlation})

    async def admit(self, request: Request, name: str, note: str = "") -> Receipt | Refusal:
        """Keep one event, or say why not; which of them is counted.

        Args:
            request: its headers and body.
            name: the source whose event it is said to be.
            note: what is kept behind the content type, for those who read it.
        """
        # Names that strangers make up must not become labels.
        label = name if name in self._sources else "unknown"
        try:
            receipt = await self._kept(await self._arrival(request, name, note))
        except Refusal as refusal:
            self._meters.events.labels(label, refusal.outcome).inc()
            return refusal
        except PlumblineError:
            self._meters.events.labels(label, "busy").inc()
            return Refusal(503, "busy", "the event could not be kept; send it again")
        except ClientDisconnect:
            return Refusal(400, "gone", "the sender hung up")
        self._meters.events.labels(label, "accepted" if receipt.kept is Kept.NEW else "repeat").inc()
        return receipt

    async def let_ask(self, request: Request, name: str) -> None:
        """Let only those ask about a source who may push to it.

        Raises:
            Refusal: it is somebody else.
        """
        await self._proven(request, self._sources.get(name, STRANGER))

    async def _kept(self, arrival: Arrival) -> Receipt:
        receipt = await self._letterbox.put(arrival)
        if receipt.kept is Kept.CONFLICT:
            raise Refusal(409, "conflict", "this event id was used with another body")
        return receipt

    async def _arrival(self, request: Request, name: str, note: str) -> Arrival:
        options = self._sources.get(name, STRANGER)
        body = await self._proven(request, options)
        if len(body) > options.max_bytes:
            raise _too_large(options.max_bytes)
        self._not_now()
        content_type, body = _told(request, options, body)
        word = correlation() or correlation_of(request.headers.get("traceparent"))
        return Arrival(name, _key(request.headers), content_type + note, body, word, self._clock.now())

    async def _proven(self, request: Request, options: PushOptions) -> bytes:
        """The body, from somebody who may push it; of a stranger's no more is read than must be."""
        headers = request.headers
        known, signed = shows_key(options, headers), is_signed(headers)
        if not known and not signed:
            raise Refusal(401, "refused", "not accepted")
        body = await self._body(request)
        if not known and not proves_body(options, headers, body, self._clock.now()):
            raise Refusal(401, "refused", "not accepted")
        return body

    async def _body(self, request: Request) -> bytes:
        limit = self._settings.push_max_bytes
        told = request.headers.get("content-length", "0")
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


def _told(request: Request, options: PushOptions, body: bytes) -> tuple[str, bytes]:
    """What the event says, and in which form."""
    content_type = request.headers.get("content-type", "")
    if request.method == "DELETE":
        return "application/fhir+json", _deletion(request.path_params["kind"], request.path_params["key"])
    if request.headers.get("content-encoding", "").strip().lower() not in _PLAIN:
        raise Refusal(415, "unreadable", "send the body as it is, without Content-Encoding")
    form = form_of(options, content_type) if body.strip() else "json"
    if form is None:
        raise Refusal(415, "unreadable", f"send {_FORMS.get(options.format, 'JSON')}, and say so in Content-Type")
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
