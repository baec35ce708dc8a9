"""The key of this machine: whoever can read the data folder may ask the processes that run on it."""

from __future__ import annotations

from pydantic import SecretStr

from substrate.kept_secrets import kept_secret, token
from substrate.settings import Settings

_HINT = "Remove it, and a new one is made; then restart what runs."


def local_key(settings: Settings) -> SecretStr:
    """The key that opens everything from this machine itself, and nothing from elsewhere; made once.

    Raises:
        ConfigurationError: its file is of no use.
    """
    return kept_secret(settings.home / "local.key", token, what="a key", hint=_HINT)
