"""What every feature must be, computed event by event from the raw versions: slow, plain, sharing nothing with SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from math import ceil
from typing import Any

from substrate.columns import meaning_of
from substrate.expressions.closures import arrange, to_closure
from substrate.expressions.expression import Expression
from substrate.features.checked import Plan, plans
from substrate.features.declare import How, View
from substrate.records import Record, table_of
from tests.substrate.features.history import FOREVER, Version

Row = dict[str, Any]


def features(view: View, versions: Iterable[Version], at: int, known: int | None = None) -> dict[int, Row]:
    """The stored features of every entity that exists at `at`, by id."""
    seen = [version for version in versions if _believed(version, known) and _exists(version, at)]
    entities = [version.id for version in seen if version.record is view.entity]
    return {
        entity: {plan.aggregate.name: _feature(plan, seen, entity, at) for plan in plans(view)} for entity in entities
    }


def _believed(version: Version, known: int | None) -> bool:
    if known is None:
        return version.superseded_at == FOREVER
    return version.recorded_at <= known < version.superseded_at


def _exists(version: Version, at: int) -> bool:
    if version.gone:
        return False
    occurs = version.record.occurs
    begun = version.values.get(occurs) if occurs else 0
    return begun is not None and begun <= at


def _masked(record: type[Record], values: Row, at: int) -> Row:
    found = {}
    for name, value in values.items():
        meaning = meaning_of(table_of(record).c[name])
        learned = values.get(meaning.known_at) if meaning.known_at else 0
        found[name] = value if learned is not None and learned <= at else meaning.before
    return found


def _feature(plan: Plan, seen: list[Version], entity: int, at: int) -> Any:
    events = []
    for version in (version for version in seen if version.record is plan.record):
        row = _masked(plan.record, version.values, at)
        time = row.get(plan.aggregate.at)
        mine = version.values.get(plan.aggregate.by) == entity
        meant = plan.where is None or _value(plan.where, row) is True
        if mine and meant and time is not None and _in_window(plan, time, at):
            events.append((time, version.id, row))
    events.sort(key=lambda event: event[:2])
    return _AGGREGATES[plan.aggregate.how](plan, events)


def _in_window(plan: Plan, time: int, at: int) -> bool:
    if plan.aggregate.ahead:
        return at < time <= at + plan.aggregate.ahead
    return time <= at and (plan.aggregate.window is None or time > at - plan.aggregate.window)


def _value(expression: Expression | None, row: Row) -> Any:
    assert expression is not None
    values = arrange(expression, {(name,): value for name, value in row.items()})
    return to_closure(expression)(values, 0)


def _values(plan: Plan, events: list[tuple[int, int, Row]]) -> list[Any]:
    found = (_value(plan.value, row) for _, _, row in events)
    return [value for value in found if value is not None]


def _hits(plan: Plan, events: list[tuple[int, int, Row]]) -> list[bool]:
    return [_value(plan.hit, row) is True for _, _, row in events]


def _mean(values: list[Any]) -> float | None:
    return sum(values) / len(values) if values else None


def _streak(plan: Plan, events: list[tuple[int, int, Row]]) -> int:
    hits = _hits(plan, events)
    missed = max((event[0] for event, hit in zip(events, hits, strict=True) if not hit), default=None)
    return sum(missed is None or event[0] > missed for event in events)


def _interval(plan: Plan, events: list[tuple[int, int, Row]]) -> int | None:
    last: dict[Any, int] = {}
    apart = []
    for time, _, row in events:
        per = row[plan.aggregate.per or ""]
        if per is not None:
            apart += [time - last[per]] if per in last else []
            last[per] = time
    apart.sort()
    enough = ceil(Fraction(str(plan.aggregate.share)) * len(apart))
    return apart[max(enough, 1) - 1] if apart else None


_AGGREGATES: dict[How, Callable[[Plan, list[tuple[int, int, Row]]], Any]] = {
    How.LATEST: lambda plan, events: _value(plan.value, events[-1][2]) if events else None,
    How.COUNT: lambda _plan, events: len(events),
    How.SUM: lambda plan, events: sum(_values(plan, events)),
    How.MEAN: lambda plan, events: _mean(_values(plan, events)),
    How.MIN: lambda plan, events: min(_values(plan, events), default=None),
    How.MAX: lambda plan, events: max(_values(plan, events), default=None),
    How.RATIO: lambda plan, events: _mean(_hits(plan, events)),
    How.DISTINCT: lambda plan, events: len(set(_values(plan, events))),
    How.STREAK: _streak,
    How.INTERVAL: _interval,
}
