"""The origins of schools' rosters that the conformance suite runs over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from csv import DictWriter
from dataclasses import replace
from io import StringIO
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any, Literal
from zipfile import ZipFile

from substrate.sources.edfi.ods import EdfiOptions, EdfiSource
from substrate.sources.oneroster.drop import OneRosterCsvOptions, OneRosterCsvSource
from substrate.sources.oneroster.flat import flat
from substrate.sources.oneroster.rest import OneRosterOptions, OneRosterSource
from substrate.sources.source import Cursor, Page, Row, Source
from tests.substrate.sources.conformance import Harness, State
from tests.substrate.sources.edfi_server import EdfiWorld, serving_edfi
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


class OneRosterCsvHarness:
    """A folder of exports: a zip of everything each time, a zip of what changed, or a folder that is overwritten."""

    holds_types = False

    def __init__(self, folder: Path, form: Literal["bulk", "delta", "folder"]) -> None:
        self.folder, self.form = folder, form
        self.rows: dict[tuple[str, str], dict[str, str]] = {}
        self.changed: dict[tuple[str, str], dict[str, str]] = {}
        self.told: dict[tuple[str, str], dict[str, str]] = {}
        self.published = 0

    def put(self, kind: str, key: str, **fields: Any) -> None:
        row = {name: str(value) for name, value in fields.items()}
        self.rows[kind, key] = self.changed[kind, key] = {"sourcedId": key, "status": "", **row}

    def delete(self, kind: str, key: str) -> None:
        self.changed[kind, key] = {**self.rows.pop((kind, key)), "status": "tobedeleted"}

    def publish(self) -> None:
        self.published += 1
        told = self.changed if self.form == "delta" else self.rows
        names = self.columns()
        self.told |= {key: {name: row.get(name, "") for name in names} for key, row in told.items()}
        files = {f"{kind}.csv": self.csv([one for (its, _), one in told.items() if its == kind]) for kind, _ in told}
        mode = "delta" if self.form == "delta" else "bulk"
        listed = "".join(f"file.{name.removesuffix('.csv')},{mode}\n" for name in files)
        files["manifest.csv"] = f"propertyName,value\nmanifest.version,1.0\n{listed}"
        self.changed = {}
        if self.form == "folder":
            for name, text in files.items():
                (self.folder / name).write_text(text)
        elif len(files) > 1:
            with ZipFile(self.folder / f"export-{self.published:04}.zip", "w") as archive:
                for name, text in files.items():
                    archive.writestr(name, text)

    def csv(self, rows: list[dict[str, str]]) -> str:
        """Rows under the columns of everything, so that a column is there in every file."""
        text = StringIO()
        writer = DictWriter(text, self.columns(), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue()

    def columns(self) -> list[str]:
        return ["sourcedId", "status", *sorted({name for one in self.rows.values() for name in one} - _FIRST)]

    def state(self) -> State:
        return {key: {"id": key[1], **self.told.get(key, row)} for key, row in self.rows.items()}

    def source(self, page_rows: int) -> Source:
        return Keyed(OneRosterCsvSource("drop", OneRosterCsvOptions(path=self.folder, page_rows=page_rows)))

    @contextmanager
    def truncated(self) -> Iterator[None]:
        kept = self.folder.with_suffix(".kept")
        copytree(self.folder, kept)
        for path in self.folder.iterdir():
            path.write_bytes(path.read_bytes()[:-5])
        yield
        rmtree(self.folder)
        kept.rename(self.folder)


_FIRST = {"sourcedId", "status"}


def _drop(form: Literal["bulk", "delta", "folder"]) -> MakeHarness:
    return lambda folder, _stack: OneRosterCsvHarness(folder, form)


def _oneroster(trouble: dict[str, Any] | None = None, **options: Any) -> MakeHarness:
    return lambda _folder, stack: OneRosterHarness(stack, Trouble(**(trouble or {})), **options)


class EdfiHarness:
    """An ODS/API in some temper. Resources without a natural key of their own are known by their id."""

    holds_types = True

    def __init__(self, stack: ExitStack, trouble: Trouble, **options: Any) -> None:
        self.world = EdfiWorld(trouble=trouble)
        self.routes = stack.enter_context(serving_edfi(self.world))
        self.stack, self.options = stack, options

    def put(self, kind: str, key: str, **fields: Any) -> None:
        self.world.put(kind, key, **fields)

    def delete(self, kind: str, key: str) -> None:
        self.world.delete(kind, key)

    def publish(self) -> None:
        self.world.clock.move(1_000_000)

    def state(self) -> State:
        return {key: dict(one.item) for key, one in self.world.items.items()}

    def source(self, page_rows: int) -> Source:
        options = EdfiOptions(
            base_url=self.routes.base, limit=4, page_rows=page_rows, timeout_seconds=2,
            kinds=("Encounter", "Patient"), **self.options,
        )  # fmt: skip
        chance, waits = self.world.chance.random, list[float]()
        source = EdfiSource("ods", options, sleep=waits.append, clock=self.world.clock, chance=chance)
        return self.stack.enter_context(source)

    @contextmanager
    def truncated(self) -> Iterator[None]:
        self.world.trouble.truncated = True
        yield
        self.world.trouble.truncated = False


def _edfi(trouble: dict[str, Any] | None = None, **options: Any) -> MakeHarness:
    return lambda _folder, stack: EdfiHarness(stack, Trouble(**(trouble or {})), **options)


ROSTERS: dict[str, MakeHarness] = {
    "edfi": _edfi(),
    "edfi-tokens": _edfi({"own_marks": True, "expired_marks": 0.2}),
    "edfi-unversioned": _edfi({"refuses_filter": True}, sweep_every=1),
    "edfi-forgets": _edfi({"forgets": True}, sweep_every=1),
    "edfi-no-total": _edfi({"no_total": True}),
    "edfi-repeating": _edfi({"duplicates": 0.3}),
    "oneroster-csv-bulk": _drop("bulk"),
    "oneroster-csv-delta": _drop("delta"),
    "oneroster-csv-folder": _drop("folder"),
    "oneroster": _oneroster(),
    "oneroster-1.1": _oneroster({"no_links": True, "whole_seconds": True}, version="1.1"),
    "oneroster-links": _oneroster({"own_marks": True, "no_total": True}),
    "oneroster-expiring": _oneroster({"own_marks": True, "expired_marks": 0.2, "no_links": False}),
    "oneroster-forgets": _oneroster({"forgets": True}, sweep_every=1),
    "oneroster-unstamped": _oneroster({"forgets": True, "unstamped": True}, sweep_every=1),
    "oneroster-refuses": _oneroster({"refuses_filter": True, "unsorted": True}),
    "oneroster-ignores": _oneroster({"ignores_filter": True, "duplicates": 0.3}),
}
