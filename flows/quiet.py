"""No calls home: the environment in which Prefect and its libraries talk to nobody but the server that we name."""

from __future__ import annotations

from collections.abc import Mapping

QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
    "SCARF_NO_ANALYTICS": "true",
    "ANONYMIZED_TELEMETRY": "False",
    "CHROMA_TELEMETRY_ANONYMIZED_TELEMETRY": "False",
}
"""Either of the first two alone still leaves some processes that look names up; see `docs/prefect.md`."""


def quiet(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment for a child process, with all analytics off; nothing else is changed."""
    return {**environment, **QUIET}
