"""A carrier's DCSA Track & Trace 2 interface as a source: its events in the order in which it made them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from pydantic import Field

from substrate.sources.dcsa_rows import EVENT_TYPES, event_rows
from substrate.sources.event_feed import Sheet, read_events
from substrate.sources.event_options import EventOptions, EventServer
from substrate.sources.ignored import Ignored
from substrate.sources.source import Cursor, Page, Row

_CREATED = "eventCreatedDateTime"


class DcsaOptions(EventOptions):
    """How to read a carrier's events."""

    path: str = Field("v2/events", description="Where the events are, under the base.")
    limit: int = Field(100, gt=0, description="Events a page to ask for; a server may give fewer.")


class DcsaSource:
    """Reads a carrier's events. They are messages and never deleted: what was estimated is estimated anew."""

    completes = False

    def __init__(self, name: str, options: DcsaOptions, **tools: Any) -> None:
        self.name = name
        self.options = options
        self.ignored: list[Ignored] = []
        self._server = EventServer(options, "application/json", **tools)
        wanted = [kind for kind in EVENT_TYPES if options.kinds is None or kind in options.kinds]
        self.kinds: tuple[str, ...] | None = tuple(wanted)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._server.close()

    def estimate(self, cursor: Cursor | None) -> int | None:
        """Unknown: the interface does not count."""
        return None

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        """Pages of what was made since the cursor.

        Raises:
            UnreachableError: the carrier cannot be reached; the pages before stay good.
            RefusedError: it refuses.
        """
        options = self.options
        return read_events(
            self,
            cursor,
            begin=options.since,
            overlap_seconds=options.overlap_seconds,
            page_rows=options.page_rows,
        )

    def time(self) -> int:
        """A time that is surely not after the carrier's own."""
        return self._server.time()

    def open(self, since: str | None) -> Sheet:
        """The first page of what was made at an instant or later."""
        asked = {
            "eventType": ",".join(self.kinds or ()),
            "limit": str(self.options.limit),
            "sort": f"{_CREATED}:ASC",
            **({} if since is None else {f"{_CREATED}:gte": since}),
        }
        return self._sheet(self.options.path, {**asked, **self.options.query})

    def follow(self, link: str) -> Sheet:
        """The page behind a link."""
        return self._sheet(link, {})

    def _sheet(self, path: str, params: Mapping[str, str]) -> Sheet:
        answer, told = self._server.get(path, params, list)
        rows = [row for row in event_rows(told, answer.place) if row.fault or row.kind in (self.kinds or ())]
        link = answer.headers.get("next-page", "").strip()
        return Sheet(rows, [_stamp(row) for row in rows], self._server.linked(path, link) if link else None)


def _stamp(row: Row) -> str | None:
    stamp = (row.payload or {}).get(_CREATED)
    return stamp if isinstance(stamp, str) else None
