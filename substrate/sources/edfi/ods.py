"""An Ed-Fi ODS/API server as a source: what changed between two change versions, with deletions and new keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any, Self

from pydantic import Field

from substrate.sources.edfi.keys import NATURAL_KEYS
from substrate.sources.edfi.resource import Resource, Window
from substrate.sources.ignored import Ignored, Why
from substrate.sources.offset_walk import OffsetWalk, Place
from substrate.sources.roster_server import NOT_FOR_US, RosterOptions, RosterServer
from substrate.sources.source import Cursor, Page, Row
from substrate.sources.web import BadAnswerError, RefusedError


class EdfiOptions(RosterOptions):
    """How to read an Ed-Fi ODS/API. Every option but `base_url` has a default."""

    base_url: str = Field(description="The API's base, such as https://ods.example.org/v7.3/api.")
    data_path: str = Field("data/v3", description="Where resources are, with the year where the API has one.")
    changes_path: str = Field("changeQueries/v1", description="Where change versions are told.")
    page_tokens: bool = Field(True, description="Ask for pages by token where the server gives tokens.")


@dataclass(slots=True)
class _KindState:
    """What is remembered of a resource between reads."""

    version: int | None = None
    """Everything up to this change version was given."""
    reads: int = 0
    whole_at: int | None = None
    """The number of the read that last saw it whole."""
    walk: dict[str, Any] | None = None
    """The walk that was cut off."""


@dataclass(slots=True)
class _State:
    kinds: dict[str, _KindState] = field(default_factory=dict)

    @classmethod
    def load(cls, cursor: Cursor | None) -> _State:
        return cls({kind: _KindState(**state) for kind, state in (cursor or {}).get("kinds", {}).items()})

    def as_json(self) -> Cursor:
        return {"v": 1, **asdict(self)}


@dataclass(frozen=True, slots=True)
class _Versions:
    oldest: int
    newest: int

    def reach(self, version: int) -> bool:
        """Whether the server still tells all that came after a version: not if it was set back, or forgot a part."""
        return self.oldest <= version + 1 and version <= self.newest


class EdfiSource:
    """Reads an ODS/API; `ignored` says after each read what was left, and why. Close it when done.

    `web` is passed on to the server: `sleep`, `clock` and `chance` are given in tests.
    """

    def __init__(self, name: str, options: EdfiOptions, **web: Any) -> None:
        self.name = name
        self.options = options
        self.ignored: list[Ignored] = []
        self._server = RosterServer(options, "", **web)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    @property
    def completes(self) -> bool:
        """Whether a read may say that a resource is complete: where there are full reads."""
        return self.options.sweep_every > 0

    @property
    def kinds(self) -> tuple[str, ...] | None:
        """The resources that are asked for; None: all whose keys are known."""
        return self.options.kinds

    def estimate(self, cursor: Cursor | None) -> int | None:
        """Unknown: a server counts only what it is asked for."""
        return None

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        """Pages of what changed since the cursor: keys that are gone first, then what is there.

        Raises:
            UnreachableError: the server cannot be reached; the pages before stay good.
            RefusedError: it refuses.
        """
        self.ignored = []
        state = _State.load(cursor)
        versions = self._versions()
        for kind in self.options.ordered(tuple(NATURAL_KEYS)):
            try:
                yield from self._read_kind(kind, state, versions)
            except RefusedError as error:
                why = NOT_FOR_US.get(error.status)
                if why is None or state.kinds[kind].walk is not None:
                    raise
                self.ignored.append(Ignored(kind, why, kind, f"status {error.status}"))
        yield Page((), state.as_json(), ended=True)

    def _versions(self) -> _Versions | None:
        """The change versions that the server can tell of; None: it keeps none, so all is read each time."""
        path = f"{self.options.changes_path}/availableChangeVersions"
        try:
            answer, told = self._server.get(path)
        except RefusedError as error:
            if error.status not in NOT_FOR_US:
                raise
            self.ignored.append(Ignored(path, NOT_FOR_US[error.status], "", "read in full each time"))
            return None
        named = {name.lower(): value for name, value in told.items()} if isinstance(told, dict) else {}
        oldest, newest = named.get("oldestchangeversion"), named.get("newestchangeversion")
        if not isinstance(oldest, int) or not isinstance(newest, int):
            raise BadAnswerError(f"{answer.place} names no change versions", hint="Check changes_path.")
        return _Versions(oldest, newest)

    def _read_kind(self, kind: str, state: _State, versions: _Versions | None) -> Iterator[Page]:
        known = state.kinds.setdefault(kind, _KindState())
        resource = self._resource(kind, known, versions)
        if resource is None:
            return
        rows = self._gone(resource, known, versions)
        while not resource.walk.ended:
            rows += resource.step()
            known.walk = resource.as_json()
            if len(rows) >= self.options.page_rows and not resource.walk.ended:
                yield Page(tuple(rows), state.as_json())
                rows = []
        whole = resource.is_whole()
        known.version = resource.window.upto if resource.walk.is_sure() else known.version
        known.walk, known.whole_at = None, known.reads if whole else known.whole_at
        complete = frozenset({kind}) if whole and self.completes else frozenset[str]()
        yield Page(tuple(rows), state.as_json(), complete=complete)

    def _resource(self, kind: str, known: _KindState, versions: _Versions | None) -> Resource | None:
        """The walk that was cut off, or a new one; None: nothing has changed."""
        cut = known.walk
        if cut is not None and not cut["sweep"]:
            walk = OffsetWalk(Place(**cut["place"]), fresh=False)
            return self._walk(kind, Window(**cut["window"]), walk)
        known.reads += cut is None
        every = self.options.sweep_every
        due = every > 0 and (known.whole_at is None or known.reads - known.whole_at >= every)
        if versions is None or known.version is None or due or not versions.reach(known.version):
            full = Window(None, None if versions is None else versions.newest)
            return self._walk(kind, full, OffsetWalk(), sweep=due and known.version is not None)
        changes = Window(known.version + 1, versions.newest)
        return self._walk(kind, changes, OffsetWalk()) if versions.newest > known.version else None

    def _walk(self, kind: str, window: Window, walk: OffsetWalk, *, sweep: bool = False) -> Resource:
        options = self.options
        path = f"{options.data_path}/{kind}" if "/" in kind else f"{options.data_path}/ed-fi/{kind}"
        return Resource(self._server, path, kind, options.limit, options.page_tokens, window, walk, sweep)

    def _gone(self, resource: Resource, known: _KindState, versions: _Versions | None) -> list[Row]:
        """Keys that are no longer, before what is there: a key that was given anew meanwhile is given after them."""
        if versions is None or known.version is None or known.walk is not None or resource.walk.has_begun:
            return []
        if not versions.reach(known.version):
            known.whole_at = None  # what went in between only a full read can tell
            return []
        rows: list[Row] = []
        for what, keys in (("deletes", "keyValues"), ("keyChanges", "oldKeyValues")):
            try:
                rows += resource.gone(what, keys, Window(known.version + 1, versions.newest))
            except RefusedError as error:
                if error.status not in NOT_FOR_US:
                    raise
                place = f"{resource.kind}/{what}"
                self.ignored.append(Ignored(place, Why.NOT_SUPPORTED, resource.kind, f"status {error.status}"))
        return rows
