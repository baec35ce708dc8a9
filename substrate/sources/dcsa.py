"""A carrier's DCSA Track & Trace 2 interface as a source: its events in the order in which it made them."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from substrate.sources.dcsa_rows import EVENT_TYPES, event_rows
from substrate.sources.event_feed import Sheet
from substrate.sources.event_options import EventOptions
from substrate.sources.event_source import EventSource
from substrate.sources.source import Row

_CREATED = "eventCreatedDateTime"


class DcsaOptions(EventOptions):
    """How to read a carrier's events."""

    path: str = Field("v2/events", description="Where the events are, under the base.")
    limit: int = Field(100, gt=0, description="Events a page to ask for; a server may give fewer.")


class DcsaSource(EventSource[DcsaOptions]):
    """Reads a carrier's events. They are messages and never deleted: what was estimated is estimated anew."""

    def __init__(self, name: str, options: DcsaOptions, **tools: Any) -> None:
        super().__init__(name, options, "application/json", EVENT_TYPES, **tools)

    def open(self, since: str | None) -> Sheet:
        """The first page of what was made at an instant or later."""
        asked = {
            "eventType": ",".join(self.kinds or ()),
            "limit": str(self.options.limit),
            "sort": f"{_CREATED}:ASC",
            **({} if since is None else {f"{_CREATED}:gte": since}),
        }
        return self._sheet(self.options.path, {**asked, **self.options.query})

    def _sheet(self, path: str, params: dict[str, str]) -> Sheet:
        answer, told = self._server.get(path, params, list)
        rows = [row for row in event_rows(told, answer.place) if row.fault or row.kind in (self.kinds or ())]
        link = answer.headers.get("next-page", "").strip()
        return Sheet(rows, [_stamp(row) for row in rows], self._server.linked(path, link) if link else None)


def _stamp(row: Row) -> str | None:
    stamp = (row.payload or {}).get(_CREATED)
    return stamp if isinstance(stamp, str) else None
