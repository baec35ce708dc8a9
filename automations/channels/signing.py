"""The key that signs webhooks: the deployer's own, or one that is made once and kept in the data folder."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

from pydantic import SecretStr

from substrate.errors import ConfigurationError
from substrate.kept_secrets import kept_secret
from substrate.settings import Settings

_PREFIX = "whsec_"
_BYTES = 32
_HINT = "Remove it, and a new one is made; receivers must then be given the new key."


def signing_key(settings: Settings) -> SecretStr:
    """The key of this installation, in the `whsec_…` spelling that receivers' libraries read.

    Two processes that start together agree on one key: the first file wins.

    Raises:
        ConfigurationError: the file with the key is empty, or cannot be read.
    """
    if settings.signing_key is not None:
        return settings.signing_key
    return kept_secret(settings.home / "signing.key", _new, what="a signing key", hint=_HINT)


def signature(key: SecretStr, message_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` of a message: `v1,` and the HMAC-SHA256 of id, seconds and body, in base64."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.new(key_bytes(key), signed, hashlib.sha256).digest()).decode()


def key_bytes(key: SecretStr) -> bytes:
    """The bytes to sign with: what follows `whsec_` is base64, any other key is taken as it stands.

    Raises:
        ConfigurationError: the key begins with `whsec_`, and the rest is not base64.
    """
    text = key.get_secret_value()
    if not text.startswith(_PREFIX):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        hint = "Generate one with `openssl rand -base64 32`, or leave PLUMBLINE_SIGNING_KEY unset."
        raise ConfigurationError("PLUMBLINE_SIGNING_KEY begins with whsec_ but is not base64", hint=hint) from None


def _new() -> str:
    return _PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()
