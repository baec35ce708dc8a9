"""A ticket told as a document: what was written first, then each comment under a heading of its own.

What people wrote cannot pass for the document's own headings or code, so that a change of one comment changes the
chunks of that comment only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from rag.copilot import SourceSpec
from rag.document import Document, UnreadableError
from rag.outline import blocks
from rag.readers import reading
from rag.readers.parsed import as_prose
from rag.sources.ticket_said import Comment, Head
from rag.ticket_export import TicketsOptions
from substrate.access import Label
from substrate.clock import MICROS, from_micros, to_micros

_TAGS = "p|div|br|span|ul|ol|li|table|tr|td|a|b|i|u|em|strong|h[1-6]|html|body|blockquote|pre|code|img|font"
_MARKUP = re.compile(rf"<(?:{_TAGS})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_SECONDS = re.compile(r"\d{9,10}|\d{12,13}")
_MILLISECONDS = 10**11
"""A larger number of seconds lies in no year that a ticket was written in."""
_UTC = re.compile(r"\s*(?:UTC|GMT)$", re.IGNORECASE)
_OFFSET = re.compile(r"\s+(?=[+-]\d\d:?\d\d$)")
_WHOLE_LINK = re.compile(r"https?://\S+")


class Teller:
    """Tells the tickets of one source.

    Args:
        spec: the source as it is declared, with its `tickets`.
        options: its `tickets`.
        zone: IANA zone of times that name none, and of the days that are told.
    """

    def __init__(self, spec: SourceSpec, options: TicketsOptions, zone: str) -> None:
        self._spec = spec
        self._options = options
        self._zone = ZoneInfo(zone)

    def tell(self, ticket: str, head: Head, comments: Sequence[Comment], version: str) -> Document:
        """The document of a ticket.

        Args:
            ticket: its number.
            head: what is said of it.
            comments: what was written about it; what is internal is left out unless it is wanted.
            version: which version of it this is, where it does not say so itself.

        Raises:
            UnreadableError: a time of it is none, or nothing is said in it.
        """
        opened, changed = self._instant(head.created, "created"), self._instant(head.updated, "updated")
        hidden = self._hidden(comments)
        body = "" if _squeezed(head.body) in hidden else head.body
        said = self._in_order([one for one in comments if _squeezed(one.body) not in hidden | {_squeezed(body)}])
        if not (head.title or body or said):
            raise UnreadableError("no_text", "neither title nor text nor comment says anything")
        parts = [self._facts(ticket, head, opened), self._prose(body), *self._replies(said)]
        times = [at for at in (opened, *(at for at, _ in said)) if at is not None]
        return Document(
            ticket,
            " ".join(head.title.split()) or f"Ticket {ticket}",
            "\n\n".join(part for part in parts if part),
            self._spec.kind,
            Label(self._spec.sensitivity, head.site or self._spec.site, frozenset(self._spec.roles)),
            str(head.updated) or version,
            changed if changed is not None else max(times, default=None),
            link=self._link(ticket, head),
        )

    def moment(self, written: str | int | float) -> int | None:
        """When something was, in microseconds since 1970 UTC; None: it is not said, or in no way that is known.

        Where clocks are put back it is the first of the two hours; one that clocks skip counts from the time before.
        """
        if written == "":
            return None
        try:
            found = _micros(float(written)) if _is_number(written) else to_micros(self._read(str(written)))
            from_micros(found).astimezone(self._zone)  # what no calendar has is no time
        except (ValueError, OverflowError):
            return None
        return found

    def _read(self, written: str) -> datetime:
        try:
            found = datetime.fromisoformat(_OFFSET.sub("", _UTC.sub("+00:00", written)))
        except ValueError:
            found = self._otherwise(written)
        return found if found.tzinfo else found.replace(tzinfo=self._zone)

    def _otherwise(self, written: str) -> datetime:
        for form in self._options.times:
            try:
                return datetime.strptime(written, form)  # noqa: DTZ007  # the zone is added where it names none
            except ValueError:
                continue
        raise ValueError("no form fits")

    def _instant(self, written: str | int | float, what: str) -> int | None:
        found = self.moment(written)
        if found is None and written != "":
            detail = f"{what} is no date or time that is known; `times` says how others are written"
            raise UnreadableError("bad_time", detail)
        return found

    def _in_order(self, comments: Sequence[Comment]) -> list[tuple[int | None, Comment]]:
        """Comments, each once; by time where all of them say theirs."""
        found = [(self._instant(one.created, "the time of a comment"), one) for one in dict.fromkeys(comments)]
        if any(at is None for at, _ in found):
            return found
        return sorted(found, key=lambda each: each[0] or 0)

    def _hidden(self, comments: Sequence[Comment]) -> set[str]:
        """What is said internally, and is told nowhere: some help desks repeat it as the ticket's own text."""
        return set() if self._options.internal else {_squeezed(one.body) for one in comments if one.internal}

    def _facts(self, ticket: str, head: Head, opened: int | None) -> str:
        known = [f"Ticket {ticket}", *([" ".join(head.status.split())] if head.status else [])]
        return as_prose(", ".join([*known, *([f"opened on {self._day(opened)}"] if opened is not None else [])]) + ".")

    def _replies(self, said: Sequence[tuple[int | None, Comment]]) -> Iterator[str]:
        for at, one in said:
            if text := self._prose(one.body):
                yield f"## Comment of {self._day(at)}" if at is not None else "## Comment"
                yield text

    def _day(self, instant: int) -> str:
        moment = from_micros(instant).astimezone(self._zone)
        return f"{moment.day} {moment:%B %Y}"

    def _prose(self, text: str) -> str:
        """A text that people wrote, as Markdown without headings of its own."""
        form = self._options.text
        if form == "html" or (form == "auto" and _MARKUP.search(text)):
            return _closed(reading.read_file(text.encode(), "ticket.html").markdown)
        if len(text) > reading.MAX_TEXT:
            raise UnreadableError("too_large", f"a text of it has {len(text):,} characters")
        return as_prose(text.replace("\r\n", "\n").replace("\r", "\n")).strip()

    def _link(self, ticket: str, head: Head) -> str | None:
        if _WHOLE_LINK.fullmatch(head.link):
            return head.link
        return self._spec.link.replace("{key}", ticket) if self._spec.link is not None else None


def _closed(markdown: str) -> str:
    """Markdown whose headings became bold lines, and whose last block of code ends with it."""
    lines = markdown.split("\n")
    tokens = blocks(markdown)
    for token, inner in pairwise(tokens):
        if token.type == "heading_open" and token.map is not None:
            first, last = token.map
            lines[first:last] = [f"**{inner.content}**" if inner.content else "", *[""] * (last - first - 1)]
    fences = [token for token in tokens if token.type == "fence" and token.map is not None]
    if fences and fences[-1].map is not None and fences[-1].map[1] >= len(lines):
        last_line = lines[-1].strip()
        if last_line != fences[-1].markup or fences[-1].map[1] - fences[-1].map[0] < 2:
            lines.append(fences[-1].markup)
    return "\n".join(lines).strip()


def _micros(seconds: float) -> int:
    return round(seconds * (MICROS if abs(seconds) < _MILLISECONDS else MICROS // 1_000))


def _is_number(written: str | int | float) -> bool:
    return not isinstance(written, str) or _SECONDS.fullmatch(written) is not None


def _squeezed(text: str) -> str:
    return " ".join(text.split())
