"""The key that signs webhooks: the deployer's own, or one that is made once and kept in the data folder."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from substrate.errors import ConfigurationError
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
    path = settings.home / "signing.key"
    if not path.exists():
        _make(path)
    try:
        kept = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read as a signing key", hint=_HINT) from error
    if not kept:
        raise ConfigurationError(f"{path} is empty", hint=_HINT)
    return SecretStr(kept)


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


def _make(path: Path) -> None:
    """Write a new key beside its place and link it there; whoever comes second leaves the first one's alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(_PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
