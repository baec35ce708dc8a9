"""Keeping stored points true: all of a series, or those where something changed.

Both run the same compiled statement; they differ in which points it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import inf
from time import perf_counter
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    MetaData,
    Select,
    Table,
    delete,
    func,
    insert,
    literal,
    select,
    tuple_,
)

from substrate.batches import current_batch
from substrate.features.changes import Since
from substrate.features.events import Moment
from substrate.features.refresh import Mode
from substrate.features.state import State, keep_state, read_state
from substrate.features.store import staged
from substrate.features.tables import LIVE
from substrate.series.changes import touched
from substrate.series.compute import kept, points, points_among
from substrate.series.declare import Series
from substrate.series.tables import digest_of, key_columns, series_table, state_name
from substrate.tracing import spanned

# Above this share of the points, computing some of them one by one costs more than computing all of them at once.
_TOO_MANY = 0.1
_ALWAYS_FEW = 2


@dataclass(frozen=True, slots=True)
class SeriesReport:
    """What a refresh did.

    Attributes:
        series: its name.
        mode: how it was done in the end, `full` or `incremental`.
        points: how many points were computed.
        stored: how many there are now.
        seconds: how long it took.
        as_of: the instant that all stored points are now true for.
    """

    series: str
    mode: Mode
    points: int
    stored: int
    seconds: float
    as_of: int


@spanned("features")
def refresh(
    connection: Connection,
    series: Series,
    at: int,
    *,
    batch: int | None = None,
    timeline: str = LIVE,
    mode: Mode = Mode.AUTO,
) -> SeriesReport:
    """Make a series' stored points true as of `at`.

    Args:
        connection: a write transaction; the caller commits.
        series: the series; its table and indexes exist.
        at: the instant that the points shall be true for.
        batch: the newest batch of records that is committed; None: it is asked for.
        timeline: which copy of the table.
        mode: `auto` refreshes in part where that is possible and worth it. `incremental` falls back to `full` where
            only that is right: at first, after a changed declaration, and when time moved backwards.
    """
    began = perf_counter()
    newest = current_batch(connection) if batch is None else batch
    digest = digest_of(series)
    before = read_state(connection, state_name(series), timeline, lock=True)
    work = _Work(connection, series, at, timeline)
    found = None
    if before is not None and before.digest == digest and before.as_of <= at and mode is not Mode.FULL:
        found = work.some(before, inf if mode is Mode.INCREMENTAL else max(_ALWAYS_FEW, before.rows * _TOO_MANY))
    done = Mode.FULL if found is None else Mode.INCREMENTAL
    computed, stored = found or work.all()
    seconds = perf_counter() - began
    keep_state(connection, state_name(series), timeline, State(at, newest, digest, stored), seconds)
    return SeriesReport(series.name, done, computed, stored, seconds, at)


def state_of(connection: Connection, series: Series, timeline: str = LIVE) -> State | None:
    """What a series' stored points hold; None: it was never refreshed."""
    return read_state(connection, state_name(series), timeline)


class _Work:
    """One refresh of one series."""

    def __init__(self, connection: Connection, series: Series, at: int, timeline: str) -> None:
        self._connection = connection
        self._series = series
        self._at = at
        self._moment = Moment(literal(at, BigInteger))
        self._table = series_table(series, timeline)
        self._runs = kept(series, at)

    def all(self) -> tuple[int, int]:
        """Compute every point; how many were computed, and how many there are."""
        self._connection.execute(delete(self._table))
        count = self._insert(points(self._series, self._moment, self._runs))
        return count, count

    def some(self, before: State, limit: float) -> tuple[int, int] | None:
        """Compute the points that may have changed; None, and nothing done, where they are more than the limit."""
        found = touched(self._series, Since(before.as_of, before.batch), self._at, self._runs)
        with staged(self._connection, _staging(self._series), found, {}) as wanted:
            count = self._connection.execute(select(func.count()).select_from(wanted)).scalar_one()
            if count > limit:
                return None
            stored = before.rows - self._drop_expired(before.as_of)
            if not count:
                return 0, stored
            key = tuple_(self._table.c.group_id, self._table.c.bucket)
            lost = self._delete(key.in_(select(wanted.c.group_id, wanted.c.bucket)))
            made = self._insert(points_among(self._series, self._moment, wanted))
        return count, stored - lost + made

    def _drop_expired(self, before: int) -> int:
        """Points of buckets that are older than what is kept; where no bucket ended since, there are none."""
        floor = self._runs[0].start
        return 0 if kept(self._series, before)[0].start == floor else self._delete(self._table.c.bucket < floor)

    def _delete(self, which: Any) -> int:
        return self._connection.execute(delete(self._table).where(which)).rowcount

    def _insert(self, computed: Select[Any]) -> int:
        found = computed.subquery()
        values = select(found.c.group_id, found.c.bucket, found.c.value, found.c.events, literal(self._at, BigInteger))
        statement = insert(self._table).from_select(["group_id", "bucket", "value", "events", "as_of"], values)
        return self._connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount


@cache
def _staging(series: Series) -> Table:
    """A temporary table of points; made once, since a statement is compiled anew for each new table."""
    until = Column("until", BigInteger, nullable=False)
    return Table(
        "plumbline_points", MetaData(), *key_columns(series), until,
        prefixes=["TEMPORARY"], sqlite_with_rowid=False,
    )  # fmt: skip
