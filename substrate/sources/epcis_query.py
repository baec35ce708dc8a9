"""An EPCIS 2.0 repository as a source: its events in the order in which it recorded them, page by page."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from pydantic import Field

from substrate.sources.epcis_event import EVENT_TYPES
from substrate.sources.epcis_rows import document_rows
from substrate.sources.event_feed import Sheet
from substrate.sources.event_options import EventOptions
from substrate.sources.event_source import EventSource
from substrate.sources.source import Row
from substrate.sources.web import Answer

_ACCEPT = "application/ld+json, application/json"
_PATH = "events"
_LINK = re.compile(r"<([^>]*)>([^,<]*)")
_NEXT = re.compile(r";\s*rel\s*=\s*\"?next\"?\s*(;|$)", re.IGNORECASE)


class EpcisOptions(EventOptions):
    """How to read an EPCIS repository."""

    per_page: int = Field(200, gt=0, description="Events a page to ask for; a server may give fewer.")


class EpcisSource(EventSource[EpcisOptions]):
    """Reads an EPCIS repository. Nothing is deleted there: an event that was wrong comes again, and says so."""

    def __init__(self, name: str, options: EpcisOptions, **tools: Any) -> None:
        super().__init__(name, options, _ACCEPT, EVENT_TYPES, **tools)

    def open(self, since: str | None) -> Sheet:
        """The first page of what was recorded at an instant or later."""
        ordered = {"orderBy": "recordTime", "orderDirection": "ASC", "perPage": str(self.options.per_page)}
        wanted = self.kinds or ()
        limits = {} if len(wanted) == len(EVENT_TYPES) else {"eventType": ",".join(wanted)}
        start = {} if since is None else {"GE_recordTime": since}
        return self._sheet(_PATH, {**ordered, **limits, **start, **self.options.query})

    def _sheet(self, path: str, params: dict[str, str]) -> Sheet:
        answer, told = self._server.get(path, params, dict)
        rows = document_rows(told, answer.place, answer.body) if told else []
        wanted = [row for row in rows if row.fault is not None or row.kind in (self.kinds or ())]
        link = next_link(answer)
        return Sheet(
            [replace(row, line=number) for number, row in enumerate(wanted, 1)],
            [_stamp(row) for row in wanted],
            None if link is None else self._server.linked(path, link),
        )


def _stamp(row: Row) -> str | None:
    stamp = (row.payload or {}).get("recordTime")
    return stamp if isinstance(stamp, str) else None


def next_link(answer: Answer) -> str | None:
    """Where the next page is, by the answer's `Link`."""
    for target, about in _LINK.findall(answer.headers.get("link", "")):
        if _NEXT.search(about):
            return str(target)
    return None
