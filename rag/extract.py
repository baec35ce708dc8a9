"""An answer in the documents' own words: the sentences that come closest to the question, nothing said twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.embedder import Embedder, Vectors
from rag.hit import Hit
from rag.languages import ENGLISH
from rag.rerank import Probe, closeness, embed_all, probe_of
from rag.sentences import sentences
from rag.words import stems, telling, words_of

MOST = 3
"""Sentences that are chosen for an extract; where one of them leads in a list, some of the list comes with it."""

_PASSAGES = 5
_READ = 250
"""Words of all the sentences that the embedder reads: reading them is what an extract costs."""

_LIKELY = 0.2
"""How much common words count for which sentences are read, beside the passage's score."""

_TOKENS = 0.8
"""Share of single tokens in how near a sentence is; the rest is the cosine of the whole."""

_MEANING = 0.85
"""Share of the cosine where the embedder tells no tokens apart; the rest are common words."""

_UNREAD = 0.6
"""What it is worth that all words of the question stand in a sentence that the embedder may not be given."""

_PASSAGE = 0.65
"""How much the passage's score counts beside the sentence's own: what stands around it says what it is about."""

_AGAIN = 0.08
"""What a sentence loses that means the same as a chosen one (maximal marginal relevance, Carbonell and Goldstein, SIGIR
1998)."""

_WORTH = 0.2
"""A sentence that scores so much less than the best one is left out."""

_ITEMS, _LIST = 6, 60
"""Items of a list that come with the sentence that leads it in, and how many words they have together."""

_LONGEST = 600

Scores = NDArray[np.float64]


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
    """The sentences that answer a question best, those of the best one's passage first; at least one.

    Args:
        question: what was asked.
        hits: the best first; what of them the embedder may not be given is compared by its words alone.
        embedder: compares meanings.
        masked: masks what the embedder is given.
        language: of question and passages.
    """
    said = _said(hits[:_PASSAGES])
    asked = stems(telling(question, language), language)
    common = {each: _common(asked, each.text, language) for each in _of_the_same_numbers(question, said)}
    found = _likely(common, hits)
    if not found:
        return []
    seen = [hits[each.hit].passage.label.sensitivity <= embedder.clearance for each in found]
    texts = [masked(each.text) if may else None for each, may in zip(found, seen, strict=True)]
    near, meant = _meant(masked(question), texts, [common[each] for each in found], embedder)
    scores = near + _PASSAGE * np.array([hits[each.hit].score for each in found])
    chosen = _chosen(scores, meant)
    first = list(dict.fromkeys(found[at].hit for at in chosen))
    quoted = [found[at] for at in chosen]
    return sorted({*quoted, *_lists(quoted, said)}, key=lambda each: (first.index(each.hit), each.place))


def _said(hits: Sequence[Hit]) -> list[Quoted]:
    """Every sentence of the hits, once; the same about two records is said of both."""
    found: dict[tuple[str, tuple[str, int] | None], Quoted] = {}
    for number, hit in enumerate(hits):
        for place, text in enumerate(sentences(hit.passage.text)):
            found.setdefault((text, hit.passage.entity), Quoted(_cut(text), number, place))
    return list(found.values())


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: text.rfind(" ", 0, _LONGEST) + 1 or _LONGEST].rstrip()


def _of_the_same_numbers(question: str, found: list[Quoted]) -> list[Quoted]:
    """Where some sentences say every number that was asked for, the others are about something else: 8-1 is not 8-6."""
    numbers = {word for word in words_of(question) if any(letter.isdigit() for letter in word)}
    return [each for each in found if numbers <= set(words_of(each.text))] or found


def _common(asked: set[str], text: str, language: str) -> float:
    return len(asked & stems(words_of(text, language), language)) / len(asked) if asked else 0.0


def _likely(common: Mapping[Quoted, float], hits: Sequence[Hit]) -> list[Quoted]:
    """As many of the sentences as may be read, those with common words and in the best passages before others."""
    worth = {each: _LIKELY * share + hits[each.hit].score for each, share in common.items()}
    likely, words = list[Quoted](), 0
    for each in sorted(common, key=lambda each: (-worth[each], each.hit, each.place)):
        words += len(each.text.split())
        if likely and words > _READ:
            break
        likely.append(each)
    return likely


def _meant(
    question: str, texts: Sequence[str | None], common: Sequence[float], embedder: Embedder
) -> tuple[Scores, Vectors]:
    """How near each sentence is to the question, and its vector; None is one that the embedder may not be given."""
    probe = probe_of(embedder, question)
    given = [at for at, text in enumerate(texts) if text is not None]
    vectors, states = embed_all(embedder, [text for text in texts if text is not None])
    near, meant = _UNREAD * np.array(common), np.zeros((len(texts), len(probe.vector)), dtype=np.float32)
    for at, vector, packed in zip(given, vectors, states, strict=True):
        near[at], meant[at] = _near(probe, vector, packed, common[at]), vector
    return near, meant


def _near(probe: Probe, vector: NDArray[np.float32], packed: bytes | None, common: float) -> float:
    cosine = float(probe.vector @ vector)
    if packed is None or not len(probe.weights):
        return _MEANING * cosine + (1 - _MEANING) * common
    return _TOKENS * closeness(probe, packed) + (1 - _TOKENS) * cosine


def _chosen(scores: Scores, meant: Vectors) -> list[int]:
    """The best sentences that differ, the best first."""
    chosen: list[int] = []
    worthy = [at for at in range(len(scores)) if scores[at] >= scores.max() - _WORTH]
    while worthy and len(chosen) < MOST:
        said = (meant[worthy] @ meant[chosen].T).max(axis=1) if chosen else np.zeros(len(worthy))
        worth = scores[worthy] - _AGAIN * said
        chosen.append(worthy.pop(int(worth.argmax())))
    return chosen


def _lists(quoted: Sequence[Quoted], said: Sequence[Quoted]) -> list[Quoted]:
    """What stands below the chosen sentences that lead something in."""
    items: list[Quoted] = []
    for lead in quoted:
        words = 0
        below = range(lead.place + 1, lead.place + 1 + _ITEMS) if lead.text.endswith(":") else range(0)
        for each in (each for each in said if each.hit == lead.hit and each.place in below):
            words += len(each.text.split())
            if words > _LIST:
                break
            items.append(each)
    return items
