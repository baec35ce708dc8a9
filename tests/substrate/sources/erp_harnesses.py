"""Frappe sites and Odoo servers in several tempers, for the conformance suite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import SecretStr

from substrate.sources.frappe import FrappeOptions, FrappeSource
from substrate.sources.odoo import OdooOptions, OdooSource
from substrate.sources.source import Cursor, Page, Row, Source
from tests.substrate.sources.conformance import Harness, State
from tests.substrate.sources.erp_server import DATABASE, KEY, LOGIN, FrappeRoutes, OdooRoutes
from tests.substrate.sources.fhir_server import Routes, Trouble, World, serving

KINDS = ("Encounter", "Patient")
MakeHarness: TypeAlias = Callable[[Path, ExitStack], Harness]


class ErpHarness:
    """An ERP in some temper; what reads it is a subclass's business."""

    holds_types = True
    routes: Routes

    def __init__(self, stack: ExitStack, trouble: Trouble, **options: Any) -> None:
        self.world = World(trouble=trouble)
        self.stack, self.options = stack, options
        self.waits: list[float] = []
        self.begin()

    def begin(self) -> None:
        """Serve the world."""

    def put(self, kind: str, key: str, **fields: Any) -> None:
        self.world.put(kind, key, **fields)
        self.world.clock.move(1000 if len(self.world.history) % 5 == 0 else 0)

    def delete(self, kind: str, key: str) -> None:
        self.world.delete(kind, key)

    def publish(self) -> None:
        self.world.clock.move(1_000_000)

    @contextmanager
    def truncated(self) -> Iterator[None]:
        self.world.trouble.truncated = True
        yield
        self.world.trouble.truncated = False

    def tools(self) -> dict[str, Any]:
        """What a source is given in tests."""
        return {"sleep": self.waits.append, "clock": self.world.clock, "chance": self.world.chance.random}


class FrappeHarness(ErpHarness):
    """A Frappe site."""

    def begin(self) -> None:
        self.routes = self.stack.enter_context(serving(self.world, FrappeRoutes))

    def state(self) -> State:
        routes = self.routes
        assert isinstance(routes, FrappeRoutes)
        return {key: routes.told(resource) for key, resource in self.world.records.items()}

    def source(self, page_rows: int) -> Source:
        options = FrappeOptions(
            base_url=self.routes.base, api_key=SecretStr("key-of-plumbline"),
            api_secret=SecretStr("secret-of-plumbline"), kinds=KINDS, count=4, page_rows=page_rows, timeout_seconds=2,
            **self.options,
        )  # fmt: skip
        return self.stack.enter_context(FrappeSource("frappe", options, **self.tools()))


class OdooHarness(ErpHarness):
    """An Odoo server; the suite's keys are one field of its records, as their ids are numbers."""

    speaks_json2 = True

    def begin(self) -> None:
        routes = self.stack.enter_context(serving(self.world, OdooRoutes))
        assert isinstance(routes, OdooRoutes)
        routes.speaks_json2 = self.options.pop("speaks_json2", True)
        self.routes = routes

    def state(self) -> State:
        return {key: self._read(*key) for key in self.world.records}

    def _read(self, kind: str, key: str) -> dict[str, Any]:
        """A record as the source gives it, under the suite's key."""
        routes = self.routes
        assert isinstance(routes, OdooRoutes)
        told, fields = routes.told(kind, self.world.records[kind, key]), routes.fields(kind)
        return {name: _none(told.get(name, False), field) for name, field in fields.items()} | {"id": key}

    def source(self, page_rows: int) -> Source:
        options = OdooOptions(
            base_url=self.routes.base, database=DATABASE, api_key=SecretStr(KEY), login=LOGIN, kinds=KINDS, count=4,
            page_rows=page_rows, timeout_seconds=2, **self.options,
        )  # fmt: skip
        source = self.stack.enter_context(OdooSource("odoo", options, **self.tools()))
        assert isinstance(self.routes, OdooRoutes)
        return Renamed(source, self.routes)


class Renamed:
    """A source whose numbers are told by the suite's keys."""

    def __init__(self, source: OdooSource, routes: OdooRoutes) -> None:
        self.name, self.completes, self.kinds = source.name, source.completes, source.kinds
        self._source, self._routes = source, routes

    def estimate(self, cursor: Cursor | None) -> int | None:
        return None

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        for page in self._source.read(cursor, now):
            keys = {(kind, str(number)): key for (kind, key), number in self._routes.ids.items()}
            rows = tuple(replace(row, payload={**(row.payload or {}), "id": _key(row)}) for row in page.rows)
            present = {kind: [keys[kind, str(one)] for one in numbers] for kind, numbers in page.present.items()}
            yield replace(page, rows=rows, present=present)


def _key(row: Row) -> str:
    return str((row.payload or {})["key"])


def _none(value: Any, field: dict[str, Any]) -> Any:
    return None if value is False and field["type"] != "boolean" else value


def _made(
    harness: type[FrappeHarness | OdooHarness], trouble: dict[str, Any] | None = None, **options: Any
) -> MakeHarness:
    return lambda _folder, stack: harness(stack, Trouble(**(trouble or {})), **options)


ERPS: dict[str, MakeHarness] = {
    "frappe": _made(FrappeHarness),
    "frappe-sweep": _made(FrappeHarness, deletes=False, sweep_every=1),
    "frappe-bumping": _made(FrappeHarness, {"bump_on_read": True}),
    "odoo": _made(OdooHarness, sweep_every=1),
    "odoo-jsonrpc": _made(OdooHarness, sweep_every=1, speaks_json2=False),
}
