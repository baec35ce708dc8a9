"""Where Prefect is: the server that the environment names, or our own on this machine, and how either is spoken to.

Nothing here imports Prefect: its settings are read when it is imported, so they are laid out before that, as the
environment of a process.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

import httpx
from pydantic import SecretStr

from flows.quiet import QUIET
from substrate.clock import SECOND, parse_instant
from substrate.errors import PlumblineError
from substrate.kept_secrets import kept_secret, token
from substrate.settings import Settings

USER = "plumbline"
"""The user of our own server's password."""

_OURS = "substrate,automations,verticals,flows"
_KEPT = "prefect.server.concurrency.lease_storage.filesystem"
_POLLED = 10 * SECOND
_TIMEOUT = 2.0


def is_foreign(environment: Mapping[str, str]) -> bool:
    """Whether the environment names a Prefect server, or Prefect Cloud; then none of our own is started."""
    return bool(environment.get("PREFECT_API_URL"))


def auth_file(settings: Settings) -> Path:
    """Where the user and password of our own server are kept."""
    return settings.home / "prefect.auth"


def auth_string(settings: Settings, environment: Mapping[str, str]) -> SecretStr:
    """`user:password` of our own server: what the environment says, else made once and kept.

    Raises:
        ConfigurationError: the file cannot be used.
    """
    said = environment.get("PREFECT_SERVER_API_AUTH_STRING") or environment.get("PREFECT_API_AUTH_STRING")
    if said:
        return SecretStr(said)
    hint = "Remove it, and a new one is made at the next start."
    return kept_secret(auth_file(settings), lambda: f"{USER}:{token()}", what="the password of Prefect", hint=hint)


def api_url(settings: Settings, environment: Mapping[str, str]) -> str:
    """The address of the API of the server in use."""
    return environment.get("PREFECT_API_URL") or f"http://127.0.0.1:{settings.prefect_port}/api"


def client_environment(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """What a process needs in its environment to speak to the server in use; holds a secret."""
    kept = {"PREFECT_HOME": str(settings.home / "prefect"), "PREFECT_LOGGING_EXTRA_LOGGERS": _OURS}
    chosen = {name: environment.get(name, text) for name, text in kept.items()}
    if is_foreign(environment):
        return {**QUIET, **chosen}
    password = auth_string(settings, environment).get_secret_value()
    return {
        **QUIET,
        **chosen,
        "PREFECT_API_URL": api_url(settings, environment),
        "PREFECT_API_AUTH_STRING": password,
    }


def server_environment(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """What our own server needs in its environment; holds a secret."""
    kept = settings.home / "prefect"
    # A folder's name may hold what means something in an address.
    path = str(kept / "prefect.sqlite").replace("%", "%25").replace("?", "%3F")
    named = environment.get("PREFECT_SERVER_DATABASE_CONNECTION_URL")
    return {
        **client_environment(settings, environment),
        "PREFECT_SERVER_API_AUTH_STRING": auth_string(settings, environment).get_secret_value(),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": named or f"sqlite+aiosqlite:///{path}",
        # Else a server that starts again has forgotten who holds a limit, and nobody ever gets what they held.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": environment.get("PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE", _KEPT),
        # Else it writes into its own package, which may be another user's or another installation's too.
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(kept / "ui"),
        "PREFECT_SERVER_LOGGING_LEVEL": environment.get("PREFECT_SERVER_LOGGING_LEVEL", "WARNING"),
    }


def server_answers(settings: Settings, environment: Mapping[str, str]) -> bool:
    """Whether the server in use answers at all; that it refuses us is an answer too."""
    try:
        httpx.get(f"{api_url(settings, environment)}/health", timeout=_TIMEOUT)
    except httpx.TransportError:
        return False
    return True


def is_served(settings: Settings, environment: Mapping[str, str], now: int) -> bool:
    """Whether somebody asked the server just now for a deployment's runs, as whoever serves does all the time.

    Args:
        now: the instant, in microseconds since 1970 UTC.
    """
    headers = _credentials(settings, environment)
    try:
        answer = httpx.post(
            f"{api_url(settings, environment)}/deployments/filter", json={}, headers=headers, timeout=_TIMEOUT
        )
        polled = [row.get("last_polled") for row in answer.json()] if answer.is_success else []
        return any(now - parse_instant(text) < _POLLED for text in polled if text)
    except (httpx.TransportError, ValueError, PlumblineError):
        return False


def _credentials(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    if key := environment.get("PREFECT_API_KEY"):
        return {"Authorization": f"Bearer {key}"}
    if is_foreign(environment) and "PREFECT_API_AUTH_STRING" not in environment:
        return {}
    said = environment.get("PREFECT_API_AUTH_STRING") or auth_string(settings, environment).get_secret_value()
    return {"Authorization": "Basic " + base64.b64encode(said.encode()).decode()}
