"""The origins of schools' rosters that the conformance suite runs over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from substrate.sources.oneroster.flat import flat
from substrate.sources.oneroster.rest import OneRosterOptions, OneRosterSource
from substrate.sources.source import Cursor, Page, Row, Source
from tests.substrate.sources.conformance import Harness, State
from tests.substrate.sources.oneroster_server import OneRosterWorld, serving_oneroster
from tests.substrate.sources.roster_server import Trouble

MakeHarness = Callable[[Path, ExitStack], Harness]


class Keyed:
    """A source whose payloads bear their `sourcedId` as `id`, by which the suite knows records."""

    def __init__(self, source: Source) -> None:
        self.source, self.name = source, source.name
        self.completes, self.kinds = source.completes, source.kinds

    def estimate(self, cursor: Cursor | None) -> int | None:
        return self.source.estimate(cursor)

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        for page in self.source.read(cursor, now):
            yield replace(page, rows=tuple(map(_keyed, page.rows)))


def _keyed(row: Row) -> Row:
    return row if row.payload is None else replace(row, payload={"id": row.payload["sourcedId"], **row.payload})


class OneRosterHarness:
    """A OneRoster server in some temper."""

    holds_types = False

    def __init__(self, stack: ExitStack, trouble: Trouble, **options: Any) -> None:
        self.world = OneRosterWorld(trouble=trouble)
        self.routes = stack.enter_context(serving_oneroster(self.world))
        self.stack, self.options = stack, options

    def put(self, kind: str, key: str, **fields: Any) -> None:
        self.world.put(kind, key, **fields)
        self.world.clock.move(1000 if len(self.world.objects) % 5 == 0 else 0)

    def delete(self, kind: str, key: str) -> None:
        self.world.delete(kind, key)

    def publish(self) -> None:
        self.world.clock.move(1_000_000)

    def state(self) -> State:
        return {key: {"id": key[1], **flat(one)} for key, one in self.world.live().items()}

    def source(self, page_rows: int) -> Source:
        options = OneRosterOptions(
            base_url=self.routes.base, limit=4, page_rows=page_rows, timeout_seconds=2,
            kinds=("Encounter", "Patient"), **self.options,
        )  # fmt: skip
        chance, waits = self.world.chance.random, list[float]()
        source = OneRosterSource("sis", options, sleep=waits.append, clock=self.world.clock, chance=chance)
        return Keyed(self.stack.enter_context(source))

    @contextmanager
    def truncated(self) -> Iterator[None]:
        self.world.trouble.truncated = True
        yield
        self.world.trouble.truncated = False


def _oneroster(trouble: dict[str, Any] | None = None, **options: Any) -> MakeHarness:
    return lambda _folder, stack: OneRosterHarness(stack, Trouble(**(trouble or {})), **options)


_CREDENTIALS = {"kind": "client_credentials", "client_id": "plumbline", "client_secret": "s3cret"}

ROSTERS: dict[str, MakeHarness] = {
    "oneroster": _oneroster(),
    "oneroster-1.1": _oneroster({"no_links": True, "whole_seconds": True}, version="1.1"),
    "oneroster-links": _oneroster({"own_marks": True, "no_total": True}),
    "oneroster-expiring": _oneroster({"own_marks": True, "expired_marks": 0.2, "no_links": False}),
    "oneroster-forgets": _oneroster({"forgets": True}, sweep_every=1),
    "oneroster-unstamped": _oneroster({"forgets": True, "unstamped": True}, sweep_every=1),
    "oneroster-refuses": _oneroster({"refuses_filter": True, "unsorted": True}),
    "oneroster-ignores": _oneroster({"ignores_filter": True, "duplicates": 0.3}),
}
