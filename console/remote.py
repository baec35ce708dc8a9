"""The web process of this machine, asked by a command: it owns the index, so commands have it do what touches that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from console.local import local_key
from substrate.errors import (
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    PlumblineError,
    UnavailableError,
)
from substrate.settings import Settings

_TIMEOUT = httpx.Timeout(600.0, connect=2.0)
_ERRORS: dict[int, type[PlumblineError]] = {
    401: AuthenticationError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    422: ConfigurationError,
}


class Remote:
    """A web process.

    Args:
        address: its base address.
        key: what is shown to it.
    """

    def __init__(self, address: str, key: str) -> None:
        self.address = address
        self._client = httpx.Client(
            base_url=address, timeout=_TIMEOUT, trust_env=False, headers={"Authorization": f"Bearer {key}"}
        )

    def ask(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Any:
        """What it answers to a POST.

        Raises:
            UnavailableError: it does not answer, or not yet.
            PlumblineError: it refuses; the error is what it would be here.
        """
        try:
            answer = self._client.post(path, json=dict(body), headers=dict(headers or {}))
        except httpx.TransportError as error:
            hint = "Is `plumbline up` running? Its log says more."
            raise UnavailableError(f"{self.address} does not answer: {type(error).__name__}", hint=hint) from None
        if answer.is_success:
            return answer.json()
        raise _error_of(answer)

    def close(self) -> None:
        """Hang up."""
        self._client.close()


def local_web(settings: Settings, address: str | None = None) -> Remote:
    """The web process of this installation, with the key of this machine."""
    return Remote(address or settings.local_web_url, local_key(settings).get_secret_value())


def _error_of(answer: httpx.Response) -> PlumblineError:
    try:
        told = answer.json()
        said, hint = str(told["error"]), str(told.get("hint", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        said, hint = f"the web process answered {answer.status_code}", "Its log says more."
    return _ERRORS.get(answer.status_code, UnavailableError)(said, hint=hint)
