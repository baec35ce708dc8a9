"""What every client of a list of events may be told, and the server that it speaks to."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin

from pydantic import Field, SecretStr, field_validator

from substrate.clock import Clock
from substrate.sources.fhir_auth import Authorizer, FhirAuth, NoAuth
from substrate.sources.fhir_search import instant
from substrate.sources.fhir_server import FhirServer, refusal
from substrate.sources.web import Answer, BadAnswerError, Call, origin
from substrate.sources.web_options import WebOptions

_OK, _NOTHING = 200, 204


class EventOptions(WebOptions):
    """How to read a list of events. Every option but `base_url` has a default."""

    base_url: str = Field(description="The server's base.")
    auth: FhirAuth = Field(NoAuth(), description="Who is asking; secrets come from settings, never from here.")
    headers: Mapping[str, SecretStr] = Field({}, description="Further headers of every request, such as an API key.")
    query: Mapping[str, str] = Field({}, description="Further parameters of the query, such as a booking.")
    kinds: tuple[str, ...] | None = Field(None, description="Types of event to read; None: all.")
    order: tuple[str, ...] = Field((), description="Of no use here: events come in the order of their recording.")
    since: str | None = Field(None, description="Where the first read begins, ISO 8601 with a zone; None: the oldest.")
    overlap_seconds: float = Field(600, ge=0, description="How far a read reaches back before the last one.")
    trusted_origins: tuple[str, ...] = Field((), description="Other origins that may see the credentials.")

    @field_validator("since")
    @classmethod
    def _is_instant(cls, value: str | None) -> str | None:
        if value is not None and instant(value) is None:
            raise ValueError("must be a date and time with a zone, such as 2026-01-01T00:00:00Z")
        return value


class EventServer:
    """Asks for JSON, follows no link to where our credentials must not go, and tries again where that makes sense.

    Args:
        options: where, who asks, and how patiently.
        accept: the media types that are asked for.
    """

    def __init__(
        self,
        options: EventOptions,
        accept: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Clock | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        web = options.web(sleep, clock, chance)
        self._client = web.client
        authorizer = Authorizer(options.auth, web.send, web.clock.now)
        self._server = FhirServer(options.base_url, web, authorizer, frozenset(map(origin, options.trusted_origins)))
        self._headers = {"accept": accept, **{name: key.get_secret_value() for name, key in options.headers.items()}}

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def time(self) -> int:
        """A time that is surely not after the server's own."""
        return self._server.time()

    def get(self, path: str, params: Mapping[str, str], what: type) -> tuple[Answer, Any]:
        """The answer at a path or URL, and its JSON of a type; that of an answer without a body is empty.

        Raises:
            RefusedError: the server answered with another status than 200 or 204.
            BadAnswerError: it answered with something else, however often it was asked.
        """
        call, tried = Call(self._server.url(path), params=params, headers=self._headers, wants_json=False), 0
        while True:
            answer = self._server.call(call)
            if answer.status == _NOTHING:
                return answer, what()
            if answer.status != _OK:
                raise refusal(answer)
            try:
                return answer, _told(answer, what)
            except BadAnswerError as error:  # a body cut short without a word: worth another try
                tried += 1
                self._server.web.pause(error, tried, call.url)

    def linked(self, path: str, link: str) -> str:
        """A link in the answer at a path, in full."""
        return urljoin(self._server.url(path), link)


def _told(answer: Answer, what: type) -> Any:
    value = answer.value()
    if not isinstance(value, what):
        raise BadAnswerError(f"{answer.place} did not answer with a JSON {what.__name__}", hint="Check the base URL.")
    return value
