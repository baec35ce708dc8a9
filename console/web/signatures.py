"""How others sign what they push, beside Standard Webhooks: each an HMAC-SHA256 of the body under a header of its own.

All but Shippo's leave out when they were made, so a recorded one can be sent again; what says nothing new changes
nothing.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from substrate.clock import MICROS, MINUTE

_TOLERANCE = 5 * MINUTE
_LONGEST = 1_024

Right = Callable[[str, str, bytes], str]
"""What the header must say, from what it says, the secret and the body."""


@dataclass(frozen=True)
class Scheme:
    """One way to sign.

    Attributes:
        header: where the signature is, in lower case.
        right: what it must be.
        made_at: when it says that it was made, in seconds since 1970 UTC; None: it does not say.
    """

    header: str
    right: Right
    made_at: Callable[[str], int | None] | None = None

    def proves(self, secret: str, headers: Mapping[str, str], body: bytes, now: int) -> bool:
        """Whether the body was signed with a secret, and not too long ago where the signature tells."""
        said = headers.get(self.header, "")[:_LONGEST].strip()
        right = self.right(said, secret, body)
        same = hmac.compare_digest(said.encode("utf-8", "replace"), right.encode("utf-8", "replace"))
        return bool(said and right) and same and self._is_fresh(said, now)

    def _is_fresh(self, said: str, now: int) -> bool:
        if self.made_at is None:
            return True
        seconds = self.made_at(said)
        return seconds is not None and abs(seconds * MICROS - now) <= _TOLERANCE


def _digest(secret: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, body, "sha256")


def _plain(_said: str, secret: str, body: bytes) -> str:
    return base64.b64encode(_digest(secret.encode(), body)).decode()


def _easypost(_said: str, secret: str, body: bytes) -> str:
    key = unicodedata.normalize("NFKD", secret).encode()
    return f"hmac-sha256-hex={_digest(key, body).hex()}"


def _shippo(said: str, secret: str, body: bytes) -> str:
    stamp = _stamp(said)
    if stamp is None:
        return ""
    return f"t={stamp},v1={_digest(secret.encode(), f'{stamp}.'.encode() + body).hex()}"


def _stamp(said: str) -> str | None:
    stamp = said.partition(",")[0].removeprefix("t=")
    return stamp if stamp.isascii() and stamp.isdigit() and len(stamp) < 16 else None


def _shippo_made_at(said: str) -> int | None:
    stamp = _stamp(said)
    return None if stamp is None else int(stamp)


def _dcsa(_said: str, secret: str, body: bytes) -> str:
    """The secret is shared as Base64; one that is none is taken as it is."""
    try:
        key = base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        key = secret.encode()
    return f"sha256={_digest(key, body).hex()}"


SCHEMES: dict[str, Scheme] = {
    "aftership": Scheme("aftership-hmac-sha256", _plain),
    "easypost": Scheme("x-hmac-signature", _easypost),
    "shippo": Scheme("shippo-auth-signature", _shippo, _shippo_made_at),
    "dcsa": Scheme("notification-signature", _dcsa),
    "frappe": Scheme("x-frappe-webhook-signature", _plain),
}
"""How the senders of a format sign."""
