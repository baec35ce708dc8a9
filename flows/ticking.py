"""The clock of the house: of all processes that could, one ticks, and another takes over when it is gone.

APScheduler only ticks: its jobs are in memory and none of them is work. What is due is in the database, so a tick that
was missed is caught up by the next, and one that comes twice finds nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Condition, Event, Thread
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler

from flows.duties import Duty, House, Turn, duties
from substrate.catalog import Vertical
from substrate.clock import MICROS, SECOND, Clock
from substrate.database import Database
from substrate.leadership import Lease, LeaseLost, acquire, database_now, insist, release, renew
from substrate.settings import Settings

CLOCK = "clock"
"""The name of the lease."""

LEASE = 8 * SECOND
"""How long the clock stands still at most when its leader is killed, but for the next one's turn."""

_RENEWED = 2 * SECOND
_GUARDED = 2.0
_JOBS = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TickerHealth:
    """How a ticker is.

    Attributes:
        leading: this process ticks; False: another does, or none could be asked.
        token: the number of its lease; None: it does not lead.
        last_tick_at: when it last came to the end of a tick, in microseconds since 1970 UTC; None: never.
        overdue: the chores that its watchdog last found behind.
    """

    leading: bool
    token: int | None
    last_tick_at: int | None
    overdue: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Reign:
    lease: Lease
    since: float


def nobody() -> None:
    """Nobody needs to be woken."""


class Ticker:
    """Ticks as long as it leads, and tries to lead as long as it runs.

    Args:
        settings: the intervals, the contacts, the channels.
        database: migrated.
        verticals: whose rules are watched.
        clock: says at which instant a tick acts; who leads is decided by the database's clock.
        holder: names this process; no two that run may share it.
        on_told: is called when there are messages to deliver.

    Raises:
        ConfigurationError: the contacts or a channel's settings are wrong.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        verticals: Sequence[Vertical],
        clock: Clock,
        *,
        holder: str,
        on_told: Callable[[], None] = nobody,
    ) -> None:
        self._database = database
        self._clock = clock
        self._holder = holder
        self._duties, self._watchdog = duties(settings, House(settings, database, verticals), on_told)
        self._reign: _Reign | None = None
        self._last_tick_at: int | None = None
        self._busy: set[str] = set()
        self._done = Condition()
        self._ending = Event()
        self._scheduler: BackgroundScheduler | None = None

    def start(self) -> None:
        """Begin to tick, or to wait for the turn to."""
        # It would tell of each tick, and of each that is left out while the one before it works.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._ending.clear()
        scheduler = BackgroundScheduler(timezone=UTC, job_defaults=_JOBS)
        _repeat(scheduler, "lead", _RENEWED, self.lead)
        for duty in self._duties:
            _repeat(scheduler, duty.name, duty.every, self.perform, duty)
        scheduler.start()
        self._scheduler = scheduler
        Thread(target=self._guard, args=(scheduler,), name="clock guard", daemon=True).start()

    def stop(self, timeout_seconds: float) -> bool:
        """Tick no more and let another lead; False: a tick was still at work after `timeout_seconds`."""
        self._ending.set()
        scheduler, self._scheduler = self._scheduler, None
        if scheduler is not None:
            scheduler.shutdown(wait=False)
        with self._done:
            ended = self._done.wait_for(lambda: not self._busy, timeout_seconds)
        reign, self._reign = self._reign, None
        if reign is not None:
            self._guarded("release", lambda: self._release(reign.lease))
        return ended

    def health(self) -> TickerHealth:
        """How it is."""
        reign = self._reign
        token = None if reign is None else reign.lease.token
        overdue = () if reign is None else self._watchdog.overdue
        return TickerHealth(reign is not None, token, self._last_tick_at, overdue)

    def lead(self) -> None:
        """Take the lease or keep it."""
        self._guarded("lead", self._lead)

    def perform(self, duty: Duty) -> None:
        """Do a duty once, if this process leads."""
        self._guarded(duty.name, lambda: self._perform(duty))

    def _guarded(self, name: str, act: Callable[[], None]) -> None:
        with self._done:
            if self._ending.is_set() and name != "release":
                return
            self._busy.add(name)
        try:
            act()
        except LeaseLost as lost:
            self._reign = None
            log.warning("%s", lost)
        except Exception as error:  # noqa: BLE001  # one tick's fault may not end the clock; its words may repeat values
            log.warning("the clock could not %s for now: %s", name, type(error).__name__)
        finally:
            with self._done:
                self._busy.discard(name)
                self._done.notify_all()

    def _lead(self) -> None:
        reign = self._reign
        with self._database.write() as connection:
            now = database_now(connection)
            kept = renew(connection, reign.lease, now, LEASE) if reign else None
            lease = kept or acquire(connection, CLOCK, self._holder, now, LEASE)
        if lease is None:
            self._reign = None
        elif kept is not None and reign is not None:
            self._reign = _Reign(kept, reign.since)
        else:
            self._reign = _Reign(lease, time.monotonic())
            log.info("%s leads the clock (%d)", self._holder, lease.token)

    def _perform(self, duty: Duty) -> None:
        reign = self._reign
        if reign is None:
            return
        with self._database.read() as connection:
            insist(connection, reign.lease)
        at = self._clock.now()
        duty.act(Turn(at, reign.lease, time.monotonic() - reign.since))
        if duty is self._duties[0]:
            self._last_tick_at = at

    def _release(self, lease: Lease) -> None:
        with self._database.write() as connection:
            release(connection, lease)

    def _guard(self, scheduler: BackgroundScheduler) -> None:
        """Let no job wait for a time that the machine's clock was set back from."""
        while not self._ending.wait(_GUARDED):
            for job in scheduler.get_jobs():
                pause = job.trigger.interval + timedelta(seconds=_GUARDED)
                if job.next_run_time > datetime.now(UTC) + pause:
                    job.modify(next_run_time=datetime.now(UTC))


def _repeat(scheduler: BackgroundScheduler, name: str, micros: int, act: Callable[..., None], *args: Any) -> None:
    seconds, now = micros / MICROS, datetime.now(UTC)
    scheduler.add_job(act, "interval", args, seconds=seconds, id=name, next_run_time=now)
