"""One pushed source: its waiting events become records, features, alerts and messages, a small batch at a time.

A batch is one transaction from the events to their end, so whoever is killed leaves them waiting. One drainer at a
time keeps records in the order in which they came. An event that breaks a batch is taken alone, and ends as failed.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from automations.engine import RuleReport
from flows.reactor import Reactor
from flows.workbench import Workbench
from substrate.errors import ConfigurationError, DatabaseError, PlumblineError
from substrate.freshness import advance, records_name
from substrate.inbound import Event, fail, finish, take
from substrate.ingest import IngestReport, Intake, fed
from substrate.mapping import Reader
from substrate.sources.configured import SourceEntry, speaking
from substrate.sources.push import rows_of
from substrate.standing import outcome_of, place_of
from substrate.sweep import Limits, Sweep
from substrate.tracing import batch
from substrate.turns import take_turn

log = logging.getLogger(__name__)

BATCH_EVENTS = 200
"""Large enough that the cost of a batch is shared, small enough that the first need not wait for the last."""

_BATCH_BYTES = 8 << 20


@dataclass(frozen=True)
class Drained:
    """What became of one batch.

    Attributes:
        events: those that were taken in.
        failed: how many could not be.
        rows: the account of their rows.
        rules: what the rules said.
        at: when it was decided, in microseconds since 1970 UTC.
    """

    events: Sequence[Event] = ()
    failed: int = 0
    rows: IngestReport = field(default_factory=IngestReport)
    rules: RuleReport = field(default_factory=RuleReport)
    at: int = 0

    @property
    def ended(self) -> int:
        """How many events wait no more."""
        return len(self.events) + self.failed


class Inlet:
    """Drains one pushed source.

    Args:
        bench: what the source's vertical works with.
        entry: the source.
        reactor: what its records set off.

    Raises:
        ConfigurationError: the source is not pushed.
    """

    def __init__(self, bench: Workbench, entry: SourceEntry, reactor: Reactor) -> None:
        if entry.push is None:
            raise ConfigurationError(f"source {entry.name!r} is not pushed", hint="Give it `push` in sources.yaml.")
        self.name = entry.name
        self._options = entry.push
        self._bench = bench
        self._reactor = reactor
        vertical = speaking(bench.vertical, entry)
        sweep = Sweep(vertical, entry.name, Limits(), tracking=False)
        self._intake = Intake(vertical, Reader(entry.name, entry.zone), sweep)
        # Beside a poll, the poll says how far the source is known. Alone, nothing else could.
        self._confirms = () if entry.is_polled else fed(vertical, entry.push.kinds)

    def drain(self) -> list[Drained]:
        """Take in one batch of what waits; none: nothing waits.

        Raises:
            DatabaseError: the database is in trouble; everything waits on.
        """
        try:
            return self._some(BATCH_EVENTS)
        except DatabaseError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever one event sets off, the others must not wait for it
            log.warning("a batch of pushed events is taken one by one: %s", _named(error), extra={"source": self.name})
            return self._one_by_one()

    def _some(self, limit: int) -> list[Drained]:
        with self._bench.database.write() as connection:
            events = self._waiting(connection, limit)
            if not events:
                return []
            with batch([event.correlation for event in events]):
                return [self._take(connection, events)]

    def _one_by_one(self) -> list[Drained]:
        with self._bench.database.read() as connection:
            count = len(take(connection, self.name, BATCH_EVENTS, _BATCH_BYTES))
        return [drained for _ in range(count) for drained in self._alone()]

    def _alone(self) -> list[Drained]:
        try:
            return self._some(1)
        except DatabaseError:
            raise
        except Exception as error:  # noqa: BLE001 - it is kept as failed, with its kind, for a person to look at
            return self._give_up(error)

    def _give_up(self, error: Exception) -> list[Drained]:
        now = self._bench.clock.now()
        with self._bench.database.write() as connection:
            events = self._waiting(connection, 1)
            ended = fail(connection, {event.id: _named(error) for event in events}, now)
        for event in events:
            about = {"source": self.name, "event": event.id, "correlation": event.correlation}
            log.error("a pushed event failed: %s", _named(error), extra=about)
        return [Drained(failed=ended, at=now)]

    def _waiting(self, connection: Connection, limit: int) -> list[Event]:
        take_turn(connection, f"inbound {self.name}")
        return take(connection, self.name, limit, _BATCH_BYTES)

    def _take(self, connection: Connection, events: list[Event]) -> Drained:
        intake, now = self._intake, self._bench.clock.now()
        places = {place_of(event.id): event for event in events}
        rows = [
            row
            for place, event in places.items()
            for row in rows_of(self._options, event.content_type, event.body, place)
        ]
        intake.begin_anew()
        rules = RuleReport()
        if rows:
            batch_number = intake.take(connection, rows, now)
            words = {number: places[place].correlation for number, place in (intake.origins or {}).items()}
            self._confirm(connection, events)
            rules = self._reactor.react(connection, batch_number, words, now)
        else:
            self._confirm(connection, events)
        finish(connection, _outcomes(places, [row.place for row in rows], intake.report), now)
        return Drained(events, 0, intake.report, rules, now)

    def _confirm(self, connection: Connection, events: list[Event]) -> None:
        """Whoever pushed this had pushed all that came before it."""
        latest = max(event.received_at for event in events)
        advance(connection, [records_name(record) for record in self._confirms], self.name, latest)


def _outcomes(places: dict[str, Event], told: list[str], report: IngestReport) -> dict[int, str]:
    """What each event came to, in words."""
    counts = dict.fromkeys(places, 0)
    for place in told:
        counts[place] += 1
    return {event.id: outcome_of(counts[place], report.refused_in[place]) for place, event in places.items()}


def _named(error: Exception) -> str:
    """An error without a value of anybody's record."""
    return error.message if isinstance(error, PlumblineError) else type(error).__name__
