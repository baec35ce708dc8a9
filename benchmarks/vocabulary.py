"""What the `words` of the copilots that ship are worth: records are told in some words, and asked for in others.

Run: `python -m benchmarks.vocabulary [--verticals hospital,school] [--vectors FILE] [--models models]`

The documents are those of each vertical's sample. Each word that a shipped copilot knows stands in some questions,
which are asked of records by name, drawn by a seed; right is any passage that tells it of that record.
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.corpora import MODELS, Cut, passages
from benchmarks.remembering import Remembering
from benchmarks.result import Result, show
from rag.copilot import Copilot
from rag.copilot_files import brought
from rag.document import Document
from rag.embedders.minilm import open_minilm
from rag.evals.bootstrap import paired_bootstrap
from rag.evals.measures import Ranks, measure
from rag.expansion import looked_for
from rag.hit import Query
from rag.hunt import Hunt
from rag.memory import MemoryLive
from rag.rerank import Probe, TokenEmbedder
from rag.splitting import split
from rag.stages import Stages
from rag.told.opened import records_source
from substrate.catalog import SampleOrder, Vertical, vertical
from substrate.clock import parse_instant
from substrate.database import open_database
from substrate.ingest import ingest
from substrate.migrate import upgrade
from substrate.settings import Settings
from substrate.sources.configured import folder_entry, opened

NOW = parse_instant("2026-03-02T10:00:00Z")
_SAMPLE = SampleOrder(people=120, days=60, until=NOW)
_RECORDS = 40
"""Records of which each question is asked."""

_SEED = 20_260_101
_DEPTH = 50
_AIM = "no loss beyond luck"


@dataclass(frozen=True, slots=True)
class Wording:
    """A word of the people, and questions that hold it.

    Attributes:
        word: as the copilot knows it.
        kinds: of the documents that tell it.
        told: how they tell it.
        asks: the questions.
    """

    word: str
    kinds: tuple[str, ...]
    told: re.Pattern[str]
    asks: tuple[str, ...]


def _wording(word: str, kinds: str, told: str, *asks: str) -> Wording:
    return Wording(word, tuple(kinds.split()), re.compile(told, re.MULTILINE), asks)


WORDINGS: Mapping[str, tuple[Wording, ...]] = {
    "hospital": (
        _wording("admitted", "stay", "Came on",
                 "When was {} admitted?", "Why was {} admitted?", "{}: admitted since when?"),
        _wording("discharged", "stay patient", r"Left on|left \d|has not left",
                 "When was {} discharged?", "Has {} been discharged?", "When will they discharge {}?"),
        _wording("drug", "patient stay", "^(?:## )?Medicines ordered$|^- medication:",
                 "Which drug does {} get?", "Which drugs is {} on?", "List all drugs of {}."),
    ),
    "logistics": (
        _wording("eta", "shipment", "^- Expected ",
                 "What is the ETA of {}?", "ETA of shipment {}?", "Which ETA does {} have?"),
        _wording("delayed", "shipment", "after the promised time",
                 "By how much was {} delayed?", "Was {} delayed?", "What delay did {} have?"),
        _wording("consignment", "shipment", "^Shipment |^(?:## )?Goods$",
                 "Where is consignment {} now?", "What is in consignment {}?", "Weight of consignment {}"),
    ),
    "school": (
        _wording("truancy", "term", "bsent without leave",
                 "How much truancy is there of {}?", "Truancy of {} this term", "Days of truancy of {}"),
        _wording("homework", "term", "^(?:## )?Work that is not handed in$",
                 "Which homework has {} not handed in?", "Does {} still owe homework?", "Outstanding homework of {}"),
        _wording("parent", "student", "^(?:## )?Guardians?$",
                 "Who is a parent of {}?", "Who are the parents of {}?", "How do I reach the parents of {}?"),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the word that it holds, and the rows that answer it."""

    word: str
    ask: str
    rows: frozenset[int]


@dataclass(frozen=True, slots=True)
class Bench:
    """The index over a vertical's records, the copilot that speaks from it, and what it is asked."""

    copilot: Copilot
    live: MemoryLive
    asked: Sequence[Asked]
    probes: Sequence[Probe]

    def served(self, words: Mapping[str, Sequence[str]]) -> list[Ranks]:
        """What each question finds as the product searches, with a vocabulary."""
        pairs = zip(self.asked, self.probes, strict=True)
        return [self._first(each, self._order(each, probe, words)) for each, probe in pairs]

    def by_words(self, words: Mapping[str, Sequence[str]]) -> list[Ranks]:
        """What each question finds by words alone."""
        live = self.live
        found = (live.matching(looked_for(each.ask, words), live.partitions, _DEPTH) for each in self.asked)
        return [self._first(each, [row for row, _ in rows]) for each, rows in zip(self.asked, found, strict=True)]

    def _order(self, asked: Asked, probe: Probe, words: Mapping[str, Sequence[str]]) -> list[int]:
        live = self.live
        hunt = Hunt(live, live.partitions, Query(asked.ask), looked_for(asked.ask, words), lambda: probe, Stages())
        return [each.row for each in hunt.ranked(_DEPTH)]

    def _first(self, asked: Asked, rows: Sequence[int]) -> Ranks:
        return (next((rank for rank, row in enumerate(rows, 1) if row in asked.rows), None),)


def told(of: Vertical) -> list[Document]:
    """The documents of a vertical's sample."""
    assert of.sample is not None
    with TemporaryDirectory() as name:
        folder = Path(name)
        of.sample(folder / "feed", _SAMPLE, lambda _done, _all: None)
        database = open_database(f"sqlite:///{folder / 'it.sqlite'}")
        upgrade(database, [of])
        with opened(folder_entry(of.name, folder / "feed"), of) as source:
            ingest(database, of, source, NOW)
        records = records_source(Settings(home=folder, _env_file=None), database, of)
        with database.read() as connection:
            documents = [entry.read() for entry in list(records.entries(connection))]
        database.close()
    return documents


def bench(of: Vertical, embedder: TokenEmbedder) -> Bench:
    """Tell, cut and index a vertical's records, and ask."""
    copilot = brought({of.name: of})[of.name]
    chunks = [(one, chunk) for one in told(of) for chunk in split(one, embedder.tokens, copilot.recipe)]
    vectors, states = embedder.embed_with_states([chunk.embedded_text for _, chunk in chunks])
    asked = [each for wording in WORDINGS[of.name] for each in questions(wording, chunks)]
    live = MemoryLive(passages(chunks), vectors, states=states)
    return Bench(copilot, live, asked, [embedder.probe(each.ask) for each in asked])


def questions(wording: Wording, chunks: Cut) -> Iterator[Asked]:
    """Each question of a wording, asked of some records."""
    rows: dict[str, set[int]] = {}
    for row, (document, chunk) in enumerate(chunks):
        if document.kind in wording.kinds and wording.told.search("\n".join((*chunk.headings, chunk.text))):
            name = document.title.partition(",")[0].removeprefix("Shipment ")
            rows.setdefault(name, set()).add(row)
    for name in random.Random(_SEED).sample(sorted(rows), min(_RECORDS, len(rows))):
        yield from (Asked(wording.word, ask.format(name), frozenset(rows[name])) for ask in wording.asks)


def results(names: Sequence[str], embedder: TokenEmbedder) -> Iterator[Result]:
    """The lines of each vertical: all questions, and those of each word."""
    for name in names:
        made = bench(vertical(name), embedder)
        yield Result(f"{name}: {made.live.size} chunks, MRR with its words, and without", "")
        for way, found in (("by words alone", made.by_words), ("as served", made.served)):
            after, before = measure("mrr", found(made.copilot.words)), measure("mrr", found({}))
            for word in ("all", *made.copilot.words):
                held = [number for number, each in enumerate(made.asked) if word in ("all", each.word)]
                moved = paired_bootstrap(before[held], after[held])
                interval = f"{moved.by:+.3f} [{moved.low:+.3f}, {moved.high:+.3f}]"
                work = f"  {way}, {word}, {len(held)} questions"
                yield Result(work, f"{moved.after:.3f}", f"{moved.before:.3f}", interval, _AIM, moved.high >= 0)


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verticals", default=",".join(WORDINGS), help="some of the verticals")
    parser.add_argument("--vectors", type=Path, help="a file in which vectors are kept for the next run")
    parser.add_argument("--models", type=Path, default=MODELS, help="the folder of models")
    asked = parser.parse_args()
    embedder = Remembering(open_minilm(asked.models, threads=2), asked.vectors)
    show(results(asked.verticals.split(","), embedder), "the words of the copilots that ship")


if __name__ == "__main__":
    main()
