"""Tables of an ERP that are read by walking along their keys: nothing is lost to ties, shifts or bumped stamps.

A walk asks for what changed since the last one, in order of the key, from the last key on. A key stands still, so no
page can skip or repeat a row, and a record whose stamp is bumped by being read is still given once. What changes while
the walk is under way is the next walk's: that one begins where the newest stamp was before this one began.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, TypeAlias

import orjson

from substrate.clock import MICROS
from substrate.sources.ignored import Ignored, Why
from substrate.sources.source import Cursor, Page, Row
from substrate.sources.web import RefusedError

Key: TypeAlias = int | str
Json: TypeAlias = dict[str, Any]

_NOT_FOR_US = {403: Why.FORBIDDEN, 404: Why.NOT_SUPPORTED}


class Tables(Protocol):
    """What an ERP's interface must be able to do. A stamp is a time as the ERP writes it."""

    def newest(self, kind: str) -> str | None:
        """The latest change of any record of a kind; None: there is no record, or none has a stamp."""

    def rows(self, kind: str, since: str | None, after: Key | None, limit: int) -> list[Json]:
        """Records changed at `since` or later (None: all), in order of their keys, from the first key after `after`."""

    def keys(self, kind: str, after: Key | None, limit: int) -> list[Key]:
        """The keys alone, in the same order."""

    def count(self, kind: str) -> int:
        """How many records there are."""

    def deleted(self, kind: str, since: str) -> list[Key] | None:
        """The keys that were deleted at `since` or later; None: the ERP keeps no account of it."""

    def key(self, payload: Json) -> Key:
        """The key of a record."""

    def place(self, kind: str) -> str:
        """Where a kind's records are, without secrets."""

    def back(self, stamp: str, micros: int) -> str:
        """A stamp that lies so much earlier."""


class WalkOptions(Protocol):
    """What every source that walks may be told."""

    @property
    def kinds(self) -> tuple[str, ...] | None: ...
    @property
    def order(self) -> tuple[str, ...]: ...
    @property
    def count(self) -> int: ...
    @property
    def overlap_seconds(self) -> float: ...
    @property
    def sweep_every(self) -> int: ...
    @property
    def page_rows(self) -> int: ...


@dataclass(slots=True)
class Walk:
    """Where a walk stands."""

    mark: str | None
    """The newest stamp before the walk began: where the next one starts."""
    since: str | None
    after: Key | None = None
    given: int = 0


@dataclass(slots=True)
class _Kind:
    """What is remembered of a kind between reads."""

    mark: str | None = None
    reads: int = 0
    swept: int = 0
    """The number of the read that last learned every key."""
    walk: dict[str, Any] | None = None


class Walker:
    """Reads tables kind by kind; `ignored` says after each read what was left, and why."""

    def __init__(self, tables: Tables, options: WalkOptions) -> None:
        self._tables = tables
        self._options = options
        self.ignored: list[Ignored] = []

    def read(self, cursor: Cursor | None) -> Iterator[Page]:
        """Pages of what changed since the cursor.

        Raises:
            UnreachableError: the ERP cannot be reached; the pages before stay good.
            RefusedError: it refuses.
        """
        self.ignored = []
        state = {kind: _Kind(**known) for kind, known in (cursor or {}).get("kinds", {}).items()}
        for kind in self._kinds():
            try:
                yield from self._read_kind(kind, state)
            except RefusedError as error:
                why = _NOT_FOR_US.get(error.status)
                if why is None:
                    raise
                self.ignored.append(Ignored(kind, why, kind, f"status {error.status}"))
        yield Page((), _cursor(state), ended=True)

    def _kinds(self) -> list[str]:
        rank = {kind: position for position, kind in enumerate(self._options.order)}
        return sorted(self._options.kinds or (), key=lambda kind: rank.get(kind, len(rank)))

    def _read_kind(self, kind: str, state: dict[str, _Kind]) -> Iterator[Page]:
        known = state.setdefault(kind, _Kind())
        resumed = known.walk is not None
        walk = Walk(**known.walk) if known.walk is not None else self._begin(kind, known)
        whole = walk.since is None and not resumed
        rows = self._dropped(kind, walk)
        while found := self._tables.rows(kind, walk.since, walk.after, self._options.count):
            rows += self._rows(kind, found, walk)
            known.walk = asdict(walk)
            if len(rows) >= self._options.page_rows:
                yield Page(tuple(rows), _cursor(state))
                rows = []
        known.mark, known.walk = walk.mark or known.mark, None
        if whole:
            yield self._last(kind, rows, state, walk.given)
            return
        yield Page(tuple(rows), _cursor(state))
        if known.reads - known.swept >= self._options.sweep_every:
            yield from self._sweep(kind, state)

    def _begin(self, kind: str, known: _Kind) -> Walk:
        known.reads += 1
        mark = self._tables.newest(kind)
        overlap = int(self._options.overlap_seconds * MICROS)
        since = None if known.mark is None else self._tables.back(known.mark, overlap)
        return Walk(mark, since)

    def _dropped(self, kind: str, walk: Walk) -> list[Row]:
        """Deletions, given before the rows: what was made again meanwhile is then given after them."""
        if walk.since is None or walk.after is not None:
            return []
        try:
            gone = self._tables.deleted(kind, walk.since)
        except RefusedError as error:
            if error.status not in _NOT_FOR_US:
                raise
            self.ignored.append(Ignored(f"deletions of {kind}", Why.FORBIDDEN, kind, f"status {error.status}"))
            return []
        place = self._tables.place(kind)
        return [Row(kind, place, number, b"", None, deleted_key=str(key)) for number, key in enumerate(gone or (), 1)]

    def _rows(self, kind: str, found: list[Json], walk: Walk) -> list[Row]:
        place = self._tables.place(kind)
        rows = [
            Row(kind, place, walk.given + number, orjson.dumps(payload), payload)
            for number, payload in enumerate(found, 1)
        ]
        walk.given += len(rows)
        walk.after = self._tables.key(found[-1])
        return rows

    def _last(self, kind: str, rows: list[Row], state: dict[str, _Kind], given: int) -> Page:
        """The last page of a walk over everything; whole only if the ERP counts no more than it gave."""
        complete = frozenset({kind}) if given >= self._tables.count(kind) else frozenset[str]()
        state[kind].swept = state[kind].reads if complete else state[kind].swept
        return Page(tuple(rows), _cursor(state), complete=complete)

    def _sweep(self, kind: str, state: dict[str, _Kind]) -> Iterator[Page]:
        """Learn which records there still are, from their keys alone."""
        after: Key | None = None
        seen = 0
        while keys := self._tables.keys(kind, after, self._options.page_rows):
            after, seen = keys[-1], seen + len(keys)
            yield Page((), _cursor(state), present={kind: _texts(keys)})
        if seen >= self._tables.count(kind):
            state[kind].swept = state[kind].reads
            yield Page((), _cursor(state), complete=frozenset({kind}))


def _cursor(state: dict[str, _Kind]) -> Cursor:
    return {"v": 1, "kinds": {kind: asdict(known) for kind, known in state.items()}}


def _texts(keys: Sequence[Key]) -> tuple[str, ...]:
    return tuple(str(key) for key in keys)
