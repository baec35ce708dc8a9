"""How good the answers are that consist of the documents' own sentences: do they hold what was asked for?

Asked are the questions of sets that say where the answer stands: of COVID-QA as a part of an article, of the golden
questions as a phrase. An extract holds the answer if half of that, or more, stands in what it quotes, at that place of
that document; the same said elsewhere does not count. What the documents are said not to hold, though they do, counts
as not held.

    python -m benchmarks.extracts [--sets covid_qa,hospital,logistics,school] [--vectors FILE] [--timed] [--show 8]
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.corpora import DATA, MODELS, cut, passages
from benchmarks.judged import Asked, Judged, judged_sets
from benchmarks.remembering import Remembering
from benchmarks.result import Result, show, write
from benchmarks.stretches import Stretches, share
from rag.answer import answer
from rag.copilot import Copilot
from rag.embedders.minilm import open_minilm
from rag.evals.places import fills, words_of
from rag.ground import Ground
from rag.hit import Passage, Query
from rag.memory import MemoryIndex, MemoryLive
from rag.reply import Answer, Outcome
from rag.rerank import TokenEmbedder
from substrate.access import Caller
from substrate.columns import Sensitivity
from substrate.database import open_database

SETS = ("covid_qa", "hospital", "logistics", "school")
_HALF = 0.5
_NAME = "bench"
_ANYBODY = Caller("cli:bench", "reader", Sensitivity.PHI)
_NOW = 1
_DEBRIS = re.compile(r"[|{}<>]|```|::|={3}|-{3}")
_ITEM = r"(?:^|\n)[\s>]*(?:[-*+|]|\d+[.)])[\s`*_|]*"
_LETTERS = 0.6


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of one question.

    Attributes:
        refused: the answer was that the documents do not say.
        cites: a passage is cited that answers it.
        holds: the answer stands in what is quoted.
        first: it stands in the first sentence.
        overlap: F1 of the extract's words and the answer's, the better the shorter it is.
        sentences: how many are quoted.
        words: how many they have.
        flaw: what is wrong with how the extract begins: `inside` a sentence, with a `heading`, with `debris` of a
            table or of code; empty: nothing.
        took: milliseconds from the found passages to the extract.
    """

    refused: bool
    cites: bool = False
    holds: bool = False
    first: bool = False
    overlap: float = 0.0
    sentences: int = 0
    words: int = 0
    flaw: str = ""
    took: float = 0.0


class Bench:
    """A judged set, and a copilot that is asked.

    Args:
        judged: the set.
        ground: what is answered from.
    """

    def __init__(self, judged: Judged, ground: Ground) -> None:
        self.judged, self.ground = judged, ground
        self._documents = {each.key: each for each in judged.documents}
        self._stretches = Stretches(judged.documents)

    def asked(self, question: Asked) -> tuple[Answer, Outcomes]:
        """A question's answer, and what it is worth."""
        found = answer(self.ground, _ANYBODY, Query(question.ask), _NOW)
        if found.outcome != Outcome.EXTRACT:
            return found, Outcomes(refused=True)
        quoted = [(found.found.hits[each.cited[0] - 1].passage, each.text) for each in found.sentences]
        text = " ".join(said for _, said in quoted)
        return found, Outcomes(
            refused=False,
            cites=any(self._answers(question, passage) for passage, _ in quoted),
            holds=self._holds(question, quoted),
            first=self._holds(question, quoted[:1]),
            overlap=max((_f1(text, each) for each in _expected(question)), default=0.0),
            sentences=len(quoted),
            words=len(text.split()),
            flaw=flaw(*quoted[0]),
            took=found.timings["extract"] / 1_000,
        )

    def _answers(self, question: Asked, passage: Passage) -> bool:
        if question.places:
            return any(fills(passage, place) for place in question.places)
        return self._holds(question, [(passage, passage.text)])

    def _holds(self, question: Asked, quoted: Sequence[tuple[Passage, str]]) -> bool:
        return any(self._share(document, places, quoted) >= _HALF for document, places in self._wanted(question))

    def _share(self, document: str, wanted: tuple[int, int], quoted: Sequence[tuple[Passage, str]]) -> float:
        said = [text for passage, text in quoted if passage.document == document]
        return sum(share(wanted, self._stretches.of(document, text)) for text in said)

    def _wanted(self, question: Asked) -> Iterator[tuple[str, tuple[int, int]]]:
        """Where the answer stands; what is only known by its heading is left out."""
        for place in question.places:
            for stretch in self._stretches.of(place.document, place.says or ""):
                yield place.document, stretch
        if question.answer:
            end = question.begins + len(question.answer)
            found = self._stretches.between(self._documents[question.document], question.begins, end)
            yield question.document, found


def flaw(passage: Passage, text: str) -> str:
    """What is wrong with how a sentence begins; empty: nothing. An item of a list may begin small."""
    headings = [words_of(heading) for heading in (passage.title, *passage.headings)]
    if words_of(text) in headings:
        return "heading"
    letters = sum(map(str.isalpha, text)) / len(text.replace(" ", ""))
    if _DEBRIS.search(text) or letters < _LETTERS:
        return "debris"
    item = re.search(_ITEM + re.escape(text[:8]), passage.text)
    return "inside" if text[0].islower() and not item else ""


def _expected(question: Asked) -> list[str]:
    return [place.says for place in question.places if place.says] + [question.answer] * bool(question.answer)


def _f1(text: str, expected: str) -> float:
    said, wanted = Counter(words_of(text)), Counter(words_of(expected))
    common = (said & wanted).total()
    return 2 * common / (said.total() + wanted.total()) if common else 0.0


def results(bench: Bench, shown: int, timed: bool) -> Iterator[Result]:
    """The lines of a set: the questions to choose by, and those that are held out."""
    found = [bench.asked(question) for question in bench.judged.questions]
    for name, tuning in (("to choose by", True), ("held out", False)):
        some = [
            one for question, (_, one) in zip(bench.judged.questions, found, strict=True) if question.tuning is tuning
        ]
        yield from _lines(f"{bench.judged.name}, {len(some)} {name}", some, timed)
    for question, (said, one) in list(zip(bench.judged.questions, found, strict=True))[:shown]:
        yield Result(question.ask, str(said.text), f"holds: {one.holds}")


def _lines(name: str, some: Sequence[Outcomes], timed: bool) -> Iterator[Result]:
    told = [one for one in some if not one.refused]
    yield Result(f"{name}: extract cites a passage that answers", _percent([one.cites for one in some]))
    yield Result("  what it quotes holds the answer", _percent([one.holds for one in some]))
    yield Result("  its first sentence does", _percent([one.first for one in some]))
    yield Result("  F1 of its words and the answer's", f"{np.mean([one.overlap for one in some]):.3f}")
    yield Result("  refused: the documents do not say", _percent([one.refused for one in some]))
    yield Result("  sentences, words of an extract", f"{_mean(told, 'sentences'):.1f}, {_mean(told, 'words'):.0f}")
    for kind in ("inside", "heading", "debris"):
        yield Result(f"  begins so: {kind}", _percent([one.flaw == kind for one in told]))
    if timed:
        middle, late = np.percentile([one.took for one in told], (50, 99))
        yield Result("  from passages to extract, p50 / p99", f"{middle:.0f} / {late:.0f} ms")


def _percent(said: Sequence[bool]) -> str:
    return f"{np.mean(said):.1%}"


def _mean(some: Sequence[Outcomes], name: str) -> float:
    return float(np.mean([getattr(one, name) for one in some]))


def ground(judged: Judged, embedder: TokenEmbedder, kept: Remembering, folder: Path) -> Ground:
    """An index over a set, and a copilot that answers from it."""
    chunks = cut(judged.documents, kept)
    vectors, states = kept.embed_with_states([chunk.embedded_text for _, chunk in chunks])
    index = MemoryIndex({_NAME: MemoryLive(passages(chunks), vectors, states=states)})
    copilot = Copilot.model_validate({"name": _NAME, "sources": [{"name": "docs", "folder": {"path": "."}}]})
    return Ground(open_database(f"sqlite:///{folder / judged.name}.sqlite"), index, embedder, copilot)


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default=",".join(SETS), help="some of the sets, by name")
    parser.add_argument("--vectors", type=Path, help="a file in which vectors are kept for the next run")
    parser.add_argument("--timed", action="store_true", help="also how long an answer takes, each sentence read anew")
    parser.add_argument("--show", type=int, default=0, help="also print so many answers of each set")
    parser.add_argument("--data", type=Path, default=DATA, help="the folder that holds corpora/")
    parser.add_argument("--models", type=Path, default=MODELS, help="the folder of models")
    parser.add_argument("--out", type=Path, help="also write the lines to this file, as JSON")
    asked = parser.parse_args()
    kept = Remembering(open_minilm(asked.models, threads=2), asked.vectors)
    # What is remembered takes no time, and would not tell what an answer takes.
    embedder = open_minilm(asked.models) if asked.timed else kept
    found: list[Result] = []
    with TemporaryDirectory() as folder:
        for judged in judged_sets(asked.data, asked.sets.split(",")):
            made = ground(judged, embedder, kept, Path(folder))
            found += results(Bench(judged, made), asked.show, asked.timed)
            made.database.close()
    show(found, "answers in the documents' own words")
    if asked.out:
        write(found, asked.out)


if __name__ == "__main__":
    main()
