"""Looks now and then for runs that lost their process or their server, and has them tried again."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from threading import Event, Thread

import httpx
from prefect.client.orchestration import get_client

from flows.installation import installation
from flows.timetable import subject_of
from flows.trouble import went_wrong
from flows.turnstile import let_go
from flows.zombies import try_again
from substrate.settings import Settings

log = logging.getLogger(__name__)

_EVERY_SECONDS = 30.0


class Mender:
    """A thread beside whoever serves the flows; while the server is away there is nothing to mend.

    Args:
        settings: of the installation, whose steward is told of a run that is lost for good.
        every_seconds: how often to look.
    """

    def __init__(self, settings: Settings, every_seconds: float = _EVERY_SECONDS) -> None:
        self._settings = settings
        self._every = every_seconds
        self._stop = Event()
        self._thread = Thread(target=self._live, name="mender", daemon=True)

    def start(self) -> None:
        """Begin to look, at once and then every so often."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def _live(self) -> None:
        while True:
            self.look()
            if self._stop.wait(self._every):
                return

    def look(self) -> None:
        """Have what is lost tried again, free what nobody holds, and tell the steward of what is lost for good."""
        try:
            with get_client(sync_client=True) as client:
                again, closed = try_again(client, datetime.now(UTC))
                freed = let_go(client)
        except httpx.HTTPError as error:
            log.info("Prefect's server cannot be asked for lost runs: %s", type(error).__name__)
            return
        for _, run in again:
            log.warning("%s lost its process or its server, and is tried once more", run.name)
        for name in freed:
            log.warning("the limit of %s was taken by nobody, and is free again", name)
        if closed:
            self._tell([subject_of(flow, run.parameters) for flow, run in closed])

    def _tell(self, subjects: list[str]) -> None:
        with installation(self._settings) as opened:
            for subject in subjects:
                went_wrong(opened.settings, opened.database, opened.clock, subject, "crashed", "its process is gone")
