"""A FHIR server: authenticated requests that never leave its origin, and what it says that it can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from substrate.errors import SourceError
from substrate.sources.fhir_auth import Authorizer
from substrate.sources.web import Answer, Call, RefusedError, Web, origin, safe_url

_FHIR_JSON = "application/fhir+json"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Capability:
    """What a CapabilityStatement promises."""

    searchable: frozenset[str]
    with_history: frozenset[str]
    exports: bool


@dataclass(slots=True)
class FhirServer:
    """Speaks to one base URL; other origins only if they are listed as trusted."""

    base: str
    web: Web
    authorizer: Authorizer
    trusted: frozenset[tuple[str, str, int]] = field(default_factory=frozenset)

    def time(self) -> int:
        """A time that is surely not after the server's own: the earlier of its last `Date` and our clock."""
        ours = self.web.clock.now()
        return ours if self.web.server_time is None else min(ours, self.web.server_time)

    def url(self, path: str) -> str:
        """A path under the base, or a URL as the server gave it.

        Raises:
            SourceError: the URL leads to another origin, where our credentials must not go.
        """
        url = urljoin(self.base.rstrip("/") + "/", path)
        if origin(url) not in self.trusted | {origin(self.base)}:
            raise SourceError(
                f"{safe_url(self.base)} sent us to another origin, {safe_url(url)}",
                hint="Correct the base URL that the server gives itself, or list that origin in trusted_origins.",
            )
        return url

    def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON object at a path.

        Raises:
            RefusedError: the server answered with any other status than 200.
        """
        answer = self.call(Call(self.url(path), params=params or {}))
        if answer.status != 200:
            raise refusal(answer)
        return answer.json()

    def call(self, call: Call) -> Answer:
        """Send with credentials; a token that was refused is fetched again once."""
        answer = self._follow(call)
        if answer.status == 401 and self.authorizer.can_renew:
            self.authorizer.renew()
            answer = self._follow(call)
        return answer

    def headers(self) -> dict[str, str]:
        """The headers of every request, credentials included."""
        return {"accept": _FHIR_JSON, **self.authorizer.header()}

    def capability(self) -> Capability:
        """What the server can do.

        Raises:
            RefusedError: it does not say.
        """
        return read_capability(self.get("metadata"))

    def _follow(self, call: Call) -> Answer:
        url, params = call.url, call.params
        for _ in range(5):
            headers = self.headers() | dict(call.headers)
            answer = self.web.send(Call(url, call.method, params, headers, wants_json=call.wants_json))
            if answer.status not in _REDIRECTS or "location" not in answer.headers:
                return answer
            url, params = self.url(urljoin(url, answer.headers["location"])), {}
        raise SourceError(f"{safe_url(call.url)} redirects without end", hint="Correct the base URL.")


def refusal(answer: Answer) -> RefusedError:
    """The error of an answer that is no."""
    hints = {
        401: "Check the credentials.",
        403: "Ask the server's owner for the scope to read this.",
        404: "Check the base URL.",
    }
    message = f"{answer.place} answered {answer.status}"
    return RefusedError(message, status=answer.status, hint=hints.get(answer.status, "See the server's log."))


def read_capability(statement: Mapping[str, Any]) -> Capability:
    """The parts of a CapabilityStatement that matter here; whatever is missing is not promised."""
    rest = [part for part in _dicts(statement.get("rest")) if part.get("mode", "server") == "server"]
    resources = [resource for part in rest for resource in _dicts(part.get("resource"))]
    operations = [operation for part in (*rest, *resources) for operation in _dicts(part.get("operation"))]
    exports = any(str(operation.get("name", "")).endswith("export") for operation in operations)
    return Capability(_offering(resources, "search-type"), _offering(resources, "history-type"), exports)


def _offering(resources: list[dict[str, Any]], code: str) -> frozenset[str]:
    return frozenset(
        str(resource.get("type"))
        for resource in resources
        if any(interaction.get("code") == code for interaction in _dicts(resource.get("interaction")))
    )


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
