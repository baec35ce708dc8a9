"""What no log may hold: all secrets that a process of an installation knows, wherever they came from."""

from __future__ import annotations

import os

from flows.orchestrator import auth_string, is_foreign
from substrate.errors import ConfigurationError
from substrate.kept_secrets import kept_secrets
from substrate.secrecy import secrets_in
from substrate.settings import Settings
from substrate.sources.configured import load_sources

_SPOKEN = (
    "PREFECT_API_KEY",
    "PREFECT_API_AUTH_STRING",
    "PREFECT_SERVER_API_AUTH_STRING",
    "PREFECT_SERVER_DATABASE_CONNECTION_URL",
    "OTEL_EXPORTER_OTLP_HEADERS",
)


def known_secrets(settings: Settings) -> set[str]:
    """All that must never be read in a log: what settings, sources and environment say, and what is kept at home."""
    spoken = {os.environ.get(name, "") for name in _SPOKEN}
    found = settings.secret_values() | kept_secrets(settings.home) | _of_sources(settings) | spoken
    return found | {one.partition(":")[2] for one in found if one.count(":") == 1}


def served_secrets(settings: Settings) -> set[str]:
    """The same where a Prefect server of our own is spoken to, whose password is made if there is none."""
    if is_foreign(os.environ):
        return known_secrets(settings)
    password = auth_string(settings, os.environ).get_secret_value()
    return known_secrets(settings) | {password, password.partition(":")[2]}


def _of_sources(settings: Settings) -> set[str]:
    """What sources.yaml says; whoever works with a file that is wrong says so."""
    try:
        return secrets_in(load_sources(settings.resolved_sources_file))
    except ConfigurationError:
        return set()
