"""Keeping an index in step with its documents, beside LangChain's index API and LlamaIndex's pipeline, in one run.

Run: `python -m benchmarks.indexing [--corpus openboxes_docs] [--documents 50] [--peers langchain-full,llamaindex]`

The same corpus, the same chunks and the same embedder for all, each run in a process of its own: the first load,
nothing changed, one document in a hundred edited, deleted, renamed, copied under another name; and a first load that is
killed half-way and started again. Told are the texts that were embedded, the seconds, and whether the store then holds
each text of each document as often as a full build would, no more and no less.
"""

from __future__ import annotations

import argparse
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.corpora import DATA, MODELS, cut, documents_in
from benchmarks.indexers import INDEXERS, PEERS, Run, index
from benchmarks.result import Result, show, write
from rag.embedder import Embedder
from rag.embedders.minilm import open_minilm

_SHARE = 100
"""One document in so many is touched."""

_SUFFIXES = (".md", ".rst", ".mdx", ".html")


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens to the documents before a run.

    Attributes:
        name: what it is called.
        change: changes the folder.
        fresh: the run begins with an empty store.
        killed: it is killed half-way first.
    """

    name: str
    change: Callable[[Path], None]
    fresh: bool = False
    killed: bool = False


def results(corpus: Path, models: Path, indexers: tuple[str, ...], most: int | None = None) -> Iterator[Result]:
    """One line a scenario and peer; with at most so many documents."""
    embedder = open_minilm(models, threads=2)
    with TemporaryDirectory() as place:
        folder, homes = Path(place) / "documents", {name: Path(place) / name for name in indexers}
        for path in [path for path in sorted(corpus.rglob("*")) if path.suffix in _SUFFIXES][:most]:
            kept = folder / path.relative_to(corpus)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, kept)
        for scenario in SCENARIOS:
            scenario.change(folder)
            expected = _expected(folder, embedder)
            runs = {name: _run(name, homes[name], folder, models, scenario, expected) for name in indexers}
            yield from _lines(scenario, runs, expected)


def _run(name: str, home: Path, folder: Path, models: Path, scenario: Scenario, expected: Expected) -> Run:
    if scenario.fresh:
        shutil.rmtree(home, ignore_errors=True)
    before = index(name, home, folder, models, len(expected.embedded) // 2) if scenario.killed else Run(0, 0.0)
    done = index(name, home, folder, models)
    return replace(done, embedded=before.embedded + done.embedded)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a full build holds.

    Attributes:
        shown: each text of each document, without headings, as ours shows it.
        embedded: the same with title and headings, as the peers keep it.
    """

    shown: Counter[tuple[str, str]]
    embedded: Counter[tuple[str, str]]

    def right(self, name: str, run: Run) -> bool:
        """Whether a store holds just that."""
        return Counter(run.held) == (self.embedded if name in PEERS else self.shown)


def _expected(folder: Path, embedder: Embedder) -> Expected:
    chunks = cut(documents_in(folder), embedder)
    return Expected(
        Counter((document.key, chunk.text) for document, chunk in chunks),
        Counter((document.key, chunk.embedded_text) for document, chunk in chunks),
    )


def _lines(scenario: Scenario, runs: dict[str, Run], expected: Expected) -> Iterator[Result]:
    ours = runs[INDEXERS[0]]
    right = expected.right(INDEXERS[0], ours)
    total = expected.embedded.total()
    for name in (name for name in runs if name != INDEXERS[0]):
        theirs = runs[name]
        yield Result(
            f"{scenario.name} ({total} chunks), beside {name}",
            _told(ours, right),
            _told(theirs, expected.right(name, theirs)),
            f"{theirs.seconds / ours.seconds:.1f}x as long, {theirs.embedded - ours.embedded:+d} texts",
            "right, and no more texts",
            right and ours.embedded <= theirs.embedded,
        )


def _told(run: Run, right: bool) -> str:
    return f"{run.embedded} texts, {run.seconds:.1f} s, {'right' if right else 'WRONG'}"


def _some(folder: Path, offset: int) -> list[Path]:
    """One document in a hundred, others for each offset; at least one, and never an empty one."""
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in _SUFFIXES and path.stat().st_size > 2_000]
    return files[offset::_SHARE] or files[-1:]


def _edit(folder: Path) -> None:
    for path in _some(folder, 3):
        path.write_text(f"{path.read_text()}\n\nAsk the store manager before anything of this is changed.\n")


def _delete(folder: Path) -> None:
    for path in _some(folder, 5):
        path.unlink()


def _rename(folder: Path) -> None:
    for path in _some(folder, 7):
        path.rename(path.with_stem(f"{path.stem}-moved"))


def _copy(folder: Path) -> None:
    for path in _some(folder, 9):
        shutil.copy(path, path.with_stem(f"{path.stem}-copy"))


def _nothing(folder: Path) -> None:
    """Leave all as it is."""


SCENARIOS = (
    Scenario("first load", _nothing, fresh=True),
    Scenario("nothing changed", _nothing),
    Scenario("1 % edited", _edit),
    Scenario("1 % deleted", _delete),
    Scenario("1 % renamed", _rename),
    Scenario("1 % copied", _copy),
    Scenario("first load killed half-way, started again", _nothing, fresh=True, killed=True),
)


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", default="openboxes_docs")
    parser.add_argument("--documents", type=int, help="only so many of its documents")
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--data", type=Path, default=DATA, help="the folder that holds corpora/")
    parser.add_argument("--models", type=Path, default=MODELS, help="the folder of models")
    parser.add_argument("--out", type=Path, help="also write the lines to this file, as JSON")
    asked = parser.parse_args()
    indexers = (INDEXERS[0], *(name for name in PEERS if name in asked.peers.split(",")))
    found = list(
        results(asked.data / "corpora" / asked.corpus / "head", asked.models.resolve(), indexers, asked.documents)
    )
    show(found, f"indexing {asked.corpus}")
    if asked.out:
        write(found, asked.out)


if __name__ == "__main__":
    main()
