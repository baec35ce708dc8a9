"""When a passage holds the answer: by its place in the corpus, so that questions outlive every way of cutting chunks.

Texts are compared by their words alone: case, markup, link targets and line breaks differ between a document, what a
reader makes of it, and what somebody copied from a page.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from html import unescape
from typing import Protocol

from rag.hit import Passage

# HTML tags and comments, targets of links, and the ids that Markdown dialects write behind a heading.
_MARKUP = re.compile(r"<!--.*?-->|</?[a-zA-Z][^<>]*>|(?<=\])\([^)]*\)|\{\s*[#.][^}]*\}", re.DOTALL)
_WORD = re.compile(r"[^\W_]+")
_FEWEST_WORDS = 3


class Where(Protocol):
    """A place: a document's key, and a phrase in it, a heading, or both."""

    @property
    def document(self) -> str:
        """The document's key."""

    @property
    def says(self) -> str | None:
        """A phrase that stands there."""

    @property
    def heading(self) -> str | None:
        """The heading above it."""


class LostReason(StrEnum):
    """Why a place is not in the corpus any more."""

    DOCUMENT_GONE = "document_gone"
    PHRASE_GONE = "phrase_gone"
    HEADING_GONE = "heading_gone"


def words_of(text: str) -> list[str]:
    """A text's words, in lower case and without markup."""
    return _WORD.findall(unescape(_MARKUP.sub(" ", text)).casefold())


def fills(passage: Passage, place: Where, alike: Collection[str] = ()) -> bool:
    """Whether a passage holds the answer that a place names.

    It is of that document and holds the phrase, in its text or in a heading above it. A phrase cut in two counts
    on both sides, where at least half of its words are, and three. A place without a phrase is filled by all that lies
    under its heading.

    Args:
        passage: what was found.
        place: where the answer is.
        alike: other documents that say the same, which the passage stands in for.
    """
    if passage.document != place.document and place.document not in alike:
        return False
    if place.says is not None:
        phrase = words_of(place.says)
        above = any(_within(words_of(heading), phrase) for heading in passage.headings)
        return above or _holds(words_of(passage.text), phrase)
    wanted = words_of(place.heading or "")
    return any(words_of(heading) == wanted for heading in (passage.title, *passage.headings))


def lost_reason(place: Where, corpus: Mapping[str, str]) -> LostReason | None:
    """Why a place cannot be found any more; None: it is there.

    Args:
        place: the place.
        corpus: the documents' texts by key, headings included.
    """
    text = corpus.get(place.document)
    if text is None:
        return LostReason.DOCUMENT_GONE
    words = words_of(text)
    if place.says is not None and not _within(words, words_of(place.says)):
        return LostReason.PHRASE_GONE
    if place.heading is not None and not _within(words, words_of(place.heading)):
        return LostReason.HEADING_GONE
    return None


def _holds(words: list[str], phrase: list[str]) -> bool:
    if _within(words, phrase):
        return True
    enough = max(_FEWEST_WORDS, (len(phrase) + 1) // 2)
    parts = range(enough, len(phrase))
    return any(words[-part:] == phrase[:part] or words[:part] == phrase[-part:] for part in parts)


def _within(words: list[str], phrase: list[str]) -> bool:
    return f" {' '.join(phrase)} " in f" {' '.join(words)} "
