"""What OneRoster and Ed-Fi servers share: OAuth2, an origin that credentials never leave, and lists in pages."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from substrate.clock import Clock
from substrate.sources.fhir_auth import Authorizer, BearerAuth, ClientCredentials, NoAuth
from substrate.sources.fhir_server import FhirServer, refusal
from substrate.sources.ignored import Why
from substrate.sources.web import Answer, BadAnswerError, Call, origin
from substrate.sources.web_options import WebOptions

NOT_FOR_US = {403: Why.FORBIDDEN, 404: Why.NOT_SUPPORTED, 405: Why.NOT_SUPPORTED, 501: Why.NOT_SUPPORTED}
"""Answers that say that a kind is not to be had, while others may be."""
EXPIRED = frozenset({400, 404, 410})
"""Answers to a mark that the server has forgotten."""


class RosterAuth(BaseModel):
    """Who is asking: nobody, a token that somebody else fetched, or OAuth2 client credentials."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["none", "bearer", "client_credentials"] = "none"
    token: SecretStr | None = None
    token_url: str = ""
    client_id: str = ""
    client_secret: SecretStr | None = None
    scope: str | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> RosterAuth:
        needed = {"none": (), "bearer": ("token",), "client_credentials": ("token_url", "client_id", "client_secret")}
        missing = [name for name in needed[self.kind] if not getattr(self, name)]
        if missing:
            raise ValueError(f"{self.kind} needs {', '.join(missing)}")
        return self

    def spoken(self, scope: str) -> NoAuth | BearerAuth | ClientCredentials:
        """What the authorizer understands; `scope` where none is given."""
        if self.kind == "bearer":
            return BearerAuth(token=self.token or SecretStr(""))
        if self.kind == "none":
            return NoAuth()
        return ClientCredentials(
            token_url=self.token_url,
            client_id=self.client_id,
            client_secret=self.client_secret or SecretStr(""),
            scope=scope if self.scope is None else self.scope,
        )


class RosterOptions(WebOptions):
    """How to reach a server of rosters, and how much to ask of it at once."""

    base_url: str = Field(description="The server's base.")
    auth: RosterAuth = Field(RosterAuth(), description="Who is asking; secrets come as env:NAME.")
    limit: int = Field(500, gt=1, description="Rows a page to ask for; a server may give fewer.")
    sweep_every: int = Field(24, ge=0, description="Read a kind in full every so many reads; 0: never again.")
    trusted_origins: tuple[str, ...] = Field((), description="Other origins that may see the credentials.")

    def ordered(self, known: tuple[str, ...]) -> list[str]:
        """The kinds to read, parents first."""
        rank = {kind: position for position, kind in enumerate(self.order)}
        return sorted(self.kinds or known, key=lambda kind: rank.get(kind, len(rank)))


class RosterServer:
    """Speaks to one base URL; a token that is refused is fetched again once."""

    def __init__(
        self,
        options: RosterOptions,
        scope: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Clock | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._web = options.web(sleep, clock, chance)
        authorizer = Authorizer(options.auth.spoken(scope), self._web.send, self._web.clock.now)
        self._server = FhirServer(
            options.base_url, self._web, authorizer, frozenset(map(origin, options.trusted_origins))
        )

    def close(self) -> None:
        """Give the connections back."""
        self._web.client.close()

    def time(self) -> int | None:
        """A time that is surely not after the server's own; None: it has not yet told us any."""
        return None if self._web.server_time is None else self._server.time()

    def our_time(self) -> int:
        """The time by our own clock."""
        return self._web.clock.now()

    def get(self, path: str, params: Mapping[str, str] | None = None) -> tuple[Answer, Any]:
        """The answer at a path, or at a URL that the server gave, and the JSON in it.

        Raises:
            RefusedError: the server answered with any other status than 200.
            BadAnswerError: again and again it answered with what is no JSON.
        """
        accept = {"accept": "application/json"}
        call = Call(self._server.url(path), params=params or {}, headers=accept, wants_json=False)
        tried = 0
        while True:
            answer = self._server.call(call)
            if answer.status != httpx.codes.OK:
                raise refusal(answer)
            try:
                return answer, answer.value()
            except BadAnswerError as error:  # a body cut short without a word: worth another try
                tried += 1
                self._web.pause(error, tried, call.url)


def total_of(answer: Answer, header: str) -> int | None:
    """How many rows the server counts, by a header of its answer."""
    told = answer.headers.get(header, "")
    return int(told) if told.isdigit() else None
