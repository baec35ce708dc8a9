"""Makes a firm of depots, one depot at a time, and writes each before the next is begun."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any, Protocol

import orjson

from verticals.logistics.sample.book import EVENTS, HEADERS, Book, iso
from verticals.logistics.sample.defects import spread
from verticals.logistics.sample.depot import build
from verticals.logistics.sample.plan import SamplePlan, SampleReport
from verticals.logistics.sample.shipment_cases import plant_shipment_cases
from verticals.logistics.sample.store import run_store
from verticals.logistics.sample.store_cases import plant_store_cases
from verticals.logistics.sample.traffic import run_traffic

PLANTED = "planted.json"
_SUFFIXES = (".csv", ".csv.gz", ".ndjson", ".ndjson.gz")


class _Sink(Protocol):
    def write(self, data: bytes, /) -> object: ...


def generate(out: Path, plan: SamplePlan, progress: Callable[[int, int], None] | None = None) -> SampleReport:
    """Write a feed into the folder; files of an earlier one are replaced.

    `progress` is told (customers done, customers in all) after each depot.
    """
    began = perf_counter()
    depots, flaws = plan.depots(), 0
    with Feed(out, plan) as feed:
        for number, customers in enumerate(depots):
            book = Book(number, plan.seed, plan.first_midnight, plan.now)
            _play(book, customers)
            flaws += spread(book, plan.defects, flaws) if plan.defects else 0
            feed.write(book)
            if progress is not None:
                progress(sum(depots[: number + 1]), sum(depots))
    return feed.report(perf_counter() - began)


def _play(book: Book, customers: int) -> None:
    depot = build(book, customers)
    run_traffic(depot)
    run_store(depot)
    plant_shipment_cases(depot)
    plant_store_cases(depot)


class Feed:
    """Writes depots as they come; holds open files and what was planted, never rows."""

    def __init__(self, out: Path, plan: SamplePlan) -> None:
        self._out = out
        self._plan = plan
        self._stack = ExitStack()
        self._files: dict[str, _Sink] = {}
        self._rows: Counter[str] = Counter()
        self._incidents: list[dict[str, Any]] = []
        self._defects: list[dict[str, Any]] = []

    def __enter__(self) -> Feed:
        self._out.mkdir(parents=True, exist_ok=True)
        for suffix in _SUFFIXES:
            for old in self._out.glob(f"*{suffix}"):
                old.unlink()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            if kind is None:
                told = {"until": iso(self._plan.now), "seed": self._plan.seed, "incidents": self._incidents,
                        "defects": self._defects}  # fmt: skip
                (self._out / PLANTED).write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")

    def write(self, book: Book) -> None:
        """Append a depot's rows."""
        self._incidents += [case.told() for case in book.cases]
        for kind, lines in book.lines.items():
            header = 0 if kind == EVENTS else 1
            first = self._rows[kind] + header + 1
            sink = self._files.get(kind) or self._open(kind)
            sink.write(b"".join(lines))
            self._rows[kind] += len(lines)
            for place, flaw in book.flaws[kind].items():
                told = {name: getattr(flaw, name) for name in flaw.__slots__}
                self._defects.append({**told, "file": self._name(kind), "line": first + place})

    def report(self, seconds: float) -> SampleReport:
        """What was written; call it after the feed is closed, so that the sizes are final."""
        size = sum(path.stat().st_size for suffix in _SUFFIXES for path in self._out.glob(f"*{suffix}"))
        defects, incidents = (dict(Counter(each["kind"] for each in told)) for told in (self._defects, self._incidents))
        return SampleReport(dict(self._rows), defects, incidents, size, seconds)

    def _name(self, kind: str) -> str:
        return f"{kind}.{'ndjson' if kind == EVENTS else 'csv'}{'.gz' if self._plan.compress else ''}"

    def _open(self, kind: str) -> _Sink:
        raw = self._stack.enter_context((self._out / self._name(kind)).open("wb"))
        sink: _Sink = raw
        if self._plan.compress:
            sink = self._stack.enter_context(gzip.GzipFile("", "wb", 6, raw, mtime=0))
        if kind != EVENTS:
            sink.write((",".join(HEADERS[kind]) + "\n").encode())
        self._files[kind] = sink
        return sink
