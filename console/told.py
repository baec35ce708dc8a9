"""What programs are told of a copilot's answers, field by field; the same over HTTP, MCP and `--json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from console.shown import shown_value
from rag.context import Context
from rag.copilot import Copilot
from rag.hit import Hit
from rag.reply import Answer, Citation, Sentence
from rag.search import SearchResult
from substrate.clock import SECOND, isoformat
from substrate.disclosure import SeenFeatures


class Told(BaseModel):
    """What is told; instants are in ISO 8601 UTC, ages in seconds."""

    model_config = ConfigDict(frozen=True)


class CopilotTold(Told):
    """A copilot that may be asked."""

    name: str
    title: str
    vertical: str | None = Field(description="Whose records and words it knows.")

    @classmethod
    def of(cls, copilot: Copilot) -> CopilotTold:
        """One of them."""
        return cls(name=copilot.name, title=copilot.title or copilot.name, vertical=copilot.vertical)


class CopilotsTold(Told):
    """The copilots that may be asked."""

    copilots: list[CopilotTold]


class RecordTold(Told):
    """Which record something is about."""

    kind: str
    id: str = Field(description="Our number for it, as text: it has more digits than some languages keep.")


class HitTold(Told):
    """A passage, where it comes from, how old it is, and why it was found."""

    chunk: str = Field(description="Names the passage; say it in feedback.")
    document: str
    source: str
    title: str
    headings: list[str]
    text: str
    kind: str
    version: str
    changed_at: str | None = Field(description="When the source last changed the document.")
    checked_at: str = Field(description="When we last saw that this is what the source says.")
    age_seconds: float | None = Field(description="Since the document changed.")
    stale: bool = Field(description="The collection is older than was promised.")
    link: str | None
    entity: RecordTold | None
    score: float
    dense_rank: int | None = Field(description="Its place among the nearest by meaning.")
    lexical_rank: int | None = Field(description="Its place among the best matches of words.")
    similarity: float | None
    matched: list[str] = Field(description="The question's words that stand in it.")
    alike: list[str] = Field(description="Documents that say nearly the same, and were left out.")

    @classmethod
    def of(cls, hit: Hit, now: int) -> HitTold:
        """A hit as it is told."""
        passage = hit.passage
        return cls(
            chunk=passage.chunk, document=passage.document, source=passage.source, title=passage.title,
            headings=list(passage.headings), text=passage.text, kind=passage.kind, version=passage.version,
            changed_at=_instant(passage.changed_at), checked_at=isoformat(passage.checked_at),
            age_seconds=None if passage.changed_at is None else max(now - passage.changed_at, 0) / SECOND,
            stale=hit.stale, link=passage.link, entity=_record(passage.entity), score=hit.score,
            dense_rank=hit.dense_rank, lexical_rank=hit.lexical_rank, similarity=hit.similarity,
            matched=list(hit.matched), alike=list(hit.alike),
        )  # fmt: skip


class SearchTold(Told):
    """What was found."""

    hits: list[HitTold] = Field(description="The best first.")
    short: str | None = Field(description="Why there are fewer than were asked for.")
    stale: bool = Field(description="Something of it is older than was promised.")
    checked_at: str | None = Field(description="Up to when the sources are known to be followed.")
    generation: int | None
    timings_ms: dict[str, float] = Field(description="Where the time went; stages may run side by side.")

    @classmethod
    def of(cls, found: SearchResult, now: int) -> SearchTold:
        """A search's result as it is told."""
        return cls(
            hits=[HitTold.of(hit, now) for hit in found.hits], short=None if found.short is None else str(found.short),
            stale=found.stale, checked_at=_instant(found.checked_at), generation=found.generation,
            timings_ms=timings_ms(found.timings),
        )  # fmt: skip


class FeatureTold(Told):
    """One feature."""

    value: str | int | float | bool | None = Field(description="None: unknown. Instants in ISO 8601, spans in seconds.")
    unit: str | None
    meaning: str


class FeaturesTold(Told):
    """What is computed of one record."""

    entity: RecordTold
    as_of: str = Field(description="The instant that the values are true for.")
    age_seconds: float
    stale: bool = Field(description="Older than the features promise.")
    features: dict[str, FeatureTold]
    withheld: dict[str, str] = Field(description="Features that the caller may not see, and why.")

    @classmethod
    def of(cls, seen: SeenFeatures, now: int, only: frozenset[str] = frozenset()) -> FeaturesTold:
        """Features as they are told.

        Args:
            seen: what the caller may see.
            now: the instant of asking.
            only: the features that were asked for; none: all.
        """
        wanted = {name: value for name, value in seen.values.items() if not only or name in only}
        hidden = {name: level for name, level in seen.withheld.items() if not only or name in only}
        return cls(
            entity=RecordTold(kind=seen.kind, id=str(seen.id)), as_of=isoformat(seen.as_of),
            age_seconds=max(now - seen.as_of, 0) / SECOND, stale=seen.stale,
            features={name: _feature(seen, name, value) for name, value in wanted.items()},
            withheld={name: f"it takes the clearance {level.name.lower()}" for name, level in hidden.items()},
        )  # fmt: skip


class ContextTold(Told):
    """What is computed of a record, and what is written on the question."""

    entity: RecordTold
    features: FeaturesTold | None
    absent: str | None = Field(description="Why there are no features.")
    passages: SearchTold
    stale: bool = Field(description="Features, passages or the collection are older than was promised.")
    timings_ms: dict[str, float] = Field(description="Where the time went; features and search run side by side.")

    @classmethod
    def of(cls, found: Context, now: int, only: frozenset[str] = frozenset()) -> ContextTold:
        """A context as it is told."""
        seen = found.features
        return cls(
            entity=RecordTold(kind=found.entity[0], id=str(found.entity[1])),
            features=None if seen is None else FeaturesTold.of(seen, now, only),
            absent=None if found.absent is None else str(found.absent), passages=SearchTold.of(found.found, now),
            stale=found.stale, timings_ms=timings_ms(found.timings),
        )  # fmt: skip


class SentenceTold(Told):
    """A sentence of an answer."""

    text: str
    cited: list[int] = Field(description="Numbers of the citations that say it.")


class CitationTold(Told):
    """A passage that an answer rests on."""

    number: int
    chunk: str
    document: str
    source: str
    title: str
    headings: list[str]
    version: str
    link: str | None
    changed_at: str | None
    age_seconds: float
    stale: bool

    @classmethod
    def of(cls, citation: Citation) -> CitationTold:
        """A citation as it is told."""
        return cls(
            number=citation.number, chunk=citation.chunk, document=citation.document, source=citation.source,
            title=citation.title, headings=list(citation.headings), version=citation.version, link=citation.link,
            changed_at=_instant(citation.changed_at), age_seconds=citation.age / SECOND, stale=citation.stale,
        )  # fmt: skip


class AnswerTold(Told):
    """An answer that can be checked."""

    outcome: str = Field(description="written, extract, not_in_documents or nothing_found.")
    text: str = Field(description="The whole answer, with citations, or that the documents do not say.")
    sentences: list[SentenceTold]
    citations: list[CitationTold]
    confidence: float = Field(description="How likely it is that the documents answer the question, from 0 to 1.")
    stale: bool = Field(description="It rests on what is older than was promised.")
    instead: str | None = Field(description="Why it is an extract though there is a chat model.")
    withheld: int = Field(description="Passages that the chat model was not given.")
    masked: int = Field(description="Personal values that the chat model was not given.")
    dropped: int = Field(description="Sentences that were left out, since no passage says them.")
    cut_short: bool
    short: str | None = Field(description="Why there are fewer passages than were asked for.")
    generation: int | None
    chunks: list[str] = Field(description="Ids of the passages that were looked at, best first; say them in feedback.")
    timings_ms: dict[str, float]

    @classmethod
    def whole(cls, last: Sentence | Answer) -> AnswerTold:
        """The last piece of a streamed answer, which is all of it."""
        if not isinstance(last, Answer):
            raise TypeError("a stream ends with the answer")
        return cls.of(last)

    @classmethod
    def of(cls, answer: Answer) -> AnswerTold:
        """An answer as it is told."""
        found = answer.found
        return cls(
            outcome=str(answer.outcome), text=answer.text, sentences=[sentence_told(one) for one in answer.sentences],
            citations=[CitationTold.of(one) for one in answer.citations], confidence=round(answer.confidence, 3),
            stale=answer.stale, instead=None if answer.instead is None else str(answer.instead),
            withheld=answer.withheld, masked=answer.masked, dropped=answer.dropped, cut_short=answer.cut_short,
            short=None if found.short is None else str(found.short), generation=found.generation,
            chunks=[hit.passage.chunk for hit in found.hits], timings_ms=timings_ms(answer.timings),
        )  # fmt: skip


class NotedTold(Told):
    """Feedback that was kept."""

    id: int


def sentence_told(sentence: Sentence) -> SentenceTold:
    """A sentence as it is told."""
    return SentenceTold(text=sentence.text, cited=list(sentence.cited))


def timings_ms(spent: Mapping[str, int]) -> dict[str, float]:
    """Microseconds by stage, in milliseconds."""
    return {stage: round(micros / 1_000, 3) for stage, micros in spent.items()}


def _feature(seen: SeenFeatures, name: str, value: Any) -> FeatureTold:
    operand = seen.operand(name)
    return FeatureTold(value=shown_value(operand, value, None), unit=operand.unit, meaning=operand.meaning)


def _instant(at: int | None) -> str | None:
    return None if at is None else isoformat(at)


def _record(entity: tuple[str, int] | None) -> RecordTold | None:
    return None if entity is None else RecordTold(kind=entity[0], id=str(entity[1]))
