"""A JSON interface over HTTP: one base URL, our credentials with every request, and plain words for a no."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import orjson

from substrate.clock import Clock
from substrate.sources.web import Answer, Call, RefusedError
from substrate.sources.web_options import WebOptions

_HINTS = {
    401: "Check the credentials; a key may have expired.",
    403: "Let this user read it.",
    404: "Check the base URL, and that the name is right.",
}


class Rest:
    """Speaks to one base URL. Redirects are not followed: our credentials go nowhere else.

    Args:
        options: where, and how patiently.
        headers: sent with every request; they hold the credentials.
    """

    def __init__(
        self,
        options: WebOptions,
        headers: Mapping[str, str],
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Clock | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._base = options.base_url
        self._headers = {"accept": "application/json", **headers}
        self._web = options.web(sleep, clock, chance)

    def close(self) -> None:
        """Give the connections back."""
        self._web.client.close()

    def get(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        """The JSON object at a path.

        Raises:
            RefusedError: the server answered with any other status than 200.
        """
        return _accepted(self.send(Call(f"{self._base}/{path}", params=params, headers=self._headers))).json()

    def post(self, path: str, body: Any) -> Answer:
        """The answer to a JSON body, whatever its status."""
        headers = {**self._headers, "content-type": "application/json"}
        url = f"{self._base}/{path}"
        return self.send(Call(url, "POST", headers=headers, body=orjson.dumps(body)))

    def send(self, call: Call) -> Answer:
        """The final answer to a call."""
        return self._web.send(call)


def _accepted(answer: Answer) -> Answer:
    if answer.status != httpx.codes.OK:
        raise refusal(answer)
    return answer


def refusal(answer: Answer) -> RefusedError:
    """The error of an answer that is no."""
    hint = _HINTS.get(answer.status, "See the server's log.")
    return RefusedError(f"{answer.place} answered {answer.status}", status=answer.status, hint=hint)
