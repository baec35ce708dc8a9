"""Replay the recorded history of a documentation, syncing after each commit and killed on the way, and compare.

At the end the index must hold what one holds that is built from today's files at once: the same chunks, the same
vectors, nothing more; and each distinct text must have been embedded once.

Run: `python -m benchmarks.replay CORPUS… [--kills 20] [--embedder hashing] [--models FOLDER]`, where a corpus is a
folder with `history.jsonl.gz` and `head/`.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

import orjson
from sqlalchemy import select

from rag.copilot import Copilot, FolderOptions, SourceSpec
from rag.embedder import Embedder, Vectors
from rag.embedders.hashing import HashingEmbedder
from rag.embedders.minilm import open_minilm
from rag.generations import live_generation
from rag.ledger import rag_chunk, rag_vector
from rag.opening import open_index
from rag.reconcile import alike
from rag.sources import files
from rag.sources.folder import FolderFiles
from rag.sources.history import History, HistoryFiles
from rag.splitting import split
from rag.sync import SyncOptions, sync
from rag.vectors import count, to_matrix
from substrate.clock import SystemClock
from substrate.database import Database, open_database
from substrate.migrate import upgrade
from substrate.settings import Settings
from substrate.sweep import Limits

# The history says itself what was deleted.
_OPTIONS = SyncOptions(limits=Limits(allowed=True))


@dataclass(frozen=True, slots=True)
class Replayed:
    """What one replay came to.

    Attributes:
        corpus: its name.
        commits: how many were replayed.
        kills: how often the work was killed.
        distinct: different chunk texts over the whole history.
        embedded: texts whose vectors were kept.
        again: texts that were embedded once more, because a kill came before their vectors were kept.
        chunks: chunks at the end.
        wrong: chunks that differ from those of today's files built at once: missing, too many, or with another vector.
        rounded: chunks whose vector differs in the last bits: texts that are embedded together are added up otherwise.
        mended: what the owner's index differed in from its ledger at the end.
        seconds: from the first commit to the last, without the starts of processes.
    """

    corpus: str
    commits: int
    kills: int
    distinct: int
    embedded: int
    again: int
    chunks: int
    wrong: int
    rounded: int
    mended: int
    seconds: float


class Counted:
    """An embedder that writes down, before it begins, how many texts it is given."""

    def __init__(self, inner: Embedder, log: Path) -> None:
        self._inner = inner
        self._log = log
        self.fingerprint, self.dimensions, self.clearance = inner.fingerprint, inner.dimensions, inner.clearance
        self.tokens = inner.tokens

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts."""
        with self._log.open("a") as log:
            log.write(f"{len(texts)}\n")
        return self._inner.embed(texts)


def work(corpus: Path, folder: Path, embedder: Embedder) -> None:
    """Replay from where the last process stopped; says which commit it begins, and at the end what differed."""
    history = History(corpus / "history.jsonl.gz")
    commits, done = history.commits(), folder / "done"
    counted = Counted(embedder, folder / "embedded")
    first = int(done.read_text()) if done.exists() else 0
    database = opened(folder)
    with open_index(Settings(home=folder, _env_file=None), database, SystemClock()) as index:
        for at in range(first, len(commits)):
            print(f"begin {at}", flush=True)
            began = perf_counter()
            source = HistoryFiles(spec_of(corpus), history, commits[at])
            sync(database, copilot_of(corpus), [source], counted, SystemClock(), _OPTIONS)
            index.catch_up()
            beside = done.with_suffix(".new")
            beside.write_text(str(at + 1))
            beside.replace(done)  # whole, or as it was: it may be killed here, too
            print(f"took {perf_counter() - began}", flush=True)
        mended = sum(each.changed for each in index.reconcile(deep=True).values())
    print(f"mended {mended}", flush=True)


def replay(corpus: Path, folder: Path, embedder: Embedder, kills: int, command: Sequence[str]) -> Replayed:
    """Replay a corpus in processes that are killed at random instants, and compare the end with today's files."""
    history = History(corpus / "history.jsonl.gz")
    commits = history.commits()
    chance = random.Random(len(commits))
    doomed = sorted(chance.sample(range(len(commits)), min(kills, len(commits))))
    seconds, mended, killed = 0.0, -1, 0
    while mended < 0:
        lines, died = run([*command, "--work", str(folder), str(corpus)], doomed, chance)
        killed += died
        seconds += sum(float(line.split()[1]) for line in lines if line.startswith("took"))
        mended = next((int(line.split()[1]) for line in lines if line.startswith("mended")), -1)
    distinct = {text for each in history.changes if each.sha is not None for text in texts(corpus, each, embedder)}
    replayed, at_once = held(opened(folder)), held(built_at_once(corpus, folder / "head", embedder))
    unlike = {name for name in replayed.keys() | at_once.keys() if replayed.get(name) != at_once.get(name)}
    wrong = {name for name in unlike if not same(replayed.get(name), at_once.get(name))}
    with opened(folder).read() as connection:
        kept = count(connection)
    given = sum(map(int, (folder / "embedded").read_text().split()))
    return Replayed(
        corpus.name, len(commits), killed, len(distinct), kept, given - kept, len(replayed), len(wrong),
        len(unlike - wrong), mended, seconds,
    )  # fmt: skip


def run(command: Sequence[str], doomed: list[int], chance: random.Random) -> tuple[list[str], bool]:
    """One process: what it said, and whether it was killed, some moment after it began a doomed commit."""
    said: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            said.append(line)
            words = line.split()
            if words[0] == "begin" and doomed and int(words[1]) >= doomed[0]:
                doomed.pop(0)
                took = [float(each.split()[1]) for each in said if each.startswith("took")] or [0.2]
                sleep(chance.random() * 1.5 * sorted(took)[len(took) // 2])
                process.kill()
                said += process.stdout or ()
                # It may have come to its end by itself just before.
                return said, process.wait() == -signal.SIGKILL
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return said, False


def texts(corpus: Path, change: object, embedder: Embedder) -> Iterator[str]:
    """What would be embedded of one version of one file."""
    path, text = str(getattr(change, "path", "")), str(getattr(change, "text", ""))
    spec = spec_of(corpus)
    if spec.folder is None or not files.is_wanted(path, spec.folder):
        return
    document = files.document(spec, path, text.encode("utf-8", "surrogatepass"), version="", changed_at=None)
    yield from (chunk.embedded_text for chunk in split(document, embedder.tokens, copilot_of(corpus).recipe))


def built_at_once(corpus: Path, folder: Path, embedder: Embedder) -> Database:
    """A database with the ledger of today's files."""
    database = opened(folder)
    source = FolderFiles(spec_of(corpus), SystemClock())
    sync(database, copilot_of(corpus), [source], embedder, SystemClock(), _OPTIONS)
    return database


def held(database: Database) -> dict[str, bytes]:
    """The chunks that answer with their vectors, by id."""
    with database.read() as connection:
        live = live_generation(connection, "replayed")
        joined = rag_chunk.join(rag_vector, rag_vector.c.digest == rag_chunk.c.vector)
        here = (rag_chunk.c.generation == (live.id if live else 0), rag_chunk.c.gone_at.is_(None))
        rows = connection.execute(select(rag_chunk.c.chunk, rag_vector.c.vector).select_from(joined).where(*here))
        return {row.chunk: row.vector for row in rows}


def same(one: bytes | None, other: bytes | None) -> bool:
    """Whether two vectors are the same but for rounding."""
    if one is None or other is None or len(one) != len(other):
        return False
    return alike(*(to_matrix([each], len(each) // 4)[0] for each in (one, other)))


def opened(folder: Path) -> Database:
    """The database in a folder, made if it is not there."""
    database = open_database(f"sqlite:///{folder}/ledger.sqlite")
    upgrade(database, [])
    return database


def spec_of(corpus: Path) -> SourceSpec:
    """The source that both ways read; its name is part of every chunk's id."""
    return SourceSpec(name="docs", folder=FolderOptions(path=corpus / "head"))


def copilot_of(corpus: Path) -> Copilot:
    """The copilot that is replayed."""
    return Copilot(name="replayed", sources=(spec_of(corpus),))


def embedder_of(kind: str, models: Path) -> Embedder:
    """The embedder that was asked for."""
    return HashingEmbedder() if kind == "hashing" else open_minilm(models)


def main() -> None:
    """Replay what is asked for; one line of JSON a corpus."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path, nargs="+")
    parser.add_argument("--kills", type=int, default=0, help="how often each replay is killed")
    parser.add_argument("--embedder", choices=("minilm", "hashing"), default="minilm")
    parser.add_argument("--models", type=Path, default=Settings().resolved_models_dir)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    embedder = embedder_of(asked.embedder, asked.models)
    if asked.work:
        work(asked.corpora[0], asked.work, embedder)
        return
    command = [sys.executable, "-m", "benchmarks.replay", "--embedder", asked.embedder, "--models", str(asked.models)]
    for corpus in asked.corpora:
        with TemporaryDirectory() as folder:
            found = replay(corpus, Path(folder), embedder, asked.kills, command)
        print(orjson.dumps(asdict(found)).decode(), flush=True)


if __name__ == "__main__":
    main()
