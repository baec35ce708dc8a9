"""What a search is asked, and what it finds: each hit says where it comes from, how old it is and why it was found."""

from __future__ import annotations

from dataclasses import dataclass, field

from substrate.access import Label


@dataclass(frozen=True, slots=True)
class Query:
    """A question to a copilot's index.

    Attributes:
        text: in the asker's words.
        k: how many hits are wanted; fewer come only with a reason.
        kinds: only documents of these kinds; none: of any.
        sites: only documents of these sites; none: of all that the caller may see.
        entity: only what tells of this record, `(kind, id)`.
        changed_after: only documents that changed after it, in microseconds since 1970 UTC.
        changed_before: only documents that changed before it.
    """

    text: str
    k: int = 8
    kinds: frozenset[str] = field(default_factory=frozenset)
    sites: frozenset[str] = field(default_factory=frozenset)
    entity: tuple[str, int] | None = None
    changed_after: int | None = None
    changed_before: int | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk with all that is known of it.

    Attributes:
        chunk: its id, 32 hexadecimal digits: of document, recipe, text and which occurrence of that text it is.
        document: the document's key.
        source: the document source's name.
        title: the document's title.
        headings: the headings above it, outermost first.
        text: what it says, without the headings.
        kind: the document's kind.
        label: who may see it.
        version: the document's version.
        changed_at: when the document changed, in microseconds since 1970 UTC; None: unknown.
        checked_at: when we last saw that this is what the source says.
        entity: the record that it tells of.
        link: where people open the document.
    """

    chunk: str
    document: str
    source: str
    title: str
    headings: tuple[str, ...]
    text: str
    kind: str
    label: Label
    version: str
    changed_at: int | None
    checked_at: int
    entity: tuple[str, int] | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found, and why.

    Attributes:
        passage: what was found.
        score: by which hits are ordered, the best first.
        dense_rank: its place among the nearest vectors, from 1; None: not among them.
        lexical_rank: its place among the best matches of words; None: not among them.
        similarity: the cosine with the question; None: not known.
        matched: the question's words that stand in it.
        alike: keys of documents that say nearly the same, and were left out.
        stale: the collection is older than was promised.
    """

    passage: Passage
    score: float
    dense_rank: int | None = None
    lexical_rank: int | None = None
    similarity: float | None = None
    matched: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()
    stale: bool = False
