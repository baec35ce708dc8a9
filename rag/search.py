"""Search: by meaning and by words, in one order; never less than was asked for without saying why.

What a caller may see is settled first, by the choice of partitions; no text of a question or a document can widen it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from rag.copilot import Copilot
from rag.embedder import Embedder
from rag.expansion import looked_for
from rag.hit import Hit, Query
from rag.hunt import Hunt, Short
from rag.live import Index
from rag.redaction import mask
from rag.rerank import Probe, probe_of
from rag.stages import Stages
from rag.words import stem, stems, telling, words_of
from substrate.access import Caller, Label
from substrate.clock import parse_duration
from substrate.columns import Sensitivity

_LONGEST = 4_000
"""Characters of a question; the embedder reads less."""

MOST = 200
"""The most hits that one search gives."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What was found.

    Attributes:
        hits: the best first.
        short: why they are fewer than were asked for; None: they are not.
        stale: the collection, or one of the hits, is older than was promised.
        checked_at: up to when the sources are known to be followed; None: never, or nothing was looked at.
        generation: of the index; None: nothing was looked at.
        timings: microseconds by stage; `lexical` runs beside `embed` and `dense`.
    """

    hits: tuple[Hit, ...] = ()
    short: Short | None = None
    stale: bool = False
    checked_at: int | None = None
    generation: int | None = None
    timings: Mapping[str, int] = field(default_factory=dict)


def search(
    index: Index,
    embedder: Embedder,
    caller: Caller,
    copilot: Copilot,
    query: Query,
    now: int,
    *,
    masked: Callable[[str], str] = mask,
) -> SearchResult:
    """Find the passages that answer a question best, among those that the caller may see.

    Args:
        index: of all copilots.
        embedder: the one that the index was built with.
        now: the instant of asking.
        masked: masks the question for an embedder that is not cleared for personal data.

    Raises:
        NotFoundError: nothing was ever indexed for this copilot.
        PlumblineError: the embedder cannot be reached.
    """
    stages = Stages()
    if not copilot.answers(caller):
        return SearchResult(short=Short.NOT_ALLOWED, timings=stages.spent())
    live = index.live(copilot.name)
    old = live.checked_at is None or now - live.checked_at > parse_duration(copilot.stale_after)
    question = cleaned(query.text)
    seen = visible(live.partitions, caller)
    asked = replace(query, text=question, k=min(max(query.k, 1), MOST))
    wanted = frozenset(number for number, label in seen.items() if not query.sites or label.site in query.sites)
    hits, short = list[Hit](), nothing(question, seen, wanted)
    if short is None:
        words = looked_for(question, copilot.words, copilot.language)
        embed = partial(probe_by, embedder, question, masked)
        hunt = Hunt(live, wanted, asked, words, embed, stages, copilot.language, caller.may_see)
        hits, short = hunt.gather()
    shown = tuple(explained(hit, copilot, question, now) for hit in hits)
    stale = old or any(hit.stale for hit in shown)
    return SearchResult(shown, short, stale, live.checked_at, live.generation, stages.spent())


def nothing(question: str, seen: Mapping[int, Label], wanted: frozenset[int]) -> Short | None:
    """Why there is nothing to look for, or nothing to look at; None: there is."""
    if not question:
        return Short.EMPTY_QUESTION
    if not seen:
        return Short.NO_DOCUMENTS
    return None if wanted else Short.FILTERED


def visible(partitions: Mapping[int, Label], caller: Caller) -> dict[int, Label]:
    """The partitions that a caller may see."""
    return {number: label for number, label in partitions.items() if caller.may_see(label)}


def cleaned(text: str) -> str:
    """A question as it can be looked for, whatever was typed: bounded, in valid Unicode, on one line."""
    return " ".join(text[:_LONGEST].encode("utf-8", "replace").decode().replace("\0", " ").split())


def probe_by(embedder: Embedder, question: str, masked: Callable[[str], str]) -> Probe:
    """What the embedder says of the question; one that is not cleared for personal data is given none."""
    return probe_of(embedder, question if embedder.clearance >= Sensitivity.PII else masked(question))


def explained(hit: Hit, copilot: Copilot, question: str, now: int) -> Hit:
    """A hit that says which words it matches, and whether it is older than was promised."""
    passage = hit.passage
    text, language = " ".join((passage.title, *passage.headings, passage.text)), copilot.language
    there = stems(words_of(text, language), language)
    matched = tuple(word for word in telling(question, language) if stem(word, language) in there)
    return replace(hit, matched=matched, stale=now - passage.checked_at > copilot.stale_micros(passage.source))
