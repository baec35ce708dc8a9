"""A OneRoster 1.1 or 1.2 server as a source: what changed since the last read, and a full read now and then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any, Literal, Self

from pydantic import Field

from substrate.clock import MICROS
from substrate.sources.ignored import Ignored
from substrate.sources.offset_walk import OffsetWalk, Place
from substrate.sources.oneroster.listing import Listing, Query
from substrate.sources.roster_server import NOT_FOR_US, RosterOptions, RosterServer
from substrate.sources.source import Cursor, Page, Row
from substrate.sources.web import RefusedError

_KINDS = ("academicSessions", "orgs", "courses", "classes", "users", "enrollments", "lineItems", "results")
_SCOPES = {
    "1.1": "https://purl.imsglobal.org/spec/or/v1p1/scope/roster.readonly",
    "1.2": "https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly",
}


class OneRosterOptions(RosterOptions):
    """How to read a OneRoster server. Every option but `base_url` has a default."""

    base_url: str = Field(description="Up to the services, such as https://sis.example.org/ims/oneroster.")
    version: Literal["1.1", "1.2"] = Field("1.2", description="The version of OneRoster, which decides the paths.")
    paths: dict[str, str] = Field({}, description="Path under the base for a kind, where it is another.")
    overlap_seconds: float = Field(120, ge=0, description="How far a read reaches back before the last one.")


@dataclass(slots=True)
class _KindState:
    """What is remembered of a kind between reads."""

    watermark: int | None = None
    """Everything that changed before this instant was given."""
    reads: int = 0
    whole_at: int | None = None
    """The number of the read that last saw it whole."""
    stamped: bool = True
    """Whether every object says when it last changed."""
    plain: bool = False
    """Whether the server refuses to filter and sort."""
    walk: dict[str, Any] | None = None
    """The walk that was cut off: its place, the instant it was opened, and from when on it asked for changes."""


@dataclass(slots=True)
class _State:
    kinds: dict[str, _KindState] = field(default_factory=dict)

    @classmethod
    def load(cls, cursor: Cursor | None) -> _State:
        return cls({kind: _KindState(**state) for kind, state in (cursor or {}).get("kinds", {}).items()})

    def as_json(self) -> Cursor:
        return {"v": 1, **asdict(self)}


class OneRosterSource:
    """Reads a OneRoster server; `ignored` says after each read what was left, and why. Close it when done.

    `web` is passed on to the server: `sleep`, `clock` and `chance` are given in tests.
    """

    def __init__(self, name: str, options: OneRosterOptions, **web: Any) -> None:
        self.name = name
        self.options = options
        self.ignored: list[Ignored] = []
        self._server = RosterServer(options, _SCOPES[options.version], **web)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    @property
    def completes(self) -> bool:
        """Whether a read may say that a kind is complete: where there are full reads."""
        return self.options.sweep_every > 0

    @property
    def kinds(self) -> tuple[str, ...] | None:
        """The kinds that are asked for; None: all."""
        return self.options.kinds

    def estimate(self, cursor: Cursor | None) -> int | None:
        """Unknown: a server counts only what it is asked for."""
        return None

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        """Pages of what changed since the cursor.

        Raises:
            UnreachableError: the server cannot be reached; the pages before stay good.
            RefusedError: it refuses.
        """
        self.ignored = []
        state = _State.load(cursor)
        for kind in self.options.ordered(_KINDS):
            try:
                yield from self._read_kind(kind, state)
            except RefusedError as error:
                why = NOT_FOR_US.get(error.status)
                if why is None or state.kinds[kind].walk is not None:
                    raise
                self.ignored.append(Ignored(kind, why, kind, f"status {error.status}"))
        yield Page((), state.as_json(), ended=True)

    def _read_kind(self, kind: str, state: _State) -> Iterator[Page]:
        known = state.kinds.setdefault(kind, _KindState())
        listing = self._listing(kind, known)
        rows: list[Row] = []
        while not listing.walk.ended:
            rows += listing.step()
            known.walk, known.plain = listing.as_json(), listing.query.plain
            if len(rows) >= self.options.page_rows and not listing.walk.ended:
                yield Page(tuple(rows), state.as_json())
                rows = []
        whole = listing.is_whole()
        known.watermark = listing.opened if listing.walk.is_sure() else known.watermark
        known.stamped = listing.stamped and (known.stamped or listing.since is None)
        known.walk = None
        known.whole_at = known.reads if whole else known.whole_at
        complete = frozenset({kind}) if whole and self.completes else frozenset[str]()
        yield Page(tuple(rows), state.as_json(), complete=complete)

    def _listing(self, kind: str, known: _KindState) -> Listing:
        """The walk that was cut off, or a new one: of what changed, or of everything."""
        query = Query(self._path(kind), kind, self.options.limit, plain=known.plain)
        cut = known.walk
        if cut is not None and not cut["sweep"]:
            walk = OffsetWalk(Place(**cut["place"]), fresh=False)
            return Listing(self._server, query, cut["opened"], cut["since"], walk)
        known.reads += cut is None
        every = self.options.sweep_every
        due = every > 0 and (known.whole_at is None or known.reads - known.whole_at >= every)
        full = known.watermark is None or not known.stamped or known.plain
        opened = self._opened(query)
        since = None if full or due or known.watermark is None else known.watermark - self._overlap
        return Listing(self._server, query, opened, since, OffsetWalk(), sweep=due and not full)

    @property
    def _overlap(self) -> int:
        return int(self.options.overlap_seconds * MICROS)

    def _opened(self, query: Query) -> int:
        """A time before which everything that changed will be given: the server's own, asked for once a read."""
        if self._server.time() is None:
            self._server.get(query.path, {"limit": "1", "offset": "0"})
        told = self._server.time()
        return self._server.our_time() if told is None else told

    def _path(self, kind: str) -> str:
        if kind in self.options.paths:
            return self.options.paths[kind]
        if self.options.version == "1.1":
            return f"v1p1/{kind}"
        service = "gradebook" if kind in ("lineItems", "results", "categories", "scoreScales") else "rostering"
        return f"{service}/v1p2/{kind}"
