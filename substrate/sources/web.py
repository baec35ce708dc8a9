"""Requests that are retried, bounded in size, and whose failures name a URL without its secrets."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from substrate.clock import Clock, SystemClock
from substrate.errors import SourceError
from substrate.sources.backoff import RETRIED, Backoff, http_date, retry_after

_READ = 1 << 16


class UnreachableError(SourceError):
    """The server did not answer, or asked to be left alone, for longer than we try."""


class RefusedError(SourceError):
    """The server answered, and its answer is no."""

    def __init__(self, message: str, *, status: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status


class BadAnswerError(SourceError):
    """The server answered with something that is not what the standard says."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response that was read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    place: str

    def value(self) -> Any:
        """The body as JSON of any kind.

        Raises:
            BadAnswerError: it is none.
        """
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise BadAnswerError(f"{self.place} did not answer with JSON", hint="Check the base URL.") from None

    def json(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            BadAnswerError: it is none.
        """
        try:
            value = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            value = None
        if not isinstance(value, dict):
            raise BadAnswerError(f"{self.place} did not answer with a JSON object", hint="Check the base URL.")
        return value


@dataclass(frozen=True, slots=True)
class Call:
    """One request to make."""

    url: str
    method: str = "GET"
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    body: bytes | None = field(default=None, repr=False)
    wants_json: bool = True


@dataclass(slots=True)
class Web:
    """An HTTP client that tries again where that makes sense. `sleep` and `chance` are given in tests."""

    client: httpx.Client
    backoff: Backoff = field(default_factory=Backoff)
    sleep: Callable[[float], None] = time.sleep
    clock: Clock = field(default_factory=SystemClock)
    chance: Callable[[], float] = random.random
    max_bytes: int = 64 << 20
    retried: Set[int] = RETRIED
    """Statuses after which the same call is made again."""
    server_time: int | None = None
    """The last time that the server itself told us (its `Date`)."""

    def send(self, call: Call) -> Answer:
        """The final answer to a call, whatever its status, once retries are used up or not called for.

        Raises:
            UnreachableError: no answer came.
            BadAnswerError: the answer is larger than allowed, or JSON was asked for and did not come.
        """
        tried = 0
        while True:
            outcome = self._try(call)
            tried += 1
            if isinstance(outcome, Answer) and outcome.status not in self.retried:
                return outcome
            self.pause(outcome, tried, call.url)

    @contextmanager
    def stream(self, call: Call) -> Iterator[httpx.Response]:
        """An open response of one single try, to be read in pieces."""
        with self.client.stream(
            call.method, call.url, params=dict(call.params) or None, headers=dict(call.headers), data=call.form,
            content=call.body,
        ) as response:  # fmt: skip
            self.server_time = http_date(response.headers.get("date")) or self.server_time
            yield response

    def pause(self, outcome: Answer | SourceError | httpx.TransportError, tried: int, url: str) -> None:
        """Wait as the outcome asks, or raise if enough was tried."""
        asked = None
        if isinstance(outcome, Answer):
            asked = retry_after(outcome.headers.get("retry-after"), self.clock.now())
        wait = self.backoff.wait(tried, asked, self.chance)
        if wait is not None:
            self.sleep(wait)
            return
        if isinstance(outcome, SourceError):
            raise outcome
        why = f"status {outcome.status}" if isinstance(outcome, Answer) else type(outcome).__name__
        message = f"{safe_url(url)} did not answer in {tried} tries, the last ended with {why}"
        raise UnreachableError(message, hint="Check that the server runs and can be reached; the next read goes on.")

    def _try(self, call: Call) -> Answer | BadAnswerError | httpx.TransportError:
        try:
            with self.stream(call) as response:
                answer = self._read(response, safe_url(call.url))
        except httpx.UnsupportedProtocol as error:
            raise SourceError(f"{safe_url(call.url)} is not an http or https URL") from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            return error if isinstance(error, httpx.TransportError) else httpx.ReadError("undecodable body")
        if call.wants_json and answer.status == httpx.codes.OK:
            try:
                answer.value()
            except BadAnswerError as error:  # a body cut short without a word: worth another try
                return error
        return answer

    def _read(self, response: httpx.Response, place: str) -> Answer:
        body = bytearray()
        for part in response.iter_bytes(_READ):
            body += part
            if len(body) > self.max_bytes:
                message = f"{place} answered with more than {self.max_bytes} bytes"
                raise BadAnswerError(message, hint="Ask for fewer records a page (`count`).")
        return Answer(response.status_code, response.headers, bytes(body), place)


def safe_url(url: str) -> str:
    """A URL without user, password, query and fragment: nothing in it can be a secret."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: who is spoken to."""
    parts = httpx.URL(url)
    return parts.scheme, parts.host, parts.port or (443 if parts.scheme == "https" else 80)
