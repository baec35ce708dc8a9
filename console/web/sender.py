"""Who may push: a signature over the body, in the Standard Webhooks form or the sender's own, or a key in a header.

A stranger learns nothing: an unknown source is checked as a known one is, takes as long, and gets the same answer.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping

from pydantic import SecretStr

from automations.channels.signing import signature
from console.web.signatures import SCHEMES
from substrate.clock import MICROS, MINUTE
from substrate.sources.push import PushOptions

_TOLERANCE = 5 * MINUTE
_BEARER = "bearer "
_LONGEST = 4_096

STRANGER = PushOptions(secret=(SecretStr(secrets.token_urlsafe(32)),), api_key=(SecretStr(secrets.token_urlsafe(32)),))
"""What an unknown source is checked against; nobody has its keys."""


def shows_key(options: PushOptions, headers: Mapping[str, str]) -> bool:
    """Whether one of the source's keys is in the headers, as `Authorization: Bearer …` or `X-API-Key`."""
    said = headers.get("authorization", "")
    shown = said[len(_BEARER) :] if said.lower().startswith(_BEARER) else headers.get("x-api-key", "")
    return _any_equal(shown.strip(), [key.get_secret_value() for key in options.api_key])


def is_signed(headers: Mapping[str, str]) -> bool:
    """Whether the headers claim a signature, which only the body can prove."""
    return "webhook-signature" in headers or any(scheme.header in headers for scheme in SCHEMES.values())


def proves_body(options: PushOptions, headers: Mapping[str, str], body: bytes, now: int) -> bool:
    """Whether the body is signed with one of the source's secrets, not longer ago than five minutes.

    Args:
        options: the source's; each of its secrets is in force, so that they can be changed one after the other.
        headers: `webhook-id`, `webhook-timestamp` and `webhook-signature`, or the header of the sender's own scheme.
        body: exactly as it came.
        now: the instant, in microseconds since 1970 UTC.
    """
    scheme = SCHEMES.get(options.format)
    if scheme is not None and scheme.header in headers:
        proofs = [scheme.proves(key.get_secret_value(), headers, body, now) for key in options.secret]
        return any(proofs)
    mark, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not mark or not (stamp.isascii() and stamp.isdigit() and len(stamp) < 16):
        return False
    seconds = int(stamp)
    right = [signature(key, mark, seconds, body) for key in options.secret]
    shown = headers.get("webhook-signature", "")[:_LONGEST].split()
    known = [_any_equal(one, right) for one in shown]
    return any(known) and abs(seconds * MICROS - now) <= _TOLERANCE


def _any_equal(shown: str, right: list[str]) -> bool:
    told = shown.encode("utf-8", "replace")
    found = [hmac.compare_digest(told, one.encode()) for one in right]
    return bool(shown) and any(found)
