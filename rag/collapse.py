"""Passages that say nearly the same are shown once, and the one that is kept names the others."""

from __future__ import annotations

from rag.hit import Passage
from rag.words import words_of

_SHINGLE = 3
_ALIKE = 0.9
"""Share of common word triples (the resemblance of Broder 1997) from which on two passages say the same: in a passage
of 60 words, one word may differ."""


class Told:
    """What was shown so far."""

    def __init__(self) -> None:
        self._shown: list[tuple[int, Passage, frozenset[int]]] = []

    def same_as(self, number: int, passage: Passage) -> int | None:
        """The number of what was shown and says the same; None: nothing did, and this one counts as shown.

        Passages about different records never say the same: two people's summaries differ in few words, and those are
        what matters.
        """
        shingles = _shingles(passage)
        for shown, other, theirs in self._shown:
            if other.entity == passage.entity and _resemble(shingles, theirs):
                return shown
        self._shown.append((number, passage, shingles))
        return None


def _shingles(passage: Passage) -> frozenset[int]:
    words = words_of(passage.text)
    return frozenset(hash(tuple(words[at : at + _SHINGLE])) for at in range(max(len(words) - _SHINGLE + 1, 1)))


def _resemble(ours: frozenset[int], theirs: frozenset[int]) -> bool:
    smaller, larger = sorted((len(ours), len(theirs)))
    return smaller >= _ALIKE * larger and len(ours & theirs) >= _ALIKE * len(ours | theirs)
