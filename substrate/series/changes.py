"""Which points a refresh must compute again: those whose events changed, and those that time itself changed.

A record that moved to another group or time changes the point it came from and the one it went to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import BigInteger, FromClause, Select, case, literal, select, union_all

from substrate.features.changes import Since, moved_by_time
from substrate.records import history_of, table_of
from substrate.series.buckets import Runs, bucket_end, bucket_start
from substrate.series.checked import checked
from substrate.series.compute import group_of
from substrate.series.declare import Series


def touched(series: Series, since: Since, at: int, runs: Runs) -> Select[Any]:
    """The points that may differ from what is stored, each once: `group_id`, `bucket`, `until` when it has events.

    Args:
        series: the series.
        since: what the stored points hold.
        at: the instant to refresh to, not before `since.as_of`.
        runs: the buckets that the series has then.
    """
    events = union_all(*_events(series, since, at)).subquery()
    # Asked here and not of the records: there a database would rather read all of the span than what is new.
    placed = select(events.c.group_id, bucket_start(events.c.at, runs).label("bucket")).distinct().subquery()
    # A bucket before the first is NULL, and no comparison finds it.
    there = (placed.c.group_id.is_not(None), placed.c.bucket < literal(runs[-1].end, BigInteger))
    after, end = literal(at + 1, BigInteger), bucket_end(placed.c.bucket, runs)
    return select(placed.c.group_id, placed.c.bucket, case((end > after, after), else_=end)).where(*there)


def _events(series: Series, since: Since, at: int) -> Iterator[Select[Any]]:
    live, past = table_of(series.of), history_of(series.of)

    def picked(rows: FromClause) -> Select[Any]:
        return select(group_of(series, rows).label("group_id"), rows.c[series.at].label("at"))

    yield picked(live).where(live.c.batch > since.batch)
    yield picked(past).where(past.c.superseded_batch > since.batch)
    if at > since.as_of:
        yield from moved_by_time(checked(series), since.as_of, at, picked)
