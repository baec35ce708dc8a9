"""The folder that is written: one CSV file a sheet, and `planted.json` beside them."""

from __future__ import annotations

import gzip
import shutil
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Any, Protocol

import orjson

from verticals.school.sample.plan import SamplePlan, SampleReport
from verticals.school.sample.school import Flaw, School
from verticals.school.sample.sheets import SHEETS, stamp

PLANTED = "planted.json"
_SUFFIXES = (".csv", ".csv.gz")


class _Sink(Protocol):
    def write(self, data: bytes, /) -> object: ...


class Feed:
    """Writes schools as they come; holds open files and counts, never rows."""

    def __init__(self, out: Path, plan: SamplePlan) -> None:
        self.plan = plan
        self.resources: Counter[str] = Counter()
        self.defects: Counter[str] = Counter()
        self.incidents: Counter[str] = Counter()
        self._out = out
        self._stack = ExitStack()
        self._files: dict[str, _Sink] = {}

    def __enter__(self) -> Feed:
        self._out.mkdir(parents=True, exist_ok=True)
        for suffix in _SUFFIXES:
            for old in self._out.glob(f"*{suffix}"):
                old.unlink()
        self._cases = self._stack.enter_context(TemporaryFile())
        self._flaws = self._stack.enter_context(TemporaryFile())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            if kind is None:
                self._write_planted()

    def write(self, school: School) -> None:
        """Append a school's rows; the school is empty then."""
        for sheet in SHEETS:
            if rows := school.rows.pop(sheet, None):
                sink = self._files.get(sheet) or self._open(sheet)
                sink.write(b"".join([(text if isinstance(text, bytes) else text.encode()) + b"\n" for text, _ in rows]))
                for number, (_, flaw) in enumerate(rows, self.resources[sheet] + 2):
                    if flaw is not None:
                        self._write_flaw(flaw, number)
                self.resources[sheet] += len(rows)
        for case in school.cases:
            _append(self._cases, case.told(), first=not self.incidents)
            self.incidents[case.kind] += 1

    def report(self, seconds: float) -> SampleReport:
        """What was written; call it after the feed is closed, so that the sizes are final."""
        paths = [path for suffix in _SUFFIXES for path in self._out.glob(f"*{suffix}")]
        size = sum(path.stat().st_size for path in paths)
        return SampleReport(dict(self.resources), dict(self.defects), dict(self.incidents), size, seconds)

    def _write_flaw(self, flaw: Flaw, line: int) -> None:
        told = {
            "kind": flaw.kind, "resource": flaw.resource, "file": self._name(flaw.resource), "line": line,
            "expect": flaw.expect, "reason": flaw.reason,
        }  # fmt: skip
        _append(self._flaws, told, first=not self.defects)
        self.defects[flaw.kind] += 1

    def _name(self, sheet: str) -> str:
        return sheet + _SUFFIXES[self.plan.compress]

    def _open(self, sheet: str) -> _Sink:
        raw = self._stack.enter_context((self._out / self._name(sheet)).open("wb"))
        sink: _Sink = raw
        if self.plan.compress:
            sink = self._stack.enter_context(gzip.GzipFile("", "wb", 6, raw, mtime=0))
        sink.write((",".join(SHEETS[sheet]) + "\n").encode())
        self._files[sheet] = sink
        return sink

    def _write_planted(self) -> None:
        head = {"until": stamp(self.plan.now), "seed": self.plan.seed}
        with (self._out / PLANTED).open("wb") as target:
            target.write(orjson.dumps(head)[:-1] + b',\n"incidents":[\n')
            _copy(self._cases, target)
            target.write(b'],\n"defects":[\n')
            _copy(self._flaws, target)
            target.write(b"]}\n")


def _append(spool: IO[bytes], told: dict[str, Any], *, first: bool) -> None:
    spool.write((b"" if first else b",\n") + orjson.dumps(told))


def _copy(spool: IO[bytes], target: IO[bytes]) -> None:
    spool.seek(0)
    shutil.copyfileobj(spool, target)
