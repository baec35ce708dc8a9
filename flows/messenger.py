"""The thread that delivers what is due: at once when woken, and each second in any case.

Any number may run, in any number of processes: a message is leased before it is carried. One that is killed loses
nothing, and one that is stopped gives back what it has not begun.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Thread

from automations.alerts import LIVE
from automations.channels import channels
from automations.delivery import deliver_due
from automations.leases import is_due
from automations.templating import Templates
from flows.workbench import template_folders
from substrate.catalog import Vertical
from substrate.clock import Clock
from substrate.database import Database
from substrate.settings import Settings

_EVERY = 1.0
_LONGEST_PAUSE = 30.0

log = logging.getLogger(__name__)


class _Stopped(Exception):
    """Deliver no more: the messenger is to stop."""


@dataclass(frozen=True, slots=True)
class MessengerHealth:
    """How a messenger is.

    Attributes:
        alive: its thread runs.
        looked_at: when it last looked for messages, in microseconds since 1970 UTC; None: not yet.
        sent: how many messages it has sent since it was started.
        failing: the class of the error that its last look ended with; None: it went well.
    """

    alive: bool
    looked_at: int | None
    sent: int
    failing: str | None


class Messenger:
    """Delivers live messages until it is stopped.

    Args:
        settings: name the channels and the house's own templates.
        database: where the outbox is.
        verticals: whose templates are used.
        clock: says what time it is.

    Raises:
        ConfigurationError: a channel's settings are wrong.
    """

    def __init__(self, settings: Settings, database: Database, verticals: Sequence[Vertical], clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._channels = channels(settings, database)
        folders = dict.fromkeys(folder for vertical in verticals for folder in template_folders(settings, vertical))
        self._templates = Templates(list(folders), zone=settings.time_zone)
        self._news = Event()
        self._ending = Event()
        self._thread: Thread | None = None
        self._looked_at: int | None = None
        self._sent = 0
        self._failing: str | None = None

    def start(self) -> None:
        """Begin to deliver."""
        self._ending.clear()
        self._thread = Thread(target=self._run, name="messenger", daemon=True)
        self._thread.start()

    def stop(self, timeout: float) -> bool:
        """End after the message that is being carried; False: it still was after `timeout` seconds."""
        self._ending.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join(timeout)
        return not self.health().alive

    def wake(self) -> None:
        """Say that there is something to deliver."""
        self._news.set()

    def health(self) -> MessengerHealth:
        """How it is."""
        alive = self._thread is not None and self._thread.is_alive()
        return MessengerHealth(alive, self._looked_at, self._sent, self._failing)

    def _run(self) -> None:
        pause = _EVERY
        while not self._ending.is_set():
            pause = _EVERY if self._passed() else min(2 * pause, _LONGEST_PAUSE)
            self._news.wait(pause)
            self._news.clear()

    def _passed(self) -> bool:
        """Look once, and say whether that went well; a database that is away for a while must not end the thread."""
        try:
            self._deliver()
        except _Stopped:
            return True
        except Exception as error:  # noqa: BLE001  # the thread outlives any fault; its words may repeat values
            self._failing = type(error).__name__
            log.warning("messages could not be delivered for now: %s", self._failing)
            return False
        self._failing = None
        return True

    def _deliver(self) -> None:
        now = self._clock.now()
        with self._database.read() as connection:
            due = is_due(connection, now, timeline=LIVE)
        if due:
            report = deliver_due(
                self._database, self._channels, self._templates, self._clock, progress=_ended_by(self._ending)
            )
            self._sent += report.sent
        self._looked_at = now


def _ended_by(ending: Event) -> Callable[[int], None]:
    def look(_count: int) -> None:
        if ending.is_set():
            raise _Stopped

    return look
