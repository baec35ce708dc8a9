"""A list of events that only grows, read page by page in the order in which it recorded them.

Links to next pages are followed as the server wrote them. One that has expired costs nothing: the list is opened again
at the last record time that was reached in order, else where this read began. The next read begins some time before
this one was opened, so that what the server recorded late, or while it was being read, is met then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from substrate.clock import MICROS, isoformat
from substrate.errors import SourceError
from substrate.sources.fhir_search import instant
from substrate.sources.source import Cursor, Page, Row
from substrate.sources.web import RefusedError

_EXPIRED = frozenset({400, 404, 410})
_STUCK = 8
"""So many links that expired without getting further mean that we never shall."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One answer.

    Attributes:
        rows: its events.
        stamps: when each was recorded, as written; None: the server does not say.
        link: where the next is; None: this is the last.
    """

    rows: list[Row]
    stamps: list[str | None]
    link: str | None


class Feed(Protocol):
    """A server's list of events."""

    def time(self) -> int:
        """A time that is surely not after the server's own, in micros."""

    def open(self, since: str | None) -> Sheet:
        """The first page of what was recorded at an instant or later; None: of everything."""

    def follow(self, link: str) -> Sheet:
        """The page behind a link.

        Raises:
            RefusedError: the link has expired, or we may not read on.
        """


@dataclass(slots=True)
class Walk:
    """Where a read stands; everything here goes into the cursor."""

    opened: int
    since: str | None = None
    at: str | None = None
    """Up to where every event was given, in order."""
    link: str | None = None
    ordered: bool = True
    given: int = 0


@dataclass(slots=True)
class EventRead:
    """A read under way, with what need not outlive this process."""

    feed: Feed
    walk: Walk
    ended: bool = False
    _recent: frozenset[bytes] = frozenset()
    _followed: set[str] = field(default_factory=set)
    _expired: int = 0

    def step(self) -> list[Row]:
        """The rows of the next page; `walk` and `ended` say how it goes on.

        Raises:
            SourceError: links expire or go round in a circle, so that the end is never reached.
            RefusedError: the server will not be read.
        """
        sheet = self._fetch()
        if sheet is None:
            return []
        self._note(sheet)
        self.walk.given += len(sheet.rows)
        self.walk.link, self.ended = sheet.link, sheet.link is None
        return sheet.rows

    def _fetch(self) -> Sheet | None:
        """The next page; None if its link has expired, and the list must be opened again."""
        walk = self.walk
        if walk.link is None:
            return self.feed.open(walk.at if walk.ordered and walk.at is not None else walk.since)
        if walk.link in self._followed:
            raise SourceError("next links go round in a circle", hint="Report it to the server's maker.")
        self._followed.add(walk.link)
        try:
            return self.feed.follow(walk.link)
        except RefusedError as error:
            if error.status not in _EXPIRED:
                raise
        self._expired += 1
        if self._expired > _STUCK:
            raise SourceError("next links expire before they can be followed", hint="Ask for larger pages.")
        walk.link = None
        self._followed.clear()
        return None

    def _note(self, sheet: Sheet) -> None:
        """Note how far the list was given in order; an event that is given twice is no disorder."""
        walk = self.walk
        reached = instant(walk.at)
        for row, stamp in zip(sheet.rows, sheet.stamps, strict=True):
            moment = instant(stamp)
            if moment is None:
                walk.ordered = False
            elif reached is None or moment > reached:
                walk.at, reached, self._expired = stamp, moment, 0
            elif moment < reached and row.raw not in self._recent:
                walk.ordered = False
        self._recent = frozenset(row.raw for row in sheet.rows)


def read_events(
    feed: Feed, cursor: Cursor | None, *, begin: str | None, overlap_seconds: float, page_rows: int
) -> Iterator[Page]:
    """Pages of what was recorded since the cursor.

    Args:
        feed: the server's list.
        cursor: as an earlier read left it.
        begin: where the very first read begins; None: with the oldest.
        overlap_seconds: how far a read reaches back before the last one.
        page_rows: rows a page.
    """
    told: dict[str, Any] = cursor or {}
    known, since = told.get("known"), begin
    if known is not None:
        since = isoformat(known - int(overlap_seconds * MICROS))
    walk = Walk(**told["walk"]) if told.get("walk") else Walk(feed.time(), since)
    reading, rows = EventRead(feed, walk), list[Row]()
    while not reading.ended:
        rows += reading.step()
        if len(rows) >= page_rows and not reading.ended:
            yield Page(tuple(rows), {"v": 1, "known": known, "walk": asdict(walk)})
            rows = []
    yield Page(tuple(rows), {"v": 1, "known": walk.opened, "walk": None}, ended=True)
