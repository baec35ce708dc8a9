"""The live loop: a thread that takes pushed events in as they come, without Prefect in the path.

Any number of processes may run one: the database lets one at a time drain a source.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Thread

from automations.rule_files import read_rules
from automations.shipping import ship_rules
from flows.inlet import BATCH_EVENTS, Drained, Inlet
from flows.meters import Meters
from flows.reactor import Reactor
from flows.workbench import Workbench, workbench
from substrate.catalog import Vertical
from substrate.clock import HOUR, MICROS, Clock, parse_duration
from substrate.correlation import correlated
from substrate.database import Database
from substrate.errors import ConfigurationError, PlumblineError
from substrate.inbound import anything_waiting, purge
from substrate.settings import Settings
from substrate.sources.configured import SourceEntry, pushed_sources

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.05
"""How long an event may wait that came in by another process; one of our own wakes the loop."""

_REST_SECONDS = 0.04
"""How long the loop rests after a batch that was not full, so that the next one is shared by more events: a batch costs
nearly as much for one event as for forty, and the processor that it takes is the door's, too."""

_TROUBLE_SECONDS = 1.0
_KEEP_FAILED = 10
"""Failed events are kept so many times longer than those that were taken in: a person may yet want them."""


@dataclass(frozen=True)
class LiveHealth:
    """How the loop fares.

    Attributes:
        alive: its thread runs.
        looked_at: when it last looked for events, in microseconds since 1970 UTC; None: never.
        trouble: what keeps it from its work; empty: nothing.
    """

    alive: bool
    looked_at: int | None
    trouble: str


class LiveLoop:
    """Drains pushed events until it is stopped.

    Args:
        settings: as the environment has them; the sources are read from their file when the loop starts.
        database: migrated.
        verticals: whose sources are drained.
        clock: says what time it is.
        on_told: called after messages were put into the outbox.
        meters: what is counted.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        verticals: Sequence[Vertical],
        clock: Clock,
        on_told: Callable[[], None],
        *,
        meters: Meters | None = None,
    ) -> None:
        self.meters = meters or Meters()
        self._settings = settings
        self._database = database
        self._verticals = {vertical.name: vertical for vertical in verticals}
        self._clock = clock
        self._on_told = on_told
        self._inlets: dict[str, Inlet] | None = None
        self._stopping = Event()
        self._awake = Event()
        self._thread: Thread | None = None
        self._looked_at: int | None = None
        self._purged_at: int | None = None
        self._trouble = ""

    def start(self) -> None:
        """Begin, in a thread of its own.

        Raises:
            ConfigurationError: sources.yaml, the contacts or a channel's settings are wrong.
        """
        self._inlets = self._laid_out()
        self._stopping.clear()
        self._thread = Thread(target=self._run, name="plumbline-live", daemon=True)
        self._thread.start()

    def stop(self, timeout_seconds: float) -> bool:
        """End after the batch in hand; whether it ended in time. What waits on is taken in after the next start."""
        self._stopping.set()
        self._awake.set()
        if self._thread is not None:
            self._thread.join(timeout_seconds)
        return self._thread is None or not self._thread.is_alive()

    def wake(self) -> None:
        """Say that something came."""
        self._awake.set()

    def health(self) -> LiveHealth:
        """How it fares."""
        alive = self._thread is not None and self._thread.is_alive()
        return LiveHealth(alive, self._looked_at, self._trouble)

    def drain(self) -> int:
        """Take in all that waits, here and now, and say how many events that ended.

        Raises:
            DatabaseError: the database is in trouble; what is not taken in waits on.
        """
        ended = 0
        while not self._stopping.is_set():
            found = self._pass()
            ended += found
            if not found:
                break
        return ended

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._awake.clear()
            ended = 0
            try:
                ended = self._pass()
                self._forget()
                self._trouble = ""
            except PlumblineError as error:
                self._trouble = error.message
                log.exception("pushed events wait: %s", error.message)
                self._stopping.wait(_TROUBLE_SECONDS)
            except Exception as error:
                # The thread is a process of its own kind: nobody above it could go on with the events.
                self._trouble = type(error).__name__
                log.exception("pushed events wait")
                self._stopping.wait(_TROUBLE_SECONDS)
            self._pause(ended)

    def _pause(self, ended: int) -> None:
        """Wait for the next event, or rest after a batch; where a batch was full, more waits already."""
        if not ended:
            self._awake.wait(_LOOK_SECONDS)
        elif ended < BATCH_EVENTS:
            self._stopping.wait(_REST_SECONDS)

    def _pass(self) -> int:
        """One batch of every source for which something waits."""
        inlets = self._inlets if self._inlets is not None else self._laid_out()
        self._inlets = inlets
        self._looked_at = self._clock.now()
        with self._database.read() as connection:
            waiting = anything_waiting(connection, inlets)
        found = [(name, drained) for name in waiting for drained in inlets[name].drain()]
        for name, drained in found:
            self._tell(name, drained)
        return sum(drained.ended for _, drained in found)

    def _laid_out(self) -> dict[str, Inlet]:
        laid: dict[str, tuple[Workbench, Reactor]] = {}
        inlets = {}
        for name, entry in pushed_sources(self._settings.resolved_sources_file).items():
            if entry.vertical not in laid:
                bench = workbench(self._settings, self._database, self._clock, self._vertical(entry))
                laid[entry.vertical] = bench, Reactor(bench)
            bench, reactor = laid[entry.vertical]
            inlets[name] = Inlet(bench, entry, reactor)
        for bench, _ in laid.values():
            _ship(bench)
        return inlets

    def _vertical(self, entry: SourceEntry) -> Vertical:
        if entry.vertical not in self._verticals:
            hint = f"Installed: {', '.join(self._verticals) or 'none'}."
            raise ConfigurationError(f"source {entry.name!r} is of no known vertical: {entry.vertical!r}", hint=hint)
        return self._verticals[entry.vertical]

    def _tell(self, source: str, drained: Drained) -> None:
        """Say to whom it concerns what became of a batch that is committed."""
        self._count(source, drained)
        if drained.rules.enqueued:
            self._on_told()
        facts = {
            "source": source,
            "events": len(drained.events),
            "rows": drained.rows.rows_in,
            "accepted": drained.rows.accepted,
            "quarantined": drained.rows.quarantined,
            "messages": drained.rules.enqueued,
        }
        log.debug("a batch of pushed events was taken in", extra=facts)
        if not log.isEnabledFor(logging.INFO):
            return
        for event in drained.events:
            with correlated(event.correlation):
                log.info("a pushed event was taken in", extra={"source": source, "event": event.id})

    def _count(self, source: str, drained: Drained) -> None:
        meters, rows = self.meters, drained.rows
        meters.events.labels(source, "done").inc(len(drained.events))
        meters.events.labels(source, "failed").inc(drained.failed)
        for outcome in ("accepted", "unchanged", "quarantined"):
            meters.rows.labels(source, outcome).inc(getattr(rows, outcome))
        for severity, count in drained.rules.opened.items():
            meters.alerts.labels(severity).inc(count)
        if drained.events:
            meters.batch_events.observe(len(drained.events))
        now = self._clock.now()
        for event in drained.events:
            meters.to_alert.observe(max(0, now - event.received_at) / MICROS)

    def _forget(self) -> None:
        now = self._clock.now()
        if self._purged_at is not None and 0 <= now - self._purged_at < HOUR:
            return
        kept = parse_duration(self._settings.push_keep)
        with self._database.write() as connection:
            purge(connection, now - kept, now - _KEEP_FAILED * kept)
        self._purged_at = now


def _ship(bench: Workbench) -> None:
    with bench.database.write() as connection:
        ship_rules(connection, bench.vertical.name, read_rules(bench.vertical.rules), bench.clock.now())
