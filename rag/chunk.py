"""A chunk: the part of a document that is embedded, found and quoted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chunk:
    """One part of a document.

    Attributes:
        ordinal: its place in the document, from 0.
        headings: the headings above it, outermost first, without the document's title.
        text: what it says, as Markdown, without those headings.
        embedded_text: title and headings, then the text: what is embedded and hashed.
    """

    ordinal: int
    headings: tuple[str, ...]
    text: str
    embedded_text: str
