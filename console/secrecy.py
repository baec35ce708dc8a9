"""What no log may hold: all secrets that a process of an installation knows, wherever they came from."""

from __future__ import annotations

import os

from flows.orchestrator import auth_string, is_foreign
from substrate.kept_secrets import kept_secrets
from substrate.settings import Settings

_SPOKEN = (
    "PREFECT_API_KEY",
    "PREFECT_API_AUTH_STRING",
    "PREFECT_SERVER_API_AUTH_STRING",
    "PREFECT_SERVER_DATABASE_CONNECTION_URL",
    "OTEL_EXPORTER_OTLP_HEADERS",
)


def known_secrets(settings: Settings) -> set[str]:
    """All that must never be read in a log: what the settings and the environment say, and what is kept at home."""
    spoken = {os.environ.get(name, "") for name in _SPOKEN}
    if not is_foreign(os.environ):
        spoken.add(auth_string(settings, os.environ).get_secret_value())
    found = settings.secret_values() | kept_secrets(settings.home) | spoken
    return found | {one.partition(":")[2] for one in found if one.count(":") == 1}
