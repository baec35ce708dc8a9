"""The dead-man's switch: somebody outside is told that all is well, and raises the alarm when that stops."""

from __future__ import annotations

import logging
from contextlib import closing

import httpx
from pydantic import SecretStr

_TIMEOUT = httpx.Timeout(10.0, connect=5.0)

log = logging.getLogger(__name__)


class Heartbeat:
    """Asks for one address, which is a secret, and never says more of it than its host.

    Args:
        url: the address; None: there is no switch.
    """

    def __init__(self, url: SecretStr | None) -> None:
        self._url = None if url is None else httpx.URL(url.get_secret_value())
        # The bare transport: a client would log the address in full.
        self._transport = httpx.HTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))

    def beat(self) -> bool:
        """Say that all is well; False: nobody heard it, or there is nobody to tell."""
        if self._url is None:
            return False
        headers = {"Host": self._url.netloc.decode("ascii"), "User-Agent": "plumbline"}
        request = httpx.Request("GET", self._url, headers=headers, extensions={"timeout": _TIMEOUT.as_dict()})
        try:
            with closing(self._transport.handle_request(request)) as answer:
                status = answer.status_code
        except httpx.TransportError as error:
            log.warning("the heartbeat at %s was not heard: %s", self._url.host, type(error).__name__)
            return False
        if status >= httpx.codes.BAD_REQUEST:
            log.warning("the heartbeat at %s was not heard: it answers %d", self._url.host, status)
        return status < httpx.codes.BAD_REQUEST
