"""How an answer and its passages look in a terminal: what is said, on what it rests, and how old that is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from console.terminal import age_text, screen
from console.told import AnswerTold, CitationTold, HitTold, SearchTold
from substrate.clock import SECOND

_SHORT = {
    "not_allowed": "This copilot is not for you.",
    "empty_question": "There is no question.",
    "no_documents": "There are no documents that you may see.",
    "filtered": "Nothing else fits what was asked for.",
    "fewer_documents": "These are all the passages that you may see.",
    "alike": "Whatever else there is says nearly the same.",
}
_INSTEAD = {
    "unreachable": "The chat model did not answer; these are the documents' own sentences.",
    "unsupported": "What the chat model wrote is not in the documents; these are their own sentences.",
    "withheld": "The chat model may be given none of the passages; these are the documents' own sentences.",
}
_SNIPPET = 400


def print_answer(told: AnswerTold) -> None:
    """An answer, then what it cites, then what one must know about it."""
    screen.print(Padding(_answer_text(told), (1, 1, 1, 2)))
    for citation in told.citations:
        _print_source(citation.number, citation)
    _print_notes(_notes(told))


def print_hits(told: SearchTold) -> None:
    """The passages that were found, the best first."""
    for number, hit in enumerate(told.hits, 1):
        text = " ".join(hit.text.split())
        snippet = Text(text[:_SNIPPET] + ("…" if len(text) > _SNIPPET else ""))
        screen.print()
        _print_source(number, hit, snippet, Text(_why(hit), style="dim"))
    screen.print()
    notes = [_SHORT.get(told.short, told.short)] if told.short else []
    _print_notes([*notes, *(["The index is older than was promised."] if told.stale else [])])


def _answer_text(told: AnswerTold) -> Text:
    shown = Text()
    for sentence in told.sentences:
        marks = "".join(f"[{number}]" for number in sentence.cited)
        shown.append(f"{sentence.text} ").append(f"{marks} ", style="cyan")
    if not told.sentences:
        shown.append(told.text, style="yellow")
    shown.rstrip()
    return shown


def _print_source(number: int, source: CitationTold | HitTold, *more: Text) -> None:
    """Where something comes from, and for whoever wants to check: the place, the version and the age."""
    place = Text(" › ".join(dict.fromkeys([source.title, *source.headings])), style="bold")
    if source.stale:
        place.append("  stale", style="bold red")
    grid = Table.grid(padding=(0, 1))
    grid.add_column(min_width=5, justify="right")
    grid.add_column(overflow="fold")
    grid.add_row(Text(f"[{number}]", style="cyan"), place)
    for line in (Text(_facts(source), style="dim"), *more):
        grid.add_row("", line)
    screen.print(grid)


def _facts(source: CitationTold | HitTold) -> str:
    parts = [source.link or source.document]
    if source.version:
        parts.append(f"version {source.version[:12]}")
    if source.changed_at is not None and source.age_seconds is not None:
        parts.append(f"changed {age_text(round(source.age_seconds * SECOND))} ago")
    return ", ".join(parts)


def _why(hit: HitTold) -> str:
    """Why a passage was found."""
    parts = []
    if hit.dense_rank is not None:
        parts.append(f"number {hit.dense_rank} by meaning")
    if hit.lexical_rank is not None:
        parts.append(f"number {hit.lexical_rank} by words")
    if hit.matched:
        parts.append(f"has {', '.join(hit.matched)}")
    if hit.alike:
        parts.append(f"{len(hit.alike)} more say nearly the same")
    return "; ".join(parts)


def _notes(told: AnswerTold) -> Iterable[str]:
    if told.stale:
        yield "The index is older than was promised; the documents may say something else by now."
    if told.instead:
        yield _INSTEAD.get(told.instead, told.instead)
    if told.withheld:
        yield f"{told.withheld} passages were withheld from the chat model."
    if told.masked:
        yield f"{told.masked} personal values were masked before the chat model saw them."
    if told.dropped:
        yield f"{told.dropped} sentences were left out, since no passage says them."
    if told.cut_short:
        yield "The answer breaks off: the chat model did."
    if told.short and not told.citations:
        yield _SHORT.get(told.short, told.short)


def _print_notes(notes: Iterable[str | None] | Sequence[str]) -> None:
    for note in notes:
        screen.print(Padding(Text(note or "", style="yellow"), (0, 1, 0, 2)))
