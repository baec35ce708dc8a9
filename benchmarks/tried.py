"""What was tried to find more and is not in the product, so that whoever wants to try again can measure it again.

Reciprocal rank fusion (Cormack, Clarke and Büttcher 2009); vectors of 8 bits; words taken from the first hits (RM3,
Lavrenko and Croft 2001); and smaller windows within each chunk, each with a vector of its own, of which the nearest
counts.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from rag.embedder import Embedder, Vectors
from rag.expansion import looked_for
from rag.fusion import WEIGHT, trust_in_words
from rag.hit import Passage
from rag.memory import MemoryLive
from rag.words import telling

_DEPTH = 60
_RRF = 60
"""The paper's constant."""

_FEEDBACK, _FROM, _WORDS = 0.2, 5, 10
"""Weight of a word from the first hits, how many hits, how many words."""

_WINDOW = 50
"""Words of a window: two or three sentences."""

Rank = Callable[[str, NDArray[np.float32]], Sequence[int]]
Scores = NDArray[np.float32]
"""One number a row."""


def ranks(live: MemoryLive, vectors: Vectors, embedder: Embedder) -> Iterator[tuple[str, Rank]]:
    """Everything that was tried, by its name."""
    found = live.passages(range(live.size))
    yield "ranks fused (RRF)", partial(_rrf, live)
    small = np.round(vectors * 127 / np.abs(vectors).max())
    yield "8-bit vectors, fused", partial(_fused, live, lambda vector: _scaled(small, vectors) @ vector, {})
    yield "words of first hits, fused", partial(_with_feedback, live, vectors)
    texts, owners = _windows(found)
    windows = embedder.embed(texts)
    yield "windows, fused", partial(_fused, live, partial(_nearest_window, windows, owners, live.size), {})
    yield "windows and chunks, fused", partial(_fused, live, _both(vectors, windows, owners), {})


def _rrf(live: MemoryLive, ask: str, vector: NDArray[np.float32]) -> list[int]:
    scores: dict[int, float] = defaultdict(float)
    legs = live.nearest(vector, live.partitions, _DEPTH), live.matching(looked_for(ask, {}), live.partitions, _DEPTH)
    for leg in legs:
        for rank, (row, _) in enumerate(leg, 1):
            scores[row] += 1 / (_RRF + rank)
    return sorted(scores, key=lambda row: -scores[row])


def _fused(
    live: MemoryLive,
    near: Callable[[NDArray[np.float32]], Scores],
    more: Mapping[str, float],
    ask: str,
    vector: NDArray[np.float32],
) -> list[int]:
    """As the product fuses, over all rows, with other scores of nearness or more words."""
    words = {**more, **looked_for(ask, {})}
    matches = live.matching(words, live.partitions, live.size)
    scores = near(vector).astype(np.float64)
    if matches:
        (best,) = live.passages([matches[0][0]])
        trust = trust_in_words(looked_for(ask, {}), " ".join((best.title, *best.headings, best.text)))
        rows = np.array([row for row, _ in matches])
        scores[rows] += WEIGHT * trust * np.array([score for _, score in matches]) / matches[0][1]
    return [int(row) for row in np.argsort(-scores, kind="stable")[:_DEPTH]]


def _scaled(small: Scores, vectors: Vectors) -> Scores:
    scaled: Scores = small * (np.abs(vectors).max() / 127)
    return scaled


def _with_feedback(live: MemoryLive, vectors: Vectors, ask: str, vector: NDArray[np.float32]) -> list[int]:
    first = live.passages(_fused(live, lambda asked: vectors @ asked, {}, ask, vector)[:_FROM])
    counts = Counter(word for passage in first for word in telling(passage.text))
    common = {word: count * math.log(1 + len(word)) for word, count in counts.items() if count > 1}
    chosen = sorted(common, key=lambda word: (-common[word], word))[:_WORDS]
    return _fused(live, lambda asked: vectors @ asked, dict.fromkeys(chosen, _FEEDBACK), ask, vector)


def _windows(found: Sequence[Passage]) -> tuple[list[str], NDArray[np.int64]]:
    """Windows with title and innermost heading above them, and whose each is."""
    texts, owners = [], []
    for row, passage in enumerate(found):
        context = ": ".join((passage.title, *passage.headings[-1:]))
        for window in _cut(passage.text):
            texts.append(f"{context}: {window}")
            owners.append(row)
    return texts, np.array(owners, dtype=np.int64)


def _cut(text: str) -> Iterator[str]:
    window: list[str] = []
    for sentence in re.split(r"(?<=[.!?:])\s+|\n+", text):
        if window and len(window) + len(sentence.split()) > _WINDOW:
            yield " ".join(window)
            window = []
        window += sentence.split()
    if window:
        yield " ".join(window)


def _nearest_window(windows: Vectors, owners: NDArray[np.int64], size: int, vector: NDArray[np.float32]) -> Scores:
    scores = np.full(size, -1.0, dtype=np.float32)
    np.maximum.at(scores, owners, windows @ vector)
    return scores


def _both(vectors: Vectors, windows: Vectors, owners: NDArray[np.int64]) -> Callable[[NDArray[np.float32]], Scores]:
    def near(vector: NDArray[np.float32]) -> Scores:
        scores: Scores = (vectors @ vector + _nearest_window(windows, owners, len(vectors), vector)) / np.float32(2)
        return scores

    return near
