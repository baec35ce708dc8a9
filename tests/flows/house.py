"""An installation in a folder, as flows find it, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prefect.events.worker import EventsWorker
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_HOME,
    PREFECT_LOGGING_TO_API_ENABLED,
    PREFECT_SERVER_ANALYTICS_ENABLED,
    temporary_settings,
)
from sqlalchemy import select

from automations.alerts import alert
from automations.outbox import outbox
from flows.installation import Installation, installation
from tests.flows.orchestra import LOGIN, Orchestra


class House:
    """A home folder; its database is made when it is first opened."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir()

    def lists(self, sources: str) -> None:
        """Say what `sources.yaml` lists, in YAML."""
        (self.home / "sources.yaml").write_text(f"sources:\n{sources}\n", "utf-8")

    def alerts(self, rule: str = "plumbline-flow-failed") -> list[tuple[str, str, int]]:
        """The alerts of a rule: what they are about, their state, their episode."""
        columns = (alert.c.labels, alert.c.state, alert.c.episode)
        with installation() as opened, opened.database.read() as connection:
            rows = connection.execute(select(*columns).where(alert.c.rule_id == rule).order_by(alert.c.id))
            return [(row.labels, row.state, row.episode) for row in rows]

    def told(self, reason: str) -> list[str]:
        """Who was to be told something for a reason; once for each time, on however many channels."""
        times = select(outbox.c.recipient, outbox.c.fingerprint, outbox.c.sequence).where(outbox.c.reason == reason)
        with installation() as opened, opened.database.read() as connection:
            return [row.recipient for row in connection.execute(times.distinct())]

    @contextmanager
    def opened(self) -> Iterator[Installation]:
        """The installation."""
        with installation() as found:
            yield found


@contextmanager
def conducting(orchestra: Orchestra) -> Iterator[None]:
    """Let flows that run in this process tell a server; their heartbeat would make each a second longer."""
    told = {
        PREFECT_API_URL: orchestra.url,
        PREFECT_API_AUTH_STRING: LOGIN,
        PREFECT_HOME: orchestra.folder / "prefect",
        PREFECT_SERVER_ANALYTICS_ENABLED: False,
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
        PREFECT_LOGGING_TO_API_ENABLED: False,
    }
    with temporary_settings(told):
        try:
            yield
        finally:
            # Else what is still to be told waits, at the end of all tests, for a server that has gone.
            EventsWorker.drain_all(timeout=10)
