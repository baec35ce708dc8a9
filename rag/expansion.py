"""What the lexical leg looks for: the question's own words, and what the documents say instead of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.languages import ENGLISH
from rag.words import stem, telling, words_of

INSTEAD = 0.5
"""How much a word counts that nobody asked for, but that the documents may use for what was asked."""

_MOST = 64
"""Words; what else a very long question says is left to its vector."""


def looked_for(question: str, vocabulary: Mapping[str, Sequence[str]], language: str = ENGLISH) -> dict[str, float]:
    """The words to look for, each with its weight; a question of function words alone is taken at its word.

    Args:
        question: any text at all.
        vocabulary: words or phrases that people use, with what the documents say: `DNA`: `did not attend`. `drug`
            is also known as `drugs`, as it is among the words of a document.
        language: of all of them.
    """
    own = telling(question, language) or list(dict.fromkeys(words_of(question, language)))
    found = dict.fromkeys(own[:_MOST], 1.0)
    said = _stemmed(question, language)
    for asked, instead in vocabulary.items():
        if _stemmed(asked, language) in said:
            for word in (word for phrase in instead for word in telling(phrase, language)):
                found.setdefault(word, INSTEAD)
    return found


def _stemmed(text: str, language: str) -> str:
    """A text's words without their endings, each between two spaces."""
    return f" {' '.join(stem(word, language) for word in words_of(text, language))} "
