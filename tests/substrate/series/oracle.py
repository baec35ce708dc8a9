"""What every point must be, computed event by event from the raw versions and the calendar: slow, without SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from substrate.clock import DAY, HOUR, from_micros, parse_duration, to_micros
from substrate.columns import meaning_of
from substrate.expressions.closures import arrange, to_closure
from substrate.expressions.expression import Expression
from substrate.features.declare import How
from substrate.records import table_of
from substrate.series.checked import checked
from substrate.series.declare import Series
from tests.substrate.features.history import FOREVER, Version

Row = dict[str, Any]
Points = dict[tuple[Any, int], tuple[float | None, int]]


def points(series: Series, versions: Iterable[Version], at: int, known: int | None = None) -> Points:
    """Value and number of events by group and bucket."""
    floor = bucket(series, at - parse_duration(series.keep))
    events: dict[tuple[Any, int], list[Row]] = defaultdict(list)
    for version in versions:
        if version.record is series.of and _believed(version, known) and _exists(version, at):
            row = _masked(version, at)
            time, group = row.get(series.at), version.values.get(series.by) if series.by else 0
            if time is not None and floor <= time <= at and group is not None and _meant(series, row):
                events[group, bucket(series, time)].append(row)
    return {key: (_AGGREGATES[series.how](series, rows), len(rows)) for key, rows in events.items()}


def bucket(series: Series, instant: int) -> int:
    """The start of the bucket that an instant lies in, by the calendar on the wall."""
    width = parse_duration(series.bucket)
    if width <= HOUR or series.zone is None:
        return instant // width * width
    wall = from_micros(instant).astimezone(ZoneInfo(series.zone))
    hours = width // HOUR
    day = wall.date() - timedelta(days=wall.weekday() if width == 7 * DAY else 0)
    begun = wall.hour // hours * hours if width < DAY else 0
    return to_micros(datetime(day.year, day.month, day.day, begun, tzinfo=wall.tzinfo))


def _believed(version: Version, known: int | None) -> bool:
    if known is None:
        return version.superseded_at == FOREVER
    return version.recorded_at <= known < version.superseded_at


def _exists(version: Version, at: int) -> bool:
    begun = version.values.get(version.record.occurs) if version.record.occurs else at
    return not version.gone and begun is not None and begun <= at


def _masked(version: Version, at: int) -> Row:
    found = {}
    for name, value in version.values.items():
        meaning = meaning_of(table_of(version.record).c[name])
        learned = version.values.get(meaning.known_at) if meaning.known_at else at
        found[name] = value if learned is not None and learned <= at else meaning.before
    return found


def _meant(series: Series, row: Row) -> bool:
    where = checked(series).where
    return where is None or _value(where, row) is True


def _value(expression: Expression | None, row: Row) -> Any:
    assert expression is not None
    return to_closure(expression)(arrange(expression, {(name,): value for name, value in row.items()}), 0)


def _values(series: Series, rows: list[Row]) -> list[Any]:
    found = (_value(checked(series).value, row) for row in rows)
    return [value for value in found if value is not None]


def _mean(values: list[Any]) -> float | None:
    return sum(values) / len(values) if values else None


_AGGREGATES: dict[How, Callable[[Series, list[Row]], float | None]] = {
    How.COUNT: lambda _series, rows: len(rows),
    How.SUM: lambda series, rows: sum(_values(series, rows)),
    How.MEAN: lambda series, rows: _mean(_values(series, rows)),
    How.RATIO: lambda series, rows: _mean([_value(checked(series).hit, row) is True for row in rows]),
    How.DISTINCT: lambda series, rows: len(set(_values(series, rows))),
}
