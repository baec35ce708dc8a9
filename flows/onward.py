"""Where a person who looks at a run in Prefect goes on: links to the web process, as artifacts of the run."""

from __future__ import annotations

from prefect.artifacts import create_link_artifact

from substrate.settings import Settings


def link_to_state(settings: Settings, key: str) -> None:
    """Link a run to what works and what does not, now.

    Args:
        settings: know where the web process is.
        key: of the artifact: small letters, digits and dashes.
    """
    link = f"{settings.resolved_web_url}/readyz"
    said = "What works now, and what is behind. `plumbline doctor` on the machine says what to do about it."
    create_link_artifact(link, "What works now", key=key, description=said)
