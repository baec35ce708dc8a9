"""Where something stands in a document, by its words alone, so that what is quoted and what was expected compare."""

from __future__ import annotations

from collections.abc import Iterable

from rag.document import Document
from rag.evals.places import words_of

Stretch = tuple[int, int]
"""From where to where, in a document's words joined by blanks."""


class Stretches:
    """Documents, of which parts are looked for.

    Args:
        documents: with different keys.
    """

    def __init__(self, documents: Iterable[Document]) -> None:
        self._texts = {each.key: _joined(f"{each.title}\n{each.text}") for each in documents}
        self._titles = {each.key: len(_joined(each.title)) for each in documents}

    def of(self, document: str, text: str) -> list[Stretch]:
        """Everywhere that a text stands in a document, whatever the markup."""
        said, whole, found = _joined(text), self._texts.get(document, ""), list[Stretch]()
        at = whole.find(said) if said else -1
        while at >= 0:
            found.append((at, at + len(said)))
            at = whole.find(said, at + 1)
        return found

    def between(self, document: Document, begin: int, end: int) -> Stretch:
        """Where the characters of a document's text stand."""
        start = self._titles[document.key] + len(_joined(document.text[:begin]))
        return start, start + len(_joined(document.text[begin:end]))


def share(wanted: Stretch, found: Iterable[Stretch]) -> float:
    """How much of one stretch lies in another one."""
    begin, end = wanted
    common = (min(end, other_end) - max(begin, other) for other, other_end in found)
    return max((*common, 0)) / (end - begin) if end > begin else 0.0


def _joined(text: str) -> str:
    """The words, each behind a blank, so that no word is found within another one."""
    return "".join(f" {word}" for word in words_of(text))
