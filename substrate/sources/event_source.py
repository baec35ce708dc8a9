"""A server's list of events as a source: what those of every protocol share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from substrate.sources.event_feed import Sheet, read_events
from substrate.sources.event_options import EventOptions, EventServer
from substrate.sources.ignored import Ignored
from substrate.sources.source import Cursor, Page

Options = TypeVar("Options", bound=EventOptions)


class EventSource(ABC, Generic[Options]):
    """Reads a list of events that only grows; close it when done.

    Args:
        name: of the source.
        options: what to read, and how patiently.
        accept: the media types that are asked for.
        types: the events that there are.
        tools: `sleep`, `clock` and `chance`, given in tests.
    """

    completes = False

    def __init__(self, name: str, options: Options, accept: str, types: Collection[str], **tools: Any) -> None:
        self.name = name
        self.options = options
        self.ignored: list[Ignored] = []
        self._server = EventServer(options, accept, **tools)
        wanted = [kind for kind in types if options.kinds is None or kind in options.kinds]
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
        """Unknown: no such list is counted."""
        return None

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        """Pages of what was recorded since the cursor.

        Raises:
            UnreachableError: the server cannot be reached; the pages before stay good.
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
        """A time that is surely not after the server's own."""
        return self._server.time()

    @abstractmethod
    def open(self, since: str | None) -> Sheet:
        """The first page of what was recorded at an instant or later; None: of everything."""

    def follow(self, link: str) -> Sheet:
        """The page behind a link."""
        return self._sheet(link, {})

    @abstractmethod
    def _sheet(self, path: str, params: dict[str, str]) -> Sheet:
        """The page at a path or URL."""
