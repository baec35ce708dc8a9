"""One collection of a OneRoster server, walked through page by page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from substrate.clock import isoformat
from substrate.sources.offset_walk import Leaf, OffsetWalk
from substrate.sources.oneroster.flat import flat
from substrate.sources.oneroster.names import DELETED
from substrate.sources.oneroster.people import with_roles
from substrate.sources.roster_server import EXPIRED, RosterServer, total_of
from substrate.sources.source import Fault, Row
from substrate.sources.web import Answer, BadAnswerError, RefusedError

_LINK = re.compile(r'<([^>]*)>\s*;[^<]*?rel\s*=\s*"?next"?', re.IGNORECASE)
_UNWANTED_QUERY = frozenset({400, 422, 501})


@dataclass(slots=True)
class Query:
    """What is asked for."""

    path: str
    kind: str
    limit: int
    plain: bool = False
    """Neither filtered nor sorted, for the server knows neither."""


@dataclass(slots=True)
class Listing:
    """A walk under way through one collection."""

    server: RosterServer
    query: Query
    opened: int
    """The server's time before the walk began: from where the next one asks for changes."""
    since: int | None
    """Only what changed from then on; None: everything."""
    walk: OffsetWalk
    sweep: bool = False
    """Whether the walk is made to learn what is gone, so that it must be read in one go."""
    stamped: bool = True
    _linked: bool = False
    _last: bytes = b""
    """The row at which pages overlap: if it comes again as it was, it is not given again."""

    def as_json(self) -> dict[str, Any]:
        """How to go on after a kill."""
        return {"place": self.walk.place.as_json(), "opened": self.opened, "since": self.since, "sweep": self.sweep}

    def is_whole(self) -> bool:
        """Whether every object of the collection was given."""
        return self.since is None and self.walk.is_whole()

    def step(self) -> list[Row]:
        """The rows of the next page; none if it must be asked for again.

        Raises:
            RefusedError: the server will not give this collection.
        """
        fetched = self._fetch()
        if fetched is None:
            return []
        answer, items = fetched
        start = self.walk.place.given
        keys = [_key(item) for item in items]
        next_link = _next(answer)
        self._linked |= next_link is not None
        mark = next_link if next_link is not None and "offset=" not in next_link else None
        last = next_link is None if self._linked or "link" in answer.headers else None
        if not self.walk.take(Leaf(keys, total_of(answer, "x-total-count"), mark, last)):
            return []
        self.stamped &= all(isinstance(item, dict) and bool(item.get("dateLastModified")) for item in items)
        rows = [_row(item, self.query.kind, answer.place, start + number) for number, item in enumerate(items, 1)]
        self._last, before = rows[-1].raw if rows else b"", self._last
        return rows[1:] if rows and rows[0].raw == before else rows

    def _fetch(self) -> tuple[Answer, list[Any]] | None:
        walk = self.walk
        mark = walk.place.mark
        try:
            answer, told = self.server.get(mark or self.query.path, None if mark else self._params())
        except RefusedError as error:
            if mark is not None and error.status in EXPIRED:
                walk.restart()
                return None
            if error.status not in _UNWANTED_QUERY or self.query.plain or walk.has_begun:
                raise
            self.query.plain, self.since = True, None
            return None
        return answer, _items(told, self.query.kind, answer.place)

    def _params(self) -> dict[str, str]:
        params = {"limit": str(self.query.limit), "offset": str(self.walk.place.offset)}
        if not self.query.plain:
            params |= {"sort": "sourcedId", "orderBy": "asc"}
            if self.since is not None:
                params["filter"] = f"dateLastModified>='{isoformat(self.since)}'"
        return params


def _items(told: Any, kind: str, place: str) -> list[Any]:
    """The objects in an answer: under the collection's name, else in its only list (`schools` gives `orgs`)."""
    if isinstance(told, dict):
        lists: Iterable[Any] = [told[kind]] if kind in told else told.values()
        found = [value for value in lists if isinstance(value, list)]
        if len(found) == 1:
            return list(found[0])
    raise BadAnswerError(f"{place} answered without a list of {kind}", hint="Check the base URL and the version.")


def _next(answer: Answer) -> str | None:
    found = _LINK.search(answer.headers.get("link", ""))
    return found[1] if found else None


def _key(item: Any) -> str:
    key = item.get("sourcedId") if isinstance(item, dict) else None
    return str(key) if key else orjson.dumps(item).decode()


def _row(item: Any, kind: str, place: str, line: int) -> Row:
    raw = orjson.dumps(item)
    if not isinstance(item, dict):
        return Row(kind, place, line, raw, None, Fault.NOT_AN_OBJECT, "an object of the list is none")
    key = item.get("sourcedId")
    if key and str(item.get("status", "")).lower() in DELETED:
        return Row(kind, place, line, raw, None, deleted_key=str(key))
    row = flat(item)
    roles = row.pop("roles", None)
    return Row(kind, place, line, raw, with_roles(row, roles) if isinstance(roles, list) else row)
