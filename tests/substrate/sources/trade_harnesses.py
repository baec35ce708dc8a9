"""EPCIS repositories and DCSA carriers in several tempers, for the conformance suite."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from substrate.sources.dcsa import DcsaOptions, DcsaSource
from substrate.sources.epcis_query import EpcisOptions, EpcisSource
from substrate.sources.source import Cursor, Page, Row, Source
from tests.substrate.sources.conformance import Harness, State
from tests.substrate.sources.fhir_server import Trouble, World, serving
from tests.substrate.sources.trade_server import DcsaRoutes, EpcisRoutes, record_of

MakeHarness = Callable[[Path, ExitStack], Harness]


@dataclass
class Understood:
    """A source of events, told in the suite's words: what each event says of a record, or that it is gone."""

    source: Source
    prefix: str
    name: str = "events"

    @property
    def completes(self) -> bool:
        return self.source.completes

    @property
    def kinds(self) -> Collection[str] | None:
        return self.source.kinds

    def estimate(self, cursor: Cursor | None) -> int | None:
        return self.source.estimate(cursor)

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        for page in self.source.read(cursor, now):
            yield replace(page, rows=tuple(map(self._row, page.rows)))

    def _row(self, row: Row) -> Row:
        assert row.payload is not None, row
        kind, key, record = record_of(row.payload, self.prefix)
        return Row(kind, row.place, row.line, row.raw, record, deleted_key=None if record else key)


class EventHarness:
    """A list of events in some temper."""

    holds_types = True

    def __init__(self, stack: ExitStack, trouble: Trouble, speaks: str) -> None:
        self.world = World(trouble=trouble)
        self.routes = stack.enter_context(serving(self.world, EpcisRoutes if speaks == "epcis" else DcsaRoutes))
        self.stack, self.speaks = stack, speaks
        self.waits: list[float] = []

    def put(self, kind: str, key: str, **fields: Any) -> None:
        self.world.put(kind, key, **fields)
        self.world.clock.move(1000 if len(self.world.history) % 5 == 0 else 0)

    def delete(self, kind: str, key: str) -> None:
        self.world.delete(kind, key)

    def publish(self) -> None:
        self.world.clock.move(1_000_000)

    def state(self) -> State:
        return {key: dict(resource) for key, resource in self.world.records.items()}

    def source(self, page_rows: int) -> Source:
        patience = {"page_rows": page_rows, "timeout_seconds": 2, "base_url": self.routes.base}
        tools = {"sleep": self.waits.append, "clock": self.world.clock, "chance": self.world.chance.random}
        if self.speaks == "epcis":
            repository = EpcisSource("epcis", EpcisOptions(per_page=4, **patience), **tools)
            return Understood(self.stack.enter_context(repository), "suite:")
        carrier = DcsaSource("dcsa", DcsaOptions(limit=4, **patience), **tools)
        return Understood(self.stack.enter_context(carrier), "")

    @contextmanager
    def truncated(self) -> Iterator[None]:
        self.world.trouble.truncated = True
        yield
        self.world.trouble.truncated = False


def _events(speaks: str, **trouble: Any) -> MakeHarness:
    return lambda _folder, stack: EventHarness(stack, Trouble(**trouble), speaks)


_BAD_DAY = {"throttled": 0.1, "unavailable": 0.1, "resets": 0.1, "cut_json": 0.1}

TRADE_HARNESSES: dict[str, MakeHarness] = {
    "epcis": _events("epcis"),
    "epcis-expiring": _events("epcis", expired_links=0.3, duplicates=0.5),
    "epcis-bad-day": _events("epcis", duplicates=0.3, **_BAD_DAY),
    "dcsa": _events("dcsa"),
    "dcsa-expiring": _events("dcsa", expired_links=0.3, duplicates=0.5),
    "dcsa-bad-day": _events("dcsa", duplicates=0.3, **_BAD_DAY),
}
