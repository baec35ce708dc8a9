"""How long a search takes among 100,000 chunks: alone, filtered, during a rebuild; and how fast the index follows.

Run: `python -m benchmarks.searching [--documents 10000] [--searches 300] [--vectors FILE] [--data ../shared/data]`

The index is the product's own, in one process: ledger in SQLite, vectors in Chroma, words in tantivy. Questions are the
golden ones, embedded as they come; what is asked first warms up and is not counted. A rebuild is a second process that
syncs the same documents by another recipe, and this one's follower, which applies what it writes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from threading import Event, Thread

import numpy as np

from benchmarks.contexts import Opened, admit, in_process, over_http
from benchmarks.corpora import DATA, MODELS
from benchmarks.library import SECTIONS, Moved, copilot_over, fill, questions, real_chunks, touch
from benchmarks.remembering import Remembering
from benchmarks.result import Result, milliseconds, show, write
from rag.copilot import Copilot
from rag.embedder import Embedder
from rag.embedders.minilm import open_minilm
from rag.hit import Query
from rag.index import Index, IndexOptions
from rag.opening import open_index
from rag.recipe import Recipe
from rag.search import search
from rag.sources.folder import FolderFiles
from rag.sync import SyncReport, sync
from substrate.access import Caller
from substrate.background import answer_promptly, go_last
from substrate.clock import SystemClock
from substrate.columns import Sensitivity
from substrate.database import Database, open_database
from substrate.migrate import upgrade
from substrate.settings import Settings

_CLOCK = SystemClock()
_K = 8
_WARM_UP = 20
_AIM = 30.0
"""Milliseconds that 99 of 100 searches should take, during a rebuild too."""

_CONTEXT, _CONTEXT_HTTP = 50.0, 80.0
"""Milliseconds for a context call."""

_NO_OP = 1.0
"""Seconds in which ten thousand unchanged documents should be seen to be unchanged."""

_THREADS = "OPENBLAS_NUM_THREADS"
_OTHER = Recipe(overlap=8)
EVERYWHERE = Caller("bench", "clerk", Sensitivity.INTERNAL)
AT_ONE_SITE = Caller("bench", "clerk", Sensitivity.INTERNAL, sites=frozenset({"s3"}))


@dataclass(frozen=True, slots=True)
class Desk:
    """What is asked, and with what.

    Attributes:
        home: where ledger and index lie.
        documents: the folder of documents.
        count: how many documents there are.
        copilot: over them.
        database: the ledger.
        embedder: of questions.
        moved: of documents.
        searches: how many are timed for a line.
    """

    home: Path
    documents: Path
    count: int
    copilot: Copilot
    database: Database
    embedder: Embedder
    moved: Moved
    searches: int

    def synced(self) -> SyncReport:
        """Bring the ledger up to date."""
        return sync(self.database, self.copilot, [FolderFiles(self.copilot.sources[0], _CLOCK)], self.moved, _CLOCK)

    def times(self, index: Index, caller: Caller = EVERYWHERE, **asked: object) -> list[float]:
        """Seconds of searches, one after the other."""
        return list(islice(self._times(index, caller, asked), _WARM_UP, None))

    def _times(self, index: Index, caller: Caller, asked: dict[str, object]) -> Iterator[float]:
        for ask in islice(cycle(questions()), _WARM_UP + self.searches):
            query = Query(ask, k=_K, **asked)  # type: ignore[arg-type]  # the caller names fields of a query
            began = time.perf_counter()
            search(index, self.embedder, caller, self.copilot, query, _CLOCK.now())
            yield time.perf_counter() - began


def results(desk: Desk) -> Iterator[Result]:
    """The lines, on an empty home."""
    began = time.perf_counter()
    report = desk.synced()
    yield Result(f"first sync of {report.documents:,} documents", f"{time.perf_counter() - began:.0f} s")
    began = time.perf_counter()
    settings = Settings(home=desk.home, _env_file=None)
    with open_index(settings, desk.database, _CLOCK, IndexOptions(apart=True)) as index:
        yield Result(f"index of {report.chunks:,} chunks built from the ledger", f"{time.perf_counter() - began:.0f} s")
        answer_promptly()
        yield from _searches(desk, index)
        yield from _contexts(desk, index)
        yield from _following(desk, index)
        yield from _rebuilding(desk, index)


def _searches(desk: Desk, index: Index) -> Iterator[Result]:
    size = index.live(desk.copilot.name).size
    yield _line(f"search, {size:,} chunks", desk.times(index), _AIM)
    yield _line("search, who may see one site of ten", desk.times(index, AT_ONE_SITE), _AIM)
    yield _line("search, one site asked for", desk.times(index, sites=frozenset({"s1"})), _AIM)
    yield _line("search, one kind of a tenth", desk.times(index, kinds=frozenset({"note"})), _AIM)
    yield _line("search, one kind of nine tenths", desk.times(index, kinds=frozenset({"guide"})), _AIM)
    timings = [search(index, desk.embedder, EVERYWHERE, desk.copilot, Query(ask), _CLOCK.now()).timings
               for ask in questions()[:_WARM_UP]]  # fmt: skip
    stages = ", ".join(
        f"{name} {np.median([each.get(name, 0) for each in timings]) / 1_000:.1f}" for name in timings[0]
    )
    yield Result("  its stages, median ms", stages)


def _contexts(desk: Desk, index: Index) -> Iterator[Result]:
    patients = admit(desk.database, desk.home / "feed")
    opened, copilot = Opened(desk.embedder, index), desk.copilot.model_copy(update={"vertical": "hospital"})
    alone = in_process(desk.database, opened, copilot, patients, desk.searches)
    yield _line("context of a patient, in process", alone, _CONTEXT)
    served = over_http(desk.home, desk.database, opened, copilot, patients, desk.searches)
    yield _line("context of a patient, over HTTP", served, _CONTEXT_HTTP)


def _following(desk: Desk, index: Index) -> Iterator[Result]:
    given = desk.moved.count
    report = desk.synced()
    told = f"{report.seconds:.2f} s, {desk.moved.count - given} texts embedded"
    yield Result(f"sync of {report.documents:,} unchanged documents", told, "", "", f"{_NO_OP:.0f} s, 0 texts",
                 report.seconds <= _NO_OP and desk.moved.count == given)  # fmt: skip
    touched = touch(desk.documents, desk.count, 100)
    given, began = desk.moved.count, time.perf_counter()
    report = desk.synced()
    index.catch_up()
    told = f"{time.perf_counter() - began:.2f} s until it is found, {report.seconds:.2f} s of it the sync"
    yield Result(f"1 % edited ({touched} documents, {desk.moved.count - given} texts)", told)


def _rebuilding(desk: Desk, index: Index) -> Iterator[Result]:
    for name in ("real", "fast"):
        home, folder = str(desk.home), str(desk.documents)
        command = [sys.executable, "-m", "benchmarks.searching", "--rebuild", home, folder, name, *_models(desk)]
        over = Event()
        follower = Thread(target=_follow, args=(index, over))
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                (process.stdout or sys.stdin).readline()
                follower.start()
                times = desk.times(index)
            finally:
                process.kill()
                over.set()
                follower.join()
        how = "embedding on one core" if name == "real" else "vectors given, as fast as the ledger takes them"
        yield _line(f"search during a rebuild, {how}", times, _AIM)


def _follow(index: Index, over: Event) -> None:
    """What the serving process's own thread does."""
    while not over.wait(0.2):
        while index.follow() and not over.is_set():
            pass


def _models(desk: Desk) -> Sequence[str]:
    return [str(desk.home / "models"), str(desk.home / "real.npy")]


def _rebuild(home: Path, folder: Path, name: str, models: Path, real: Path) -> None:
    """The other process: syncs by another recipe until it is done or killed."""
    go_last()
    minilm = open_minilm(models)
    moved = Moved(minilm, np.load(real))
    copilot = copilot_over(folder, _OTHER)
    print("begin", flush=True)
    database = open_database(f"sqlite:///{home / 'ledger.sqlite'}")
    embedder: Embedder = minilm if name == "real" else moved
    sync(database, copilot, [FolderFiles(copilot.sources[0], _CLOCK)], embedder, _CLOCK)


def _line(work: str, seconds: Sequence[float], aim: float) -> Result:
    cuts = quantiles(seconds, n=100)
    told = f"p50 {milliseconds(cuts[49])}, p99 {milliseconds(cuts[98])}"
    return Result(work, told, "", "", f"p99 {aim:.0f} ms", cuts[98] * 1_000 <= aim)


def opened(place: Path, data: Path, models: Path, vectors: Path | None, count: int, searches: int) -> Desk:
    """Documents in a folder, an empty ledger, and all that is needed to ask."""
    minilm = open_minilm(models)
    chunks = real_chunks(data, minilm)
    real = Remembering(minilm, vectors).embed([embedded for embedded, _ in chunks])
    home, documents = place / "home", place / "documents"
    home.mkdir()
    np.save(home / "real.npy", real)
    (home / "models").symlink_to(models.resolve())
    fill(documents, count, [text for _, text in chunks])
    database = open_database(f"sqlite:///{home / 'ledger.sqlite'}")
    upgrade(database, [])
    moved = Moved(minilm, real)
    return Desk(home, documents, count, copilot_over(documents), database, minilm, moved, searches)


def main() -> None:
    """Measure and print one table."""
    if sys.argv[1:2] == ["--rebuild"]:
        home, folder, name, models, real = sys.argv[2:]
        _rebuild(Path(home), Path(folder), name, Path(models), Path(real))
        return
    if _THREADS not in os.environ:
        # Numpy reads it when it is imported; `plumbline` sets it before.
        os.execve(sys.executable, [*sys.orig_argv], {**os.environ, _THREADS: "1"})
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=10_000, help=f"documents of {SECTIONS} chunks each")
    parser.add_argument("--searches", type=int, default=300, help="searches that are timed for a line")
    parser.add_argument("--vectors", type=Path, help="a file in which vectors are kept for the next run")
    parser.add_argument("--data", type=Path, default=DATA, help="the folder that holds corpora/")
    parser.add_argument("--models", type=Path, default=MODELS, help="the folder of models")
    parser.add_argument("--out", type=Path, help="also write the lines to this file, as JSON")
    asked = parser.parse_args()
    with TemporaryDirectory() as place:
        desk = opened(Path(place), asked.data, asked.models, asked.vectors, asked.documents, asked.searches)
        found = list(results(desk))
        desk.database.close()
    show(found, "searching")
    if asked.out:
        write(found, asked.out)


if __name__ == "__main__":
    main()
