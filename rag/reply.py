"""What an answer is made of: sentences, the passages that they cite, and why it is what it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rag.hit import Hit
from rag.plain import plain
from rag.search import SearchResult


class Outcome(StrEnum):
    """What kind of answer it is."""

    WRITTEN = "written"  # by the chat model; each sentence is backed by what it cites
    EXTRACT = "extract"  # sentences of the documents
    NOT_IN_DOCUMENTS = "not_in_documents"  # the evidence is too thin, or the model found no answer in it
    NOTHING_FOUND = "nothing_found"  # there is no passage at all; the search says why


class Instead(StrEnum):
    """Why it is an extract though there is a chat model."""

    UNREACHABLE = "unreachable"
    UNSUPPORTED = "unsupported"  # nothing that it wrote is backed by the passages
    WITHHELD = "withheld"  # no passage may leave the machine


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, and the numbers of the passages that say it."""

    text: str
    cited: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.text} {''.join(f'[{number}]' for number in self.cited)}".rstrip()


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage that the answer cites.

    Attributes:
        number: by which it is cited: its place among the hits, from 1.
        chunk, document, source, title, headings, version, link: of the passage.
        changed_at: when the document changed; None: unknown.
        age: microseconds since then, or, if that is unknown, since it was last seen to be so.
        stale: it is older than was promised.
    """

    number: int
    chunk: str
    document: str
    source: str
    title: str
    headings: tuple[str, ...]
    version: str
    link: str | None
    changed_at: int | None
    age: int
    stale: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer.

    Attributes:
        outcome: what kind it is.
        sentences: what it says.
        citations: what it cites, by number.
        confidence: how likely it is that the documents answer the question, from 0 to 1.
        instead: why it is an extract though there is a chat model.
        withheld: how many passages the chat model was not given.
        masked: how many personal values it was not given.
        dropped: how many of its sentences were left out, since no passage backs them.
        cut_short: the model broke off, or wrote too much.
        found: the passages.
        timings: microseconds by stage.
    """

    outcome: Outcome
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    confidence: float = 0.0
    instead: Instead | None = None
    withheld: int = 0
    masked: int = 0
    dropped: int = 0
    cut_short: bool = False
    found: SearchResult = field(default_factory=SearchResult)
    timings: Mapping[str, int] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What it says, with citations, or that the documents do not say."""
        return " ".join(map(str, self.sentences)) or _NOTHING[self.outcome]

    @property
    def stale(self) -> bool:
        """It rests on what is older than was promised."""
        return self.found.stale


_NOTHING = {
    Outcome.NOT_IN_DOCUMENTS: "The documents do not say.",
    Outcome.NOTHING_FOUND: "There is no document to answer from.",
    Outcome.WRITTEN: "",
    Outcome.EXTRACT: "",
}


def citation(number: int, hit: Hit, now: int) -> Citation:
    """A hit as an answer cites it."""
    passage = hit.passage
    since = passage.checked_at if passage.changed_at is None else passage.changed_at
    return Citation(
        number, passage.chunk, passage.document, passage.source, _named(passage.title),
        tuple(map(_named, passage.headings)), passage.version, passage.link, passage.changed_at, max(now - since, 0),
        hit.stale,
    )  # fmt: skip


def _named(title: str) -> str:
    return plain(title, addresses=True)
