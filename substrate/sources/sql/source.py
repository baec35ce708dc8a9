"""A SQL database as a source: what changed since the last read, what is gone, and nothing but SELECTs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

from substrate.clock import MICROS
from substrate.relations import TableOptions
from substrate.sources.ignored import Ignored, Why
from substrate.sources.source import Cursor, Page
from substrate.sources.sql.marks import Reach
from substrate.sources.sql.options import SqlOptions
from substrate.sources.sql.passage import Passage, Stage
from substrate.sources.sql.server import SqlServer
from substrate.sources.sql.shape import Shape, shaped
from substrate.sources.sql.values import key_text
from substrate.sources.sql.walk import Walk

_ASKED = 200
"""Keys in one question whether they are still there."""


@dataclass(slots=True)
class _TableState:
    """What is remembered of a table between reads."""

    recipe: str
    """What was said of the table then; where that has changed, nothing that is remembered holds."""
    rows: dict[str, Any] = field(default_factory=dict)
    deletions: dict[str, Any] = field(default_factory=dict)
    reads: int = 0
    swept_at: int | None = None
    """The number of the read that last saw all its keys."""


class SqlSource:
    """Reads a database; `ignored` says after each read what was left, and why. Close it when done."""

    def __init__(self, name: str, options: SqlOptions) -> None:
        self.name = name
        self.options = options
        self.ignored: list[Ignored] = []
        self._server = SqlServer(name, options)
        self._zone = ZoneInfo(options.zone)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def completes(self) -> bool:
        """Whether a read may say that a kind is complete, so that what it shows must be remembered."""
        return self.options.sweep_every > 0

    @property
    def kinds(self) -> tuple[str, ...]:
        """The resources that are read, parents first."""
        options = self.options
        rank = {kind: position for position, kind in enumerate(options.order)}
        wanted = [kind for kind in options.tables if options.kinds is None or kind in options.kinds]
        return tuple(sorted(wanted, key=lambda kind: rank.get(kind, len(rank))))

    def close(self) -> None:
        """Give the connection back."""
        self._server.close()

    def estimate(self, cursor: Cursor | None) -> int | None:
        """Unknown: to count costs some databases as much as to read."""
        return None

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        """Pages of what changed since the cursor.

        Raises:
            UnreachableError: the database cannot be reached, or is busy; the pages before stay good.
            SourceError: it refuses, or has no such table or column.
        """
        named = self.options.kinds or ()
        self.ignored = [Ignored(kind, Why.NO_TABLE, kind) for kind in named if kind not in self.options.tables]
        opened = self._server.now(now)
        told = (cursor or {}).get("tables", {})
        states = {kind: _remembered(told.get(kind), self.options.tables[kind]) for kind in self.kinds}
        for kind in self.kinds:
            yield from self._read_table(kind, states, opened)
        yield Page((), _cursor(states), ended=True)

    def _read_table(self, kind: str, states: dict[str, _TableState], opened: int) -> Iterator[Page]:
        options, state = self.options.tables[kind], states[kind]
        shape = shaped(self._server, kind, options)
        yield from self._deletions(shape, states, opened)
        passage = self._passage(shape.walk, state.rows, opened)
        state.reads += passage.is_new
        whole = passage.is_new and passage.stage is Stage.WHOLE
        while (rows := passage.step()) is not None:
            state.rows = passage.as_json()
            if rows:
                yield Page(tuple(shape.rows(rows)), _cursor(states))
        state.rows = passage.as_json()
        if self._is_due(options, state):
            if not whole:
                yield from self._present(shape, states)
            state.swept_at = state.reads
            # A table without any row may be about to be filled again.
            seen = shape.given or shape.present
            yield Page((), _cursor(states), complete=frozenset({kind} if seen else ()))
        else:
            yield Page((), _cursor(states))

    def _passage(self, walk: Walk, told: dict[str, Any], opened: int) -> Passage:
        options = self.options
        reach = Reach(opened, self._zone, int(options.overlap_seconds * MICROS), options.overlap_versions)
        return Passage.begun(self._server, walk, reach, told, options.page_rows)

    def _is_due(self, options: TableOptions, state: _TableState) -> bool:
        """Whether this read should say which rows are gone. Where the database says so itself, none need."""
        if not self.completes or options.deleted is not None:
            return False
        often = not options.changed or state.swept_at is None
        return often or state.reads - (state.swept_at or 0) >= self.options.sweep_every

    def _present(self, shape: Shape, states: dict[str, _TableState]) -> Iterator[Page]:
        """All keys that there are. A sweep that is cut off begins anew with the next read."""
        after: tuple[Any, ...] | None = None
        while keys := self._server.rows(shape.walk.keys(after, self.options.page_rows)):
            after = keys[-1]
            present = tuple(shape.key(key) for key in keys)
            shape.present += len(present)
            yield Page((), _cursor(states), present={shape.kind: present})

    def _deletions(self, shape: Shape, states: dict[str, _TableState], opened: int) -> Iterator[Page]:
        """Rows that the database says are gone, read before the others: what was made again meanwhile comes after."""
        if shape.options.deleted is None:
            return
        state = states[shape.kind]
        passage = self._passage(Walk(shape.options.deleted, ()), state.deletions, opened)
        while (found := passage.step()) is not None:
            gone = self._gone(shape.walk, [row[: len(passage.walk.key)] for row in found])
            state.deletions = passage.as_json()
            if gone:
                yield Page(tuple(map(shape.gone, gone)), _cursor(states))
        state.deletions = passage.as_json()

    def _gone(self, walk: Walk, keys: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Those of some keys that are not there: a row may have been deleted and made again under its key."""
        there: set[str | None] = set()
        for start in range(0, len(keys), _ASKED):
            there |= {key_text(key) for key in self._server.rows(walk.among(keys[start : start + _ASKED]))}
        named = {key_text(key): key for key in keys}
        return [key for text, key in named.items() if text is not None and text not in there]


def _remembered(told: dict[str, Any] | None, options: TableOptions) -> _TableState:
    said = options.model_dump_json(include={"table", "query", "key", "changed", "deleted"})
    recipe = sha256(said.encode()).hexdigest()[:16]
    return _TableState(**told) if told and told["recipe"] == recipe else _TableState(recipe)


def _cursor(states: dict[str, _TableState]) -> Cursor:
    return {"v": 1, "tables": {kind: asdict(state) for kind, state in states.items()}}
