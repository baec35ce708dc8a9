"""Keeping stored features true: of all entities, or of those where something changed.

Both run the same compiled statement; they differ in whom it is asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from math import inf
from time import perf_counter
from typing import Any

from sqlalchemy import Connection, Select, func, select

from substrate.batches import current_batch
from substrate.features.changes import Since, touched
from substrate.features.compute import compute
from substrate.features.declare import View
from substrate.features.events import AT
from substrate.features.state import State, keep_state, read_state
from substrate.features.store import Store, staged, temporary
from substrate.features.tables import LIVE, digest_of
from substrate.freshness import view_name
from substrate.tracing import spanned

# Above this share of the entities, computing some of them one by one costs more than computing all of them at once.
_TOO_MANY = 0.25
_ALWAYS_FEW = 500

_TOUCHED = temporary("plumbline_touched")

Progress = Callable[[str], None]


class Mode(StrEnum):
    """How a refresh goes about it."""

    AUTO = "auto"
    FULL = "full"
    INCREMENTAL = "incremental"


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What a refresh did.

    Attributes:
        view: the kind of entity.
        mode: how it was done in the end, `full` or `incremental`.
        entities: how many were computed, or removed.
        changed: for how many something changed.
        seconds: how long it took.
        as_of: the instant that all stored values are now true for.
    """

    view: str
    mode: Mode
    entities: int
    changed: int
    seconds: float
    as_of: int


@spanned("features")
def refresh(
    connection: Connection,
    view: View,
    at: int,
    *,
    batch: int | None = None,
    timeline: str = LIVE,
    mode: Mode = Mode.AUTO,
    progress: Progress = lambda _step: None,
) -> RefreshReport:
    """Make a view's stored features true as of `at`.

    Args:
        connection: a write transaction; the caller commits.
        view: the view; its tables and indexes exist.
        at: the instant that the values shall be true for.
        batch: the newest batch of records that is committed; None: it is asked for.
        timeline: which copy of the tables.
        mode: `auto` refreshes in part where that is possible and worth it. `incremental` falls back to `full` where
            only that is right: at first, after a changed declaration, and when time moved backwards.
        progress: is told each step.
    """
    began = perf_counter()
    newest = current_batch(connection) if batch is None else batch
    if mode is not Mode.FULL:
        partly = refresh_partly(connection, view, at, batch=newest, timeline=timeline, mode=mode, progress=progress)
        if partly is not None:
            return partly
    before = state_of(connection, view, timeline, lock=True)
    store = Store(connection, view, timeline, at, overwrite=not goes_on(before, view, at))
    entities, changed = _all(store, view, at, progress)
    return _noted(store, view, at, Mode.FULL, newest, (entities, changed), began)


def refresh_partly(
    connection: Connection,
    view: View,
    at: int,
    *,
    batch: int,
    timeline: str = LIVE,
    mode: Mode = Mode.AUTO,
    progress: Progress = lambda _step: None,
) -> RefreshReport | None:
    """The same for those entities alone that may have changed; None, and nothing done, where all are to be computed."""
    began = perf_counter()
    before = state_of(connection, view, timeline, lock=True)
    if before is None or not goes_on(before, view, at):
        return None
    store = Store(connection, view, timeline, at)
    found = _some(store, view, Since(before.as_of, before.batch), at, _limit(before, mode), progress)
    return None if found is None else _noted(store, view, at, Mode.INCREMENTAL, batch, found, began)


def goes_on(before: State | None, view: View, at: int) -> bool:
    """Whether what is stored can be built upon: it is of the same declaration, and of no later instant."""
    return before is not None and before.digest == digest_of(view) and before.as_of <= at


def _noted(
    store: Store, view: View, at: int, mode: Mode, batch: int, done: tuple[int, int], began: float
) -> RefreshReport:
    seconds = perf_counter() - began
    state = State(at, batch, digest_of(view), store.count())
    keep_state(store.connection, view_name(view.entity), store.timeline, state, seconds)
    return RefreshReport(view.entity.kind, mode, *done, seconds, at)


def state_of(connection: Connection, view: View, timeline: str = LIVE, *, lock: bool = False) -> State | None:
    """What a view's stored features hold; None: it was never refreshed."""
    return read_state(connection, view_name(view.entity), timeline, lock=lock)


def _all(store: Store, view: View, at: int, progress: Progress) -> tuple[int, int]:
    progress("computing all entities")
    if store.is_empty():
        count = store.fill(_everyone(view), {"at": at})
        return count, count
    return store.replace(_everyone(view), {"at": at})


def _some(store: Store, view: View, since: Since, at: int, limit: float, progress: Progress) -> tuple[int, int] | None:
    """Compute the entities that may have changed; None, and nothing done, where they are more than the limit."""
    progress("looking for what changed")
    found = touched(view, since, at, store.rows)
    with staged(store.connection, _TOUCHED, found, {}) as ids:
        count = store.connection.execute(select(func.count()).select_from(ids)).scalar_one()
        if count > limit:
            return None
        progress(f"computing {count} entities")
        if not count:
            return 0, 0
        with by_index(store.connection):
            return store.replace(_those_touched(view), {"at": at}, select(ids.c.id), count)


@contextmanager
def by_index(connection: Connection) -> Iterator[None]:
    """Let PostgreSQL look a few entities up: it prices a look-up for turning disks, and would read all events."""
    if connection.dialect.name != "postgresql":
        yield
        return
    connection.exec_driver_sql("SET LOCAL random_page_cost = 1.1")
    yield
    connection.exec_driver_sql("SET LOCAL random_page_cost TO DEFAULT")


@cache
def _everyone(view: View) -> Select[Any]:
    return compute(view, AT)


@cache
def _those_touched(view: View) -> Select[Any]:
    return compute(view, AT, select(_TOUCHED.c.id))


def _limit(before: State, mode: Mode) -> float:
    return inf if mode is Mode.INCREMENTAL else max(_ALWAYS_FEW, before.rows * _TOO_MANY)
