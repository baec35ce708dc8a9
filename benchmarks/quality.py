"""How well search finds what it should: words alone, vectors alone, both, and both looked at again, on five sets.

Run: `python -m benchmarks.quality [--sets covid_qa,medquad,school] [--tried] [--vectors FILE] [--data ../shared/data]`

Every vector and every word is compared (`rag.memory`), so that it is the method that is measured and no approximation.
`held out` are the questions by which nothing was chosen; what the product does is compared with each, by paired
bootstrap.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import tried
from benchmarks.corpora import DATA, MODELS, cut, passages
from benchmarks.judged import Asked, Judged, judged_sets
from benchmarks.remembering import Remembering
from benchmarks.result import Result, show, write
from rag.embedder import Vectors
from rag.embedders.minilm import open_minilm
from rag.evals.bootstrap import paired_bootstrap
from rag.evals.measures import MEASURES, Ranks, measure
from rag.expansion import looked_for
from rag.hit import Query
from rag.hunt import Hunt
from rag.live import LiveIndex
from rag.memory import MemoryLive
from rag.rerank import TokenEmbedder, alone
from rag.stages import Stages

_DEPTH = 60
"""Chunks that are looked at: enough for ten documents."""

_OURS = "second look"
_AIM = "no loss beyond luck"

Rank = Callable[[str, NDArray[np.float32]], Sequence[int]]
"""Ranks rows for a question and its vector."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A judged set with an index over it.

    Attributes:
        judged: the set.
        live: the index.
        vectors: the questions' vectors.
    """

    judged: Judged
    live: MemoryLive
    vectors: Vectors

    def ranks(self, rank: Rank) -> list[Ranks]:
        """What each question found."""
        return [self._found(asked, rank(asked.ask, vector)) for asked, vector in self._pairs()]

    def _pairs(self) -> Iterator[tuple[Asked, NDArray[np.float32]]]:
        yield from zip(self.judged.questions, self.vectors, strict=True)

    def _found(self, asked: Asked, rows: Sequence[int]) -> Ranks:
        return asked.ranks(self.live.passages(rows))


def bench(judged: Judged, embedder: TokenEmbedder) -> tuple[Bench, Vectors]:
    """Index a set; also the chunks' vectors."""
    chunks = cut(judged.documents, embedder)
    vectors, states = embedder.embed_with_states([chunk.embedded_text for _, chunk in chunks])
    live = MemoryLive(passages(chunks), vectors, states=states)
    return Bench(judged, live, embedder.embed([asked.ask for asked in judged.questions])), vectors


def lexical(live: LiveIndex, ask: str, _: NDArray[np.float32]) -> list[int]:
    """Words alone."""
    return [row for row, score in live.matching(looked_for(ask, {}), live.partitions, _DEPTH)]


def dense(live: LiveIndex, _: str, vector: NDArray[np.float32]) -> list[int]:
    """Vectors alone."""
    return [row for row, cosine in live.nearest(vector, live.partitions, _DEPTH)]


def fused(live: LiveIndex, ask: str, vector: NDArray[np.float32]) -> list[int]:
    """Both in one order, at the first look."""
    hunt = Hunt(
        live,
        live.partitions,
        Query(ask),
        looked_for(ask, {}),
        lambda: alone(vector),
        Stages(),
    )
    return [each.row for each in hunt.ranked(_DEPTH)]


def second_look(embedder: TokenEmbedder, live: LiveIndex, ask: str, _: NDArray[np.float32]) -> list[int]:
    """Both, and the best of them token by token, as the product does it."""
    hunt = Hunt(live, live.partitions, Query(ask), looked_for(ask, {}), lambda: embedder.probe(ask), Stages())
    return [each.row for each in hunt.ranked(_DEPTH)]


def results(sets: Iterator[Judged], embedder: TokenEmbedder, more: bool) -> Iterator[Result]:
    """The lines of all sets: each leg, both together, what else was tried, and how both together compare."""
    for judged in sets:
        made, vectors = bench(judged, embedder)
        found = {name: made.ranks(partial(rank, made.live)) for name, rank in LEGS.items()}
        found[_OURS] = made.ranks(partial(second_look, embedder, made.live))
        if more:
            found |= {name: made.ranks(rank) for name, rank in tried.ranks(made.live, vectors, embedder)}
        yield Result(f"{judged.name}: {len(judged.documents)} documents, {made.live.size} chunks", _titles())
        for name, ranks in found.items():
            yield Result(f"  {name}, all {len(ranks)} questions", _told(ranks))
        yield from _compared(judged, found)


def _compared(judged: Judged, found: dict[str, list[Ranks]]) -> Iterator[Result]:
    held = [number for number, asked in enumerate(judged.questions) if not asked.tuning]
    ours = [found[_OURS][number] for number in held]
    for leg in LEGS:
        theirs = [found[leg][number] for number in held]
        for name in ("recall@1", "recall@10", "ndcg@10"):
            moved = paired_bootstrap(measure(name, theirs), measure(name, ours))
            interval = f"{moved.by:+.3f} [{moved.low:+.3f}, {moved.high:+.3f}], p {moved.p:.3f}"
            work = f"  {_OURS} against {leg}, {name}, {len(held)} held out"
            yield Result(work, f"{moved.after:.3f}", f"{moved.before:.3f}", interval, _AIM, moved.high >= 0)


def _titles() -> str:
    return "  ".join(MEASURES)


def _told(ranks: Sequence[Ranks]) -> str:
    return "  ".join(f"{measure(name, ranks).mean():{len(name)}.3f}" for name in MEASURES)


LEGS = {"lexical": lexical, "dense": dense, "fused": fused}


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default="", help="some of the sets, by name")
    parser.add_argument("--tried", action="store_true", help="also what was tried and left out; it takes long")
    parser.add_argument("--vectors", type=Path, help="a file in which vectors are kept for the next run")
    parser.add_argument("--data", type=Path, default=DATA, help="the folder that holds corpora/")
    parser.add_argument("--models", type=Path, default=MODELS, help="the folder of models")
    parser.add_argument("--out", type=Path, help="also write the lines to this file, as JSON")
    asked = parser.parse_args()
    embedder = Remembering(open_minilm(asked.models, threads=2), asked.vectors)
    wanted = [name for name in asked.sets.split(",") if name]
    found = list(results(judged_sets(asked.data, wanted), embedder, asked.tried))
    show(found, "quality of retrieval")
    if asked.out:
        write(found, asked.out)


if __name__ == "__main__":
    main()
