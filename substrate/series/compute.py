"""The one compiler of series: a series and a moment in, a statement with a row a group and bucket out.

Every refresh and every read back in time is this statement, for all points or for some.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    FromClause,
    Select,
    and_,
    cast,
    func,
    literal,
    literal_column,
    select,
)

from substrate.features.checked import Plan
from substrate.features.compute import aggregated
from substrate.features.declare import How
from substrate.features.events import Condition, Moment, taking_part, versions
from substrate.series.buckets import Runs, bucket_start
from substrate.series.checked import checked, grid_of, keep_of
from substrate.series.declare import Series
from substrate.series.tables import HOUSE

Group = int | str


def kept(series: Series, at: int) -> Runs:
    """The buckets that a series has as of an instant: those of the span that it keeps, up to the instant's own."""
    return grid_of(series).runs(at - keep_of(series), at)


def points(series: Series, moment: Moment, runs: Runs, groups: Sequence[Group] | None = None) -> Select[Any]:
    """The points of a series as of a moment: `group_id`, `bucket`, `value`, `events`.

    Args:
        series: the series.
        moment: the instant that the values are true for.
        runs: the buckets that are wanted.
        groups: only these groups; None: all.
    """
    plan = checked(series)
    rows = versions(plan.record, moment, "id", None)
    key = group_of(series, rows)
    asked = [rows.c[series.at] >= runs[0].start, *_grouped(series, rows), *taking_part(plan, rows, moment).values()]
    if groups is not None:
        asked.append(key.in_(groups))
    return _found(plan, rows, moment, key, bucket_start(rows.c[series.at], runs)).where(*asked)


def points_among(series: Series, moment: Moment, wanted: FromClause) -> Select[Any]:
    """The points of a series for some groups and buckets: those in `wanted` (`group_id`, `bucket`, `until`).

    `until` is no later than the moment. An index is asked for one span, and a database that is told of two upper ends
    may take the worse.
    """
    plan = checked(series)
    rows = versions(plan.record, moment, "id", None)
    time = rows.c[series.at]
    inside = [time >= wanted.c.bucket, time < wanted.c.until]
    if series.by:
        inside.append(rows.c[series.by] == wanted.c.group_id)
    joined = wanted.join(rows, and_(*inside))
    asked = {name: clause for name, clause in taking_part(plan, rows, moment).items() if name != f"{series.at} <= 0"}
    return _found(plan, rows, moment, wanted.c.group_id, wanted.c.bucket).select_from(joined).where(*asked.values())


def group_of(series: Series, rows: FromClause) -> ColumnElement[Any]:
    """The group of an event."""
    return rows.c[series.by] if series.by else literal(HOUSE, BigInteger)


def _grouped(series: Series, rows: FromClause) -> list[Condition]:
    return [rows.c[series.by].is_not(None)] if series.by else []


def _found(
    plan: Plan, rows: FromClause, moment: Moment, key: ColumnElement[Any], bucket: ColumnElement[int]
) -> Select[Any]:
    value: ColumnElement[Any] = cast(aggregated(plan, rows, moment), Double)
    if plan.aggregate.how is How.SUM:
        value = func.coalesce(value, literal(0.0, Double))
    return (
        select(key.label("group_id"), bucket.label("bucket"), value.label("value"), func.count().label("events"))
        # By place: a name could be a column of the record, and a repeated expression brings parameters of its own.
        .group_by(literal_column("1"), literal_column("2"))
    )
