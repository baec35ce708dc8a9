"""An answer in the documents' own words: the sentences that come closest to the question, nothing said twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rag.embedder import Embedder, Vectors
from rag.hit import Hit
from rag.languages import ENGLISH
from rag.sentences import sentences
from rag.words import stems, telling, words_of

MOST = 3
"""Sentences of an extract."""

_PASSAGES = 5
_CANDIDATES = 24
"""Sentences that are compared by meaning: about a tenth of a second of the embedder's time."""

_MEANING = 0.7
"""Share of meaning in a sentence's score; the rest are common words."""

_NEW = 0.7
"""How much of a sentence's worth is its own score and not how it differs from those that were chosen (maximal marginal
relevance, Carbonell and Goldstein, SIGIR 1998; their lambda)."""

_WORTH = 0.6
"""A sentence that scores less than this share of the best one is left out."""

_LONGEST = 600


@dataclass(frozen=True, slots=True)
class Quoted:
    """A sentence of a passage.

    Attributes:
        text: as it stands there, without marks.
        hit: which of the hits it is from, from 0.
        place: its place in the passage.
    """

    text: str
    hit: int
    place: int


def extract(
    question: str,
    hits: Sequence[Hit],
    embedder: Embedder,
    masked: Callable[[str], str] = str,
    language: str = ENGLISH,
) -> list[Quoted]:
    """The sentences that answer a question best, in the order of their passages; at least one, if there is any.

    Args:
        question: what was asked.
        hits: the best first; what of them the embedder may not be given is compared by its words alone.
        embedder: compares meanings.
        masked: masks what the embedder is given.
        language: of question and passages.
    """
    asked = stems(telling(question, language), language)
    found = [
        Quoted(text[:_LONGEST], number, place)
        for number, hit in enumerate(hits[:_PASSAGES])
        for place, text in enumerate(dict.fromkeys(sentences(hit.passage.text)))
    ]
    found = _of_the_same_numbers(question, found)
    common = {each: _common(asked, each.text, language) for each in found}
    found.sort(key=lambda each: (-common[each], each.hit, each.place))
    found = found[:_CANDIDATES]
    if not found:
        return []
    near, meant = _meant(masked(question), found, hits, embedder, masked)
    scores = np.array([_score(common[each], similarity) for each, similarity in zip(found, near, strict=True)])
    chosen = _chosen(scores, meant)
    return sorted((found[place] for place in chosen), key=lambda each: (each.hit, each.place))


def _of_the_same_numbers(question: str, found: list[Quoted]) -> list[Quoted]:
    """Where some sentences say every number that was asked for, the others are about something else: 8-1 is not 8-6."""
    numbers = {word for word in words_of(question) if any(letter.isdigit() for letter in word)}
    return [each for each in found if numbers <= set(words_of(each.text))] or found


def _common(asked: set[str], text: str, language: str) -> float:
    return len(asked & stems(words_of(text, language), language)) / len(asked) if asked else 0.0


def _score(common: float, similarity: float | None) -> float:
    return common if similarity is None else _MEANING * similarity + (1 - _MEANING) * common


def _meant(
    question: str, found: Sequence[Quoted], hits: Sequence[Hit], embedder: Embedder, masked: Callable[[str], str]
) -> tuple[list[float | None], Vectors]:
    """Each sentence's cosine with the question, and its vector; none of what the embedder may not be given."""
    given = [at for at, each in enumerate(found) if hits[each.hit].passage.label.sensitivity <= embedder.clearance]
    vectors = embedder.embed([question, *(masked(found[at].text) for at in given)])
    near: list[float | None] = [None] * len(found)
    meant = np.zeros((len(found), vectors.shape[1]), dtype=np.float32)
    for at, vector in zip(given, vectors[1:], strict=True):
        near[at], meant[at] = float(vector @ vectors[0]), vector
    return near, meant


def _chosen(scores: np.ndarray[tuple[int], np.dtype[np.float64]], meant: Vectors) -> list[int]:
    chosen: list[int] = []
    worthy = [at for at in range(len(scores)) if scores[at] >= _WORTH * scores.max()]
    while worthy and len(chosen) < MOST:
        said = meant[worthy] @ meant[chosen].T if chosen else np.zeros((len(worthy), 1))
        worth = _NEW * scores[worthy] - (1 - _NEW) * said.max(axis=1)
        chosen.append(worthy.pop(int(worth.argmax())))
    return chosen
