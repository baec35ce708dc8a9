"""A signed webhook: one POST of JSON, with a key that lets the receiver tell a repetition from a new message."""

from __future__ import annotations

import re
from contextlib import closing
from hashlib import blake2b
from typing import Any

import httpx
import orjson
from pydantic import SecretStr

from automations.channels.channel import Channel, Failure, Refused, Rendered, Retry, Sent
from automations.channels.signing import key_bytes, signature, signing_key
from substrate.clock import DAY, MICROS, Clock, SystemClock, isoformat
from substrate.columns import Sensitivity
from substrate.database import Database
from substrate.loopback import is_loopback
from substrate.settings import Settings
from substrate.sources.backoff import retry_after

_TIMEOUT = httpx.Timeout(10.0, connect=5.0)
_PLAIN = re.compile(r"[!-~]{1,200}")
_RETRIED = {
    408: Failure.TIMEOUT,
    409: Failure.SERVER,
    425: Failure.SERVER,
    429: Failure.RATE_LIMITED,
    504: Failure.TIMEOUT,
}
_REFUSED = {401: Failure.AUTH, 403: Failure.AUTH, 404: Failure.ADDRESS, 410: Failure.ADDRESS}


class Webhook:
    """Posts messages to the recipient's own address, signed as the Standard Webhooks specification says.

    Args:
        key: what the message is signed with.
        clearance: what may be told to a foreign system.
        allow_plain: let `http://` addresses other than this machine's pass.
        timeout: how long each step may take.
        clock: whose time the signature carries.

    Raises:
        ConfigurationError: the key is none.
    """

    name = "webhook"
    idempotent = True
    shared = False

    def __init__(
        self,
        key: SecretStr,
        clearance: Sensitivity = Sensitivity.INTERNAL,
        *,
        allow_plain: bool = False,
        timeout: httpx.Timeout = _TIMEOUT,
        clock: Clock | None = None,
    ) -> None:
        key_bytes(key)
        self.clearance = clearance
        self._key = key
        self._allow_plain = allow_plain
        self._timeout = timeout
        # The bare transport: a client would log each address in full, and an address may hold a secret.
        self._transport = httpx.HTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))
        self._clock = clock or SystemClock()

    def send(self, message: Rendered, key: str) -> Sent | Retry | Refused:
        """Post one message; the answer's status alone decides, and its words are never read."""
        url = address_of(message.address, allow_plain=self._allow_plain)
        if isinstance(url, Refused):
            return url
        mark = wire_id(key)
        body = body_of(message, mark)
        now = self._clock.now()
        request = httpx.Request(
            "POST",
            url,
            content=body,
            headers=self._headers(mark, now, body),
            extensions={"timeout": self._timeout.as_dict()},
        )
        try:
            with closing(self._transport.handle_request(request)) as answer:
                return outcome_of(answer.status_code, answer.headers.get("Retry-After"), url.host, now)
        except httpx.TimeoutException as error:
            uncertain = not isinstance(error, httpx.ConnectTimeout)
            return Retry(Failure.TIMEOUT, f"{url.host} did not answer in time", uncertain=uncertain)
        except httpx.TransportError as error:
            uncertain = not isinstance(error, httpx.ConnectError)
            return Retry(
                Failure.NETWORK, f"{url.host} could not be reached ({type(error).__name__})", uncertain=uncertain
            )

    def _headers(self, mark: str, now: int, body: bytes) -> dict[str, str]:
        seconds = now // MICROS
        return {
            "Content-Type": "application/json",
            "User-Agent": "plumbline",
            "Idempotency-Key": mark,
            "webhook-id": mark,
            "webhook-timestamp": str(seconds),
            "webhook-signature": signature(self._key, mark, seconds, body),
        }


def opened(settings: Settings, _database: Database) -> Channel | None:
    """Webhooks; each recipient brings the address, so the channel is always there."""
    clearance = Sensitivity[settings.webhook_clearance.upper()]
    return Webhook(signing_key(settings), clearance, allow_plain=settings.webhook_allow_plain)


def address_of(address: str | None, *, allow_plain: bool = False) -> httpx.URL | Refused:
    """The address to post to, or why nothing is posted there; an address may hold a secret, so it is not repeated."""
    try:
        url = httpx.URL(address or "")
    except httpx.InvalidURL:
        return Refused(Failure.ADDRESS, "the recipient's webhook address cannot be read")
    if url.scheme not in ("http", "https") or not url.host:
        return Refused(Failure.ADDRESS, "the recipient has no webhook address that begins with https://")
    if url.userinfo:
        return Refused(Failure.ADDRESS, "the webhook address holds a user or password; messages are signed instead")
    if url.scheme == "http" and not allow_plain and not is_loopback(url.host):
        return Refused(Failure.ADDRESS, "the webhook address is not encrypted; use https://")
    return url


def wire_id(key: str) -> str:
    """The key as it stands in a header: itself, or a digest where it holds what headers cannot."""
    return key if _PLAIN.fullmatch(key) else blake2b(key.encode(), digest_size=16).hexdigest()


def body_of(message: Rendered, mark: str) -> bytes:
    """What is posted; `mark` is the key as it stands in the headers."""
    told: dict[str, Any] = {
        "id": mark,
        "type": f"alert.{message.reason}",
        "timestamp": isoformat(message.created_at),
        "data": {
            "recipient": message.recipient,
            "severity": message.severity,
            "reason": message.reason,
            "subject": message.subject,
            "text": message.text,
            "alert": message.body,
        },
    }
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS)


def outcome_of(status: int, asked: str | None, host: str, now: int) -> Sent | Retry | Refused:
    """What an answer means.

    Args:
        status: the answer's status.
        asked: its `Retry-After`.
        host: who answered.
        now: micros, against which a date in `Retry-After` is held.
    """
    why = f"{host} answered {status}"
    if 200 <= status < 300:
        return Sent(None)
    if status in _RETRIED or status >= 500:
        return Retry(_RETRIED.get(status, Failure.SERVER), why, _wait(asked, now))
    if 300 <= status < 400:
        return Refused(Failure.CLIENT, f"{why}: redirects are not followed, give the final address")
    return Refused(_REFUSED.get(status, Failure.CLIENT), why)


def _wait(asked: str | None, now: int) -> int | None:
    """The wait that was asked for, in micros, a day at most."""
    seconds = retry_after(asked, now) if asked and asked.isascii() else None
    return None if seconds is None else round(min(seconds, DAY / MICROS) * MICROS)
