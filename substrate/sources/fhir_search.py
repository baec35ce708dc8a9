"""One kind's records through FHIR search, page by page, without losing any to ties, shifts or expired links.

Links to next pages are followed verbatim, but only while they must be: as soon as a page ends later than it
began, the search is opened again at its last `lastUpdated`. A fresh search at a time that was reached can neither
skip a row because another one moved to the end meanwhile, nor expire. Where the server does not sort or stamp its
records, its links are all there is, and what was read counts as whole only if the totals agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from substrate.clock import to_micros
from substrate.errors import SourceError
from substrate.sources.fhir_server import FhirServer
from substrate.sources.json_file import bundle_rows
from substrate.sources.source import Row
from substrate.sources.web import RefusedError, safe_url

_EXPIRED = frozenset({400, 404, 410})
_STUCK = 8
"""So many reopened searches without getting further mean that we never shall."""


@dataclass(slots=True)
class Walk:
    """Where a search stands; everything here goes into the cursor."""

    opened: int
    """The server's time before the search began: where the next one starts."""
    since: str | None = None
    """Only what changed from here on; None: everything."""
    at: str | None = None
    """The `lastUpdated` up to which every row was given."""
    link: str | None = None
    sweep: bool = False
    """Whether this walk is made to learn what is gone, so that it must be read in one go."""
    plain: bool = False
    """Whether the server refuses to filter and sort by `_lastUpdated`."""
    ordered: bool = True
    """False once a page came out of order."""
    proved: bool = False
    """Whether the server was seen to sort, rather than to have its records in order by chance."""
    low: int | None = None
    """The first record's `lastUpdated`, in micros."""
    first: str | None = None
    """The first record's id."""
    stamped: bool = True
    given: int = 0

    def as_json(self) -> dict[str, Any]:
        """The walk as it stands in a cursor."""
        return asdict(self)


@dataclass(slots=True)
class Search:
    """A walk under way, with what need not outlive this process."""

    server: FhirServer
    kind: str
    walk: Walk
    count: int
    fresh: bool = True
    """False after a kill: what was given before is no longer known."""
    ended: bool = False
    _seen: set[int] = field(default_factory=set)
    _recent: frozenset[str] = frozenset()
    _totals: list[int | None] = field(default_factory=list)
    _pages: int = 0
    _expired: int = 0
    _idle: int = 0

    def step(self) -> list[Row]:
        """The rows of the next page; `walk` and `ended` say how it goes on.

        Raises:
            RefusedError: the server will not be searched for this kind.
        """
        bundle = self._fetch()
        if bundle is None:
            return []
        total = bundle.get("total")
        self._totals.append(total if isinstance(total, int) else None)
        self._pages += 1
        entries = bundle.get("entry") or []
        matches = [entry for entry in entries if not _is_outcome(entry)]
        place = f"{safe_url(self.server.base).rstrip('/')}/{self.kind}"
        rows = list(bundle_rows({"entry": matches}, place, self.kind))
        rows = [replace(row, line=self.walk.given + row.line) for row in rows]
        self.walk.given += len(rows)
        self._go_on(rows, next_link(bundle))
        return rows

    def is_whole(self) -> bool:
        """Whether every record of the kind was given by this object since it was made."""
        walk = self.walk
        if not (self.ended and self.fresh and walk.since is None):
            return False
        first = self._totals[0] if self._totals[0] is not None else self._counted()
        if self._jumps or self._pages == 1:
            return first is None or first <= len(self._seen)
        last = self._totals[-1] if self._totals[-1] is not None else first
        return first is not None and first == last == len(self._seen)

    def is_sure(self) -> bool:
        """Whether no row can have slipped between two pages, so that the next search may start at `opened`."""
        if self._jumps or (self.fresh and self._pages == 1):
            return True
        first = self._totals[0]
        return self.fresh and first is not None and first == self._totals[-1] == len(self._seen)

    @property
    def has_begun(self) -> bool:
        """Whether the server has already let us search, now or before a kill."""
        return self._pages > 0 or self.walk.given > 0

    @property
    def _jumps(self) -> bool:
        return self.walk.ordered and self.walk.proved

    def _counted(self) -> int | None:
        """How many records of the kind the server counts, if it counts."""
        try:
            total = self.server.get(self.kind, {"_summary": "count"}).get("total")
        except RefusedError:
            return None
        return total if isinstance(total, int) else None

    def _fetch(self) -> dict[str, Any] | None:
        """The next page; None if its link expired, and the search must be opened again."""
        walk = self.walk
        if walk.link is None:
            return self._open()
        try:
            return self.server.get(walk.link)
        except RefusedError as error:
            if error.status not in _EXPIRED:
                raise
        self._expired += 1
        if self._expired > _STUCK:
            message = f"{safe_url(self.server.base)}/{self.kind}: next links expire before they can be followed"
            raise SourceError(message, hint="Raise count, or read this server by bulk export.")
        walk.link = None
        if not self._jumps:
            walk.at, self._pages = None, 0
            self._seen.clear()
            self._totals.clear()
        return None

    def _open(self) -> dict[str, Any]:
        walk = self.walk
        params = {"_count": str(self.count)}
        start = walk.at or walk.since
        if not walk.plain:
            params["_sort"] = "_lastUpdated"
            if start is not None:
                params["_lastUpdated"] = f"ge{start}"
        try:
            return self.server.get(self.kind, params)
        except RefusedError as error:
            if error.status != 400 or walk.plain:
                raise
        walk.plain, walk.ordered, walk.since, walk.at = True, False, None, None
        return self._open()

    def _go_on(self, rows: Sequence[Row], link: str | None) -> None:
        """Decide where the next page is: at the last row's time if that is later than before, else at the link."""
        walk = self.walk
        ids = [str(row.payload.get("id")) for row in rows if row.payload is not None]
        news = {hash(key) for key in ids} - self._seen
        self._seen |= news
        reached = self._reached(rows)
        self._recent = frozenset(ids)
        walk.link = link
        if link is None:
            self.ended = True
            return
        self._idle = 0 if news else self._idle + 1
        if not walk.ordered or reached is None:
            self._must_not_circle()
            return
        walk.proved = walk.proved or self._sorts()
        before = instant(walk.at)
        if walk.proved and (before is None or reached[0] > before):
            walk.at, walk.link, self._expired = reached[1], None, 0
            # Reading may itself bump lastUpdated: such rows come round again for ever, and the next read has them.
            self.ended = not news and (reached[0] > walk.opened or self._idle >= _STUCK)

    def _sorts(self) -> bool:
        """Whether the server, asked for its latest record, gives another and later one than the first we got."""
        latest = self.server.get(self.kind, {"_sort": "-_lastUpdated", "_count": "1"})
        row = next(bundle_rows(latest, "", self.kind), None)
        moment = None if row is None else instant(stamp_of(row))
        if row is None or row.payload is None or moment is None or self.walk.low is None:
            return False
        return moment > self.walk.low and row.payload.get("id") != self.walk.first

    def _must_not_circle(self) -> None:
        """A chain of links that brings nothing new for long is a circle."""
        if self._idle >= _STUCK * 4:
            message = f"{safe_url(self.server.base)}/{self.kind}: next links go round in a circle"
            raise SourceError(message, hint="Report it to the server's maker; read this kind from a bulk export.")

    def _reached(self, rows: Sequence[Row]) -> tuple[int, str] | None:
        """The latest stamp of a page whose rows are all stamped and come in order (repeats aside)."""
        walk = self.walk
        latest: tuple[int, str] | None = None
        floor = instant(walk.at) or walk.low
        met = set(self._recent)
        for row in (row for row in rows if row.payload is not None):
            stamp = stamp_of(row)
            moment = instant(stamp)
            if stamp is None or moment is None:
                walk.stamped = walk.ordered = False
                return None
            key = str((row.payload or {}).get("id"))
            if floor is not None and moment < floor and key not in met:
                walk.ordered = False
            met.add(key)
            if latest is None or moment > latest[0]:
                latest = moment, stamp
            floor = max(moment, floor or moment)
            if walk.low is None:
                walk.low, walk.first = moment, key
        return latest if walk.ordered else None


def next_link(bundle: dict[str, Any]) -> str | None:
    """The link to the next page, as the server wrote it."""
    for link in bundle.get("link") or []:
        if isinstance(link, dict) and link.get("relation") == "next" and link.get("url"):
            return str(link["url"])
    return None


def stamp_of(row: Row) -> str | None:
    """The row's `meta.lastUpdated`, as written."""
    meta = (row.payload or {}).get("meta")
    stamp = meta.get("lastUpdated") if isinstance(meta, dict) else None
    return stamp if isinstance(stamp, str) else None


def instant(stamp: str | None) -> int | None:
    """A FHIR instant in micros; None if it is missing or none."""
    try:
        return to_micros(datetime.fromisoformat(stamp or ""))
    except ValueError:
        return None


def _is_outcome(entry: Any) -> bool:
    resource = entry.get("resource") if isinstance(entry, dict) else None
    return isinstance(resource, dict) and resource.get("resourceType") == "OperationOutcome"
