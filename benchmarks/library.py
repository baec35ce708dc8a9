"""A folder of thousands of documents out of real sentences, and vectors for them without hours of embedding.

A chunk's text is made of sentences of the golden corpora, so that words are as common as they really are. Its vector is
that of some real chunk, moved a little and brought back to length 1, so that vectors differ, and lie as close together
as real ones do.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np

from benchmarks.corpora import cut, documents_in
from benchmarks.judged import GOLDEN
from rag.copilot import Copilot, FolderOptions, Otherwise, SourceSpec
from rag.embedder import Embedder, Vectors
from rag.evals.golden import load_golden
from rag.recipe import Recipe

SITES = 10
SECTIONS = 10
"""Sections of a document, each of which becomes a chunk."""

_SENTENCES = 6
_MOVED = 0.4
"""Length of the random vector that is added: the cosine with the real one is 0.93."""

_SENTENCE = re.compile(r"(?<=[.!?])\s+")


class Moved:
    """Vectors of real chunks, moved; which one, and how, a text's hash says.

    Args:
        inner: whose vectors these are taken to be.
        real: vectors of real chunks.
    """

    def __init__(self, inner: Embedder, real: Vectors) -> None:
        self.inner, self.real = inner, real
        self.fingerprint, self.dimensions, self.clearance = inner.fingerprint, inner.dimensions, inner.clearance
        self.count = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As `Embedder.embed`."""
        self.count += len(texts)
        return np.array([self._moved(text) for text in texts], dtype=np.float32).reshape(len(texts), self.dimensions)

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """About as many as there are; counting them would take longer than all else."""
        return [len(text) // 5 for text in texts]

    def _moved(self, text: str) -> Vectors:
        seed = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
        chance = np.random.default_rng(seed)
        step = chance.standard_normal(self.dimensions, dtype=np.float32)
        vector = self.real[seed % len(self.real)] + _MOVED * step / np.linalg.norm(step)
        moved: Vectors = vector / np.linalg.norm(vector)
        return moved


def real_chunks(data: Path, embedder: Embedder) -> list[tuple[str, str]]:
    """The chunks of the golden corpora: what is embedded of each, and its text alone."""
    corpora = [load_golden(file).corpus.split(",")[0] for file in sorted(GOLDEN.glob("*.yaml"))]
    chunks = (each for name in corpora for each in cut(documents_in(data / "corpora" / name / "head"), embedder))
    return [(chunk.embedded_text, chunk.text) for _, chunk in chunks]


def questions() -> list[str]:
    """All golden questions."""
    return [one.ask for file in sorted(GOLDEN.glob("*.yaml")) for one in load_golden(file).questions]


def fill(folder: Path, documents: int, texts: Iterable[str]) -> None:
    """Write documents of ten sections each, in a folder for each site and kind."""
    chance = random.Random(documents)
    sentences = [each for text in texts for each in _SENTENCE.split(text) if 40 < len(each) < 300 and "\n" not in each]
    for number in range(documents):
        (folder / _place(number)).mkdir(parents=True, exist_ok=True)
        (folder / _place(number) / f"{number}.md").write_text(_document(number, sentences, chance))


def touch(folder: Path, documents: int, share: int) -> int:
    """Edit one section in one document of `share`; says how many documents that were."""
    touched = range(0, documents, share)
    for number in touched:
        path = folder / _place(number) / f"{number}.md"
        path.write_text(path.read_text().replace("## Part 3\n", f"## Part 3\n\nChanged: {number} of {share}.\n"))
    return len(touched)


def copilot_over(folder: Path, recipe: Recipe | None = None) -> Copilot:
    """The copilot: its documents are of ten sites, one in ten a note and the others guides."""
    sites = {f"s{site}/**": Otherwise(site=f"s{site}") for site in range(SITES)}
    kinds = {"*/note/**": Otherwise(kind="note")}
    spec = SourceSpec(name="docs", folder=FolderOptions(path=folder), paths={**sites, **kinds})
    return Copilot(name="bench", sources=(spec,), recipe=recipe or Recipe())


def _place(number: int) -> str:
    return f"s{number % SITES}/{'note' if number // SITES % 10 == 0 else 'guide'}"


def _document(number: int, sentences: Sequence[str], chance: random.Random) -> str:
    parts = (f"## Part {part}\n\n{' '.join(chance.sample(sentences, _SENTENCES))}\n" for part in range(SECTIONS))
    return "\n".join((f"# Document {number}\n", *parts))
