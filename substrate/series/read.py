"""Reading a series: every bucket of a span, also those in which nothing happened.

What is not stored is 0 where the series counts or sums, from a group's first event on and as far as the records are
known; everywhere else it is unknown. A bucket that has not ended, or whose end is not known yet, is partial.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Connection, FromClause, func, literal, select

from substrate.errors import ConflictError
from substrate.features.events import Moment
from substrate.features.tables import LIVE
from substrate.freshness import records_name, watermarks
from substrate.series.buckets import Run, starts
from substrate.series.checked import grid_of
from substrate.series.compute import Group, kept, points
from substrate.series.declare import Series
from substrate.series.refresh import state_of
from substrate.series.tables import series_table

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Some groups of a series over the same buckets, in the order of time.

    Attributes:
        starts: where each bucket begins, in microseconds since 1970 UTC.
        ends: where it ends.
        partial: it had not ended at `as_of`, or the records were not known so far.
        values: by group; NaN is unknown.
        events: how many events each value rests on, by group.
        as_of: the instant that all this is true for.
    """

    starts: Ints
    ends: Ints
    partial: Flags
    values: dict[Group, Floats]
    events: dict[Group, Ints]
    as_of: int


def read(
    connection: Connection,
    series: Series,
    first: int,
    last: int,
    *,
    groups: Sequence[Group] | None = None,
    timeline: str = LIVE,
) -> Stretch:
    """The stored points of the buckets that hold the instants from `first` to `last`.

    Args:
        connection: a transaction.
        series: the series.
        first: an instant in the first bucket.
        last: an instant in the last bucket.
        groups: only these groups, also where they have no points; None: all that have some.
        timeline: which copy of the table.

    Raises:
        ConflictError: the series was never computed.
    """
    state = state_of(connection, series, timeline)
    if state is None:
        hint = "`plumbline run` with its vertical computes it."
        raise ConflictError(f"the series {series.name} was never computed", hint=hint)
    return _Reading(connection, series, state.as_of, groups).over(series_table(series, timeline), first, last)


def read_as_of(
    connection: Connection,
    series: Series,
    at: int,
    first: int,
    last: int,
    *,
    known: int | None = None,
    groups: Sequence[Group] | None = None,
) -> Stretch:
    """The same as it was at `at`, as known at `known` (None: today), computed anew from the records."""
    moment = Moment(literal(at, BigInteger), None if known is None else literal(known, BigInteger))
    source = points(series, moment, kept(series, at), groups).cte()
    return _Reading(connection, series, at if known is None else min(at, known), groups).over(source, first, last)


class _Reading:
    """One read of one series, true as of an instant."""

    def __init__(self, connection: Connection, series: Series, as_of: int, groups: Sequence[Group] | None) -> None:
        self._connection = connection
        self._series = series
        self._as_of = as_of
        self._groups = groups
        known = watermarks(connection).get(records_name(series.of), as_of)
        self._known_until = min(as_of, known)

    def over(self, source: FromClause, first: int, last: int) -> Stretch:
        """Read a span of buckets from the stored points, or from a statement that computes them."""
        runs = grid_of(self._series).runs(first, last)
        begins = np.array(starts(runs), dtype=np.int64)
        ends = np.append(begins[1:], runs[-1].end)
        firsts = self._first_buckets(source, runs[-1])
        stored = self._stored(source, runs)
        values, events = {}, {}
        for group in self._groups if self._groups is not None else firsts:
            values[group], events[group] = self._filled(begins, firsts.get(group), stored.get(group, []))
        return Stretch(begins, ends, ends > self._known_until, values, events, self._as_of)

    def _filled(self, begins: Ints, since: int | None, rows: Iterable[Any]) -> tuple[Floats, Ints]:
        values, events = np.full(len(begins), np.nan), np.zeros(len(begins), dtype=np.int64)
        if since is not None and self._series.empty is not None:
            values[(begins >= since) & (begins <= self._known_until)] = self._series.empty
        found = list(rows)
        places = np.searchsorted(begins, [row.bucket for row in found])
        values[places] = np.array([row.value for row in found], dtype=np.float64)
        events[places] = [row.events for row in found]
        return values, events

    def _first_buckets(self, source: FromClause, last: Run) -> dict[Group, int]:
        columns = source.c
        asked = select(columns.group_id, func.min(columns.bucket)).where(columns.bucket < last.end)
        found = self._connection.execute(self._of_groups(asked, source).group_by(columns.group_id))
        return dict(found.tuples().all())

    def _stored(self, source: FromClause, runs: Sequence[Run]) -> dict[Group, list[Any]]:
        columns = source.c
        asked = select(columns.group_id, columns.bucket, columns.value, columns.events)
        asked = asked.where(columns.bucket >= runs[0].start, columns.bucket < runs[-1].end)
        rows = self._connection.execute(self._of_groups(asked, source).order_by(columns.group_id, columns.bucket))
        return {group: list(found) for group, found in groupby(rows, key=lambda row: row.group_id)}

    def _of_groups(self, asked: Any, source: FromClause) -> Any:
        return asked if self._groups is None else asked.where(source.c.group_id.in_(self._groups))
