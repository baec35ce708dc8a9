"""What stands in the database, as Prometheus reads it: asked for at every scrape, and the same in every process."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, func, select

from automations.alerts import IS_OPEN, LIVE, alert
from automations.outbox import Delivery, count_outbox
from console.web.parts import Parts
from substrate.clock import MICROS, Clock
from substrate.database import Database
from substrate.errors import PlumblineError
from substrate.freshness import watermarks
from substrate.inbound import backlog, failed_count

_UNSENT = (Delivery.WAITING, Delivery.SENDING)


class Gauges(Collector):
    """Reads the gauges; where the database cannot be reached, it says only that."""

    def __init__(self, database: Database, clock: Clock, parts: Parts, sources: tuple[str, ...]) -> None:
        self._database = database
        self._clock = clock
        self._parts = parts
        self._sources = sources

    def describe(self) -> Iterator[Metric]:
        """Nothing: to be registered must not ask the database."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Every gauge."""
        yield InfoMetricFamily("plumbline_build", "What runs.", {"version": version("plumbline")})
        try:
            with self._database.read() as connection:
                found = [*self._inbound(connection), *self._outbox(connection), *self._known(connection)]
        except PlumblineError:
            found = []
        yield _gauge("plumbline_database_up", "Whether the database answers.", float(bool(found)))
        yield from found
        yield from self._clock_part()

    def _inbound(self, connection: Connection) -> Iterator[Metric]:
        waiting = GaugeMetricFamily("plumbline_inbound_waiting", "Pushed events that wait.", labels=["source"])
        oldest = GaugeMetricFamily(
            "plumbline_inbound_oldest_seconds", "Age of the oldest pushed event that waits.", labels=["source"]
        )
        now = self._clock.now()
        for source in self._sources:
            found = backlog(connection, [source])
            waiting.add_metric([source], found.waiting)
            oldest.add_metric([source], found.age(now) / MICROS)
        yield from (waiting, oldest)
        count = failed_count(connection)
        yield _gauge("plumbline_inbound_failed", "Pushed events that failed and were not tried again.", count)

    def _outbox(self, connection: Connection) -> Iterator[Metric]:
        counts = count_outbox(connection)
        yield _gauge("plumbline_outbox_waiting", "Messages not sent yet.", sum(counts[state] for state in _UNSENT))
        yield _gauge("plumbline_outbox_dead", "Messages that were given up.", counts[Delivery.DEAD])

    def _known(self, connection: Connection) -> Iterator[Metric]:
        ages = GaugeMetricFamily("plumbline_watermark_age_seconds", "Age of what is known, by name.", labels=["name"])
        now = self._clock.now()
        for name, at in sorted(watermarks(connection).items()):
            ages.add_metric([name], (now - at) / MICROS)
        yield ages
        firing = GaugeMetricFamily("plumbline_alerts_open", "Open alerts by severity.", labels=["severity"])
        chosen = select(alert.c.severity, func.count()).where(alert.c.timeline == LIVE, IS_OPEN)
        for severity, count in connection.execute(chosen.group_by(alert.c.severity)):
            firing.add_metric([severity], count)
        yield firing

    def _clock_part(self) -> Iterator[Metric]:
        if self._parts.ticker is None:
            return
        health = self._parts.ticker.health()
        yield _gauge("plumbline_clock_leading", "Whether this process ticks.", float(health.leading))
        if health.last_tick_at is not None:
            age = (self._clock.now() - health.last_tick_at) / MICROS
            yield _gauge("plumbline_clock_tick_age_seconds", "Time since the last tick.", age)


def _gauge(name: str, says: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, says, value)
