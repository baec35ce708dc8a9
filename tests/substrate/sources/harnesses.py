"""The origins that the conformance suite runs over: folders, FHIR servers in several tempers, and databases."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal

from substrate.sources.fhir import FhirOptions, FhirSource
from substrate.sources.folder import FolderOptions, FolderSource
from tests.substrate.sources.conformance import Harness, State
from tests.substrate.sources.erp_harnesses import ERPS
from tests.substrate.sources.fhir_server import Trouble, World, serving
from tests.substrate.sources.roster_harnesses import ROSTERS
from tests.substrate.sources.sql_database import Drops, SqlHarness, Tells
from tests.substrate.sources.trade_harnesses import TRADE_HARNESSES

Mode = Literal["auto", "search", "bulk"]
MakeHarness = Callable[[Path, ExitStack], Harness]
MakeInDatabase = Callable[[str, ExitStack], Harness]
"""From the address of an empty database."""


class FolderHarness:
    """A folder of NDJSON: everything anew in two files a kind (bulk), or a file of what changed (delta)."""

    holds_types = True

    def __init__(self, folder: Path, mode: Literal["bulk", "delta"]) -> None:
        self.folder, self.mode = folder, mode
        self.records: State = {}
        self.changes: dict[tuple[str, str], dict[str, Any] | None] = {}
        self.published = 0

    def put(self, kind: str, key: str, **fields: Any) -> None:
        self.records[kind, key] = self.changes[kind, key] = {"resourceType": kind, "id": key, **fields}

    def delete(self, kind: str, key: str) -> None:
        del self.records[kind, key]
        self.changes[kind, key] = None

    def publish(self) -> None:
        self.published += 1
        if self.mode == "bulk":
            self._write_everything()
        elif self.changes:
            entries = [_entry(*key, record) for key, record in self.changes.items()]
            bundle = {"resourceType": "Bundle", "entry": entries}
            self._write(f"{self.published:04}.json", json.dumps(bundle))
        self.changes = {}

    def state(self) -> State:
        return dict(self.records)

    def source(self, page_rows: int) -> FolderSource:
        return FolderSource("folder", FolderOptions(path=self.folder, mode=self.mode, page_rows=page_rows))

    @contextmanager
    def truncated(self) -> Iterator[None]:
        kept = self.folder.with_suffix(".kept")
        shutil.copytree(self.folder, kept)
        for path in self.folder.iterdir():
            path.write_bytes(path.read_bytes()[:-5])
        yield
        shutil.rmtree(self.folder)
        kept.rename(self.folder)

    def _write_everything(self) -> None:
        for kind in {kind for kind, _ in self.records}:
            lines = [json.dumps(one) for (its, _), one in self.records.items() if its == kind]
            half = len(lines) // 2
            for number, part in enumerate((lines[:half], lines[half:])):
                self._write(f"{kind}.{number:03}.ndjson", "".join(f"{line}\n" for line in part))

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.unlink(missing_ok=True)
        if text:
            path.write_text(text)


class CsvHarness(FolderHarness):
    """A folder of CSV that always holds everything, one file a kind, where every value is text."""

    holds_types = False

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "bulk")

    def state(self) -> State:
        names = self._names()
        return {
            key: {name: "" if record.get(name) is None else str(record[name]) for name in names}
            for key, record in self.records.items()
        }

    def _write_everything(self) -> None:
        names = self._names()
        for kind in {kind for kind, _ in self.records}:
            with (self.folder / f"{kind}.csv").open("w", newline="") as file:
                writer = csv.DictWriter(file, names, delimiter=";")
                writer.writeheader()
                writer.writerows(one for (its, _), one in self.records.items() if its == kind)

    def _names(self) -> list[str]:
        return sorted({name for record in self.records.values() for name in record})


class FhirHarness:
    """A FHIR server in some temper."""

    holds_types = True

    def __init__(self, stack: ExitStack, trouble: Trouble, mode: Mode = "search", **options: Any) -> None:
        self.world = World(trouble=trouble)
        self.routes = stack.enter_context(serving(self.world))
        self.stack, self.mode, self.options = stack, mode, options
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

    def source(self, page_rows: int) -> FhirSource:
        options = FhirOptions(
            base_url=self.routes.base, mode=self.mode, count=4, page_rows=page_rows, timeout_seconds=2, **self.options
        )
        world = self.world
        source = FhirSource("fhir", options, sleep=self.waits.append, clock=world.clock, chance=world.chance.random)
        return self.stack.enter_context(source)

    @contextmanager
    def truncated(self) -> Iterator[None]:
        self.world.trouble.truncated = True
        yield
        self.world.trouble.truncated = False


def _entry(kind: str, key: str, record: dict[str, Any] | None) -> dict[str, Any]:
    if record is None:
        return {"request": {"method": "DELETE", "url": f"{kind}/{key}"}}
    return {"resource": record}


def _fhir(mode: Mode = "search", trouble: dict[str, Any] | None = None, **options: Any) -> MakeHarness:
    return lambda _folder, stack: FhirHarness(stack, Trouble(**(trouble or {})), mode, **options)


def _sql(tells: Tells = "time", drops: Drops = "sweep") -> MakeInDatabase:
    return lambda url, stack: SqlHarness(stack, url, tells, drops)


HARNESSES: dict[str, MakeHarness] = {
    "folder-bulk": lambda folder, _stack: FolderHarness(folder, "bulk"),
    "folder-delta": lambda folder, _stack: FolderHarness(folder, "delta"),
    "folder-csv": lambda folder, _stack: CsvHarness(folder),
    "fhir-history": _fhir(),
    "fhir-sweep": _fhir(trouble={"no_history": True}, sweep_every=1),
    "fhir-snapshot": _fhir(trouble={"snapshot": True, "whole_seconds": True}),
    "fhir-no-total": _fhir(trouble={"no_total": True}),
    "fhir-expiring": _fhir(trouble={"expired_links": 0.5, "duplicates": 0.5}),
    "fhir-unstamped": _fhir(trouble={"unstamped": True, "no_history": True}),
    "fhir-unsorted": _fhir(trouble={"refuses_sort": True, "unsorted": True}),
    "fhir-bumping": _fhir(trouble={"bump_on_read": True}),
    "fhir-bulk": _fhir("bulk"),
    "fhir-auto": _fhir("auto", trouble={"no_export": True}),
    **ERPS,
    **TRADE_HARNESSES,
    **ROSTERS,
}

IN_DATABASE: dict[str, MakeInDatabase] = {
    "sql-sweep": _sql(),
    "sql-tombstone": _sql(drops="tombstone"),
    "sql-version": _sql("version"),
    "sql-unstamped": _sql("nothing"),
}
