"""EPCIS 2.0's capture interface: a document is kept like any pushed event, and a job tells what becomes of it.

The base URL of a source is `/epcis/SOURCE`; where only one source speaks EPCIS, or the key tells which, `/capture`
alone will do. A job is the pushed event itself, so it lasts as long as that is kept.
"""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from console.web.door import Door, Refusal
from console.web.sender import shows_key
from substrate.clock import isoformat
from substrate.database import Database
from substrate.errors import PlumblineError
from substrate.inbound import Inbound
from substrate.sources.configured import SourceEntry
from substrate.sources.epcis_rows import ROLLBACK
from substrate.sources.push import PushOptions
from substrate.standing import RefusedRow, Standing, newest, refused_rows, standing

_BEHAVIOURS = ("gs1-capture-error-behaviour", "gs1-epcis-capture-error-behaviour")
_VERSION = re.compile(r"(?:1\.[0-2]|2\.0)(?:\.\d+)*")
_PAGE, _LARGEST_PAGE = 30, 1_000
_ERRORS = 100
_PROBLEMS = {
    400: ("ValidationException", "the document is not what EPCIS says"),
    401: ("SecurityException", "not accepted"),
    404: ("NoSuchResourceException", "there is no such capture job (any more)"),
    406: ("NotAcceptableException", "this version of EPCIS is not spoken here"),
    409: ("ValidationException", "the document's name is taken"),
    413: ("CaptureLimitExceededException", "the document is too large"),
    415: ("UnsupportedMediaTypeException", "this form of document is not read"),
    503: ("ImplementationException", "come again later"),
}
_SPOKEN = {
    "GS1-EPCIS-Version": "2.0.0",
    "GS1-EPCIS-Min": "1.2",
    "GS1-EPCIS-Max": "2.0.0",
    "GS1-CBV-Version": "2.0.0",
    "GS1-EPC-Format": "Never_Translates",
}


class Capture:
    """Answers those who capture, and those who ask what became of it.

    Args:
        door: keeps events.
        sources: what may be pushed, by name.
        database: where jobs are looked up.
        max_bytes: the largest body that the house takes.
    """

    def __init__(self, door: Door, sources: Mapping[str, SourceEntry], database: Database, max_bytes: int) -> None:
        self._door = door
        self._database = database
        self._max_bytes = max_bytes
        pushed = {name: entry.push for name, entry in sources.items()}
        self._sources = {name: push for name, push in pushed.items() if push is not None and push.format == "epcis"}

    async def discover(self, _request: Request) -> Response:
        """OPTIONS: what is spoken here."""
        limits = {"GS1-EPCIS-Capture-File-Size-Limit": str(self._max_bytes), "GS1-Capture-Error-Behaviour": "rollback"}
        return Response(status_code=204, headers={**_SPOKEN, **limits})

    async def receive(self, request: Request) -> Response:
        """POST: keep a document, and say where its job is."""
        version = request.headers.get("gs1-epcis-version", "2.0.0")
        if not _VERSION.fullmatch(version.strip()):
            return _problem(406)
        behaviour = _behaviour(request.headers)
        if behaviour is None:
            return _problem(400, "GS1-Capture-Error-Behaviour is rollback or proceed")
        note = f"; {ROLLBACK}" if behaviour == "rollback" else ""
        found = await self._door.admit(request, self._named(request), note)
        if isinstance(found, Refusal):
            return _problem(found.status, found.said)
        place = f"{request.url.path.rstrip('/')}/{_capture_id(found.key)}"
        return Response(status_code=202, headers={**_SPOKEN, "Location": place})

    async def job(self, request: Request) -> Response:
        """GET of one job."""
        name = self._named(request)
        try:
            await self._door.let_ask(request, name)
            told = await run_in_threadpool(self._job, name, _key_in(request.path_params["job"]))
        except Refusal as refusal:
            return _problem(refusal.status, refusal.said)
        except PlumblineError:
            return _problem(503)
        return _problem(404) if told is None else _json(told)

    async def jobs(self, request: Request) -> Response:
        """GET of the newest jobs, page by page."""
        name, told = self._named(request), request.query_params
        size, before = told.get("perPage", str(_PAGE)), told.get("nextPageToken", "")
        if not _is_number(size) or (before and not _is_number(before)):
            return _problem(400, "perPage and nextPageToken are numbers that we gave")
        count = min(max(int(size), 1), _LARGEST_PAGE)
        try:
            await self._door.let_ask(request, name)
            found = await run_in_threadpool(self._jobs, name, count, int(before) if before else None)
        except Refusal as refusal:
            return _problem(refusal.status, refusal.said)
        except PlumblineError:
            return _problem(503)
        answer = _json([_told(one, refused) for one, refused in found])
        if len(found) == count:
            more = f"{request.url.path}?perPage={count}&nextPageToken={found[-1][0].number}"
            answer.headers["Link"] = f'<{more}>; rel="next"'
        return answer

    def _named(self, request: Request) -> str:
        """The source that is spoken to: in the path, else the only one, else the one whose key is shown."""
        if "source" in request.path_params:
            return str(request.path_params["source"])
        if len(self._sources) == 1:
            return next(iter(self._sources))
        shown = [name for name, push in self._sources.items() if _is_shown(push, request)]
        return shown[0] if shown else ""

    def _job(self, name: str, key: str) -> dict[str, Any] | None:
        with self._database.read() as connection:
            found = standing(connection, name, key)
            if found is None:
                return None
            return _told(found, refused_rows(connection, name, found.number, _ERRORS) if found.refused else [])

    def _jobs(self, name: str, count: int, before: int | None) -> list[tuple[Standing, list[RefusedRow]]]:
        with self._database.read() as connection:
            return [
                (one, refused_rows(connection, name, one.number, _ERRORS) if one.refused else [])
                for one in newest(connection, name, count, before)
            ]


def _is_shown(push: PushOptions, request: Request) -> bool:
    return shows_key(push, request.headers)


def _capture_id(key: str) -> str:
    """An event's key as a part of a path, whatever characters it holds."""
    return urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _key_in(capture_id: str) -> str:
    """The key again; empty where somebody made up an id."""
    try:
        return urlsafe_b64decode(capture_id + "=" * (-len(capture_id) % 4)).decode()
    except (binascii.Error, ValueError):
        return ""


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16


def _behaviour(headers: Mapping[str, str]) -> str | None:
    """What shall become of a document with a bad event in it; None: something that we do not know."""
    said = next((headers[name].strip().lower() for name in _BEHAVIOURS if name in headers), "rollback")
    return said if said in ("rollback", "proceed") else None


def _told(found: Standing, refused: list[RefusedRow]) -> dict[str, Any]:
    """A job, as EPCIS 2.0 has it."""
    failed = found.state is Inbound.FAILED
    errors = [_error(f"event {row.line}: {row.detail} ({row.reason})") for row in refused]
    if failed:
        errors.append(_error(found.outcome or "the document could not be taken in"))
    elif found.refused > len(refused):
        errors.append(
            _error(f"{found.refused - len(refused)} more events were refused, or came again with another job")
        )
    told = {
        "captureID": _capture_id(found.key),
        "createdAt": isoformat(found.at),
        "running": found.state is Inbound.WAITING,
        "success": not failed and not found.refused,
        "captureErrorBehaviour": "rollback" if ROLLBACK in found.content_type else "proceed",
        "errors": errors,
    }
    return told if found.done_at is None else {**told, "finishedAt": isoformat(found.done_at)}


def _error(detail: str) -> dict[str, Any]:
    kind, title = _PROBLEMS[400]
    return {"type": f"epcisException:{kind}", "title": title, "status": 400, "detail": detail}


def _problem(status: int, detail: str = "") -> Response:
    kind, title = _PROBLEMS.get(status, _PROBLEMS[400])
    told = {"type": f"epcisException:{kind}", "title": title, "status": status}
    body = orjson.dumps({**told, "detail": detail} if detail else told)
    headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "5"}}.get(status, {})
    return Response(body, status, media_type="application/problem+json", headers=headers)


def _json(content: Any) -> Response:
    return Response(orjson.dumps(content), media_type="application/json", headers=_SPOKEN)
