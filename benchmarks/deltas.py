"""How long a sync takes that finds nothing to do, and how long until a change is found, on a folder of documents.

Run: `python -m benchmarks.deltas [--documents 10000] [--embedder hashing|minilm] [--models FOLDER]`.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.replay import embedder_of, opened
from benchmarks.result import Result, show
from rag.copilot import Copilot, FolderOptions, SourceSpec
from rag.embedder import Embedder
from rag.index import Index
from rag.opening import open_index
from rag.sources.folder import FolderFiles
from rag.sync import SyncOptions, SyncReport, sync
from substrate.clock import SystemClock
from substrate.database import Database
from substrate.settings import Settings

_WORDS = [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in ("ran", "dol", "mit", "sek", "vun")]
_CHANGED = 0.01


class Library:
    """A folder of documents that are made up, and its index.

    Args:
        folder: where all of it lies.
        documents: how many.
        embedder: what embeds them.
    """

    def __init__(self, folder: Path, documents: int, embedder: Embedder) -> None:
        self._chance = random.Random(1)
        self._folder = folder / "documents"
        self._embedder = embedder
        self._database: Database = opened(folder)
        spec = SourceSpec(name="docs", folder=FolderOptions(path=self._folder))
        self._copilot = Copilot(name="library", sources=(spec,))
        self._source = FolderFiles(spec, SystemClock())
        self._documents = documents
        self._settings = Settings(home=folder, _env_file=None)
        for number in range(documents):
            self.write(number)

    def write(self, number: int) -> None:
        """Write a document anew: three sections of some sixty words each."""
        path = self._folder / f"{number % 100:02}" / f"{number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        sections = (f"## Part {at}\n\n{' '.join(self._chance.choices(_WORDS, k=60))}." for at in range(3))
        path.write_text(f"# Document {number}\n\n" + "\n\n".join(sections), encoding="utf-8")

    def change(self) -> int:
        """Write one in a hundred anew; says how many."""
        chosen = self._chance.sample(range(self._documents), max(int(self._documents * _CHANGED), 1))
        for number in chosen:
            self.write(number)
        return len(chosen)

    def sync(self) -> SyncReport:
        """Bring the ledger up to date."""
        return sync(self._database, self._copilot, [self._source], self._embedder, SystemClock(), SyncOptions())

    def open(self) -> Index:
        """Own the index."""
        return open_index(self._settings, self._database, SystemClock())


def results(documents: int, embedder: Embedder) -> list[Result]:
    """Measure one library."""
    found = []
    with TemporaryDirectory() as folder:
        library = Library(Path(folder), documents, embedder)
        first = library.sync()
        found.append(_line("first sync", first.seconds, f"{first.chunks:,} chunks, {first.embedded:,} embedded"))
        began = perf_counter()
        with library.open() as index:
            found.append(_line("index opened and built", perf_counter() - began, "from the ledger alone"))
            library.sync()  # files that were fresh are looked at once more
            index.catch_up()
            idle = library.sync()
            found.append(_line("sync with nothing to do", idle.seconds, f"{idle.embedded} texts embedded", aim=1.0))
            began = perf_counter()
            index.reconcile()
            found.append(_line("compare ledger, Chroma and words", perf_counter() - began, "nothing to mend"))
            changed, began = library.change(), perf_counter()
            delta = library.sync()
            index.catch_up()
            spent = perf_counter() - began
            found.append(_line(f"{changed} documents changed, until found", spent, f"{delta.embedded} embedded"))
        began = perf_counter()
        with library.open():
            found.append(_line("index opened again", perf_counter() - began, "nothing to mend"))
    return found


def _line(work: str, seconds: float, done: str, aim: float | None = None) -> Result:
    said = f"{seconds:.2f} s ({done})"
    return Result(work, said, aim="" if aim is None else f"{aim:g} s", met=None if aim is None else seconds <= aim)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--embedder", choices=("minilm", "hashing"), default="hashing")
    parser.add_argument("--models", type=Path, default=Settings().resolved_models_dir)
    asked = parser.parse_args()
    found = results(asked.documents, embedder_of(asked.embedder, asked.models))
    show(found, f"{asked.documents:,} documents, {asked.embedder}")


if __name__ == "__main__":
    main()
