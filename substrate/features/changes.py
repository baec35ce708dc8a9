"""Which entities a refresh must compute again: those whose records changed, and those whom time itself changed.

Time changes a feature when an event enters or leaves its window, when a record begins, and when a value becomes known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, Select, Table, and_, exists, literal, select, true, union

from substrate.columns import meaning_of
from substrate.features.checked import Plan, plans
from substrate.features.declare import View
from substrate.features.events import Condition, Moment, existing, span, taking_part, valued
from substrate.records import history_of, table_of

Picked = Callable[[FromClause], Select[Any]]


@dataclass(frozen=True, slots=True)
class Since:
    """What a view was last refreshed to: the instant, and the newest batch of records."""

    as_of: int
    batch: int


def touched(view: View, since: Since, at: int, stored: Table) -> Select[Any]:
    """The ids whose features may differ from what is stored, each once.

    Args:
        view: the view.
        since: what the stored values hold.
        at: the instant to refresh to, not before `since.as_of`.
        stored: the view's table.
    """
    found = [*_come_and_gone(view, since, at, stored), *_rewritten(view, since.batch)]
    if at > since.as_of:
        # Features that count the same events over the same span are moved by the same moments: asked once.
        edges = {_signature(plan): plan for plan in plans(view)}
        found += [part for plan in edges.values() for part in moved_by_time(plan, since.as_of, at, partial(_ids, plan))]
    ids = union(*found).subquery("touched")
    return select(ids.c.id).where(ids.c.id.is_not(None))


def _come_and_gone(view: View, since: Since, at: int, stored: Table) -> Iterator[Select[Any]]:
    """Entities that exist and have no row, or have a row and exist no more."""
    rows = table_of(view.entity).alias()
    here = and_(*existing(view.entity, rows, _moment(at)).values())
    has_row = exists().where(stored.c.id == rows.c.id)
    yield select(rows.c.id).where(rows.c.batch > since.batch, here.is_(true()) != has_row)
    if view.entity.occurs:
        begun = _within(rows.c[view.entity.occurs], since.as_of, at)
        yield select(rows.c.id).where(begun, here, ~has_row)


def _rewritten(view: View, batch: int) -> Iterator[Select[Any]]:
    """Entities to which a record that was written since belongs, or belonged before."""
    for record, by in dict.fromkeys((plan.record, plan.aggregate.by) for plan in plans(view)):
        live, past = table_of(record), history_of(record)
        yield select(live.c[by].label("id")).where(live.c.batch > batch)
        yield select(past.c[by].label("id")).where(past.c.superseded_batch > batch)


def moved_by_time(plan: Plan, before: int, at: int, picked: Picked) -> Iterator[Select[Any]]:
    """The events whose part in a feature differs between two moments, although nobody wrote them.

    Args:
        plan: the feature.
        before: the earlier moment.
        at: the later one.
        picked: makes the statement that gives what is wanted of the events.
    """
    rows = table_of(plan.record).alias()
    moment = _moment(at)
    found = picked(rows)
    yield from (found.where(*conditions) for conditions in _crossing_edges(plan, rows, moment, before, at))
    occurs, time = plan.record.occurs, plan.aggregate.at
    # What begins or becomes known at its own time has been found at the window's edge.
    at_its_time = {time} if span(plan)[1] == 0 else set()
    if occurs and occurs not in at_its_time:
        begun = _within(rows.c[occurs], before, at)
        yield found.where(begun, *taking_part(plan, rows, moment).values())
    for known_at in _becoming_known(plan) - at_its_time - {occurs}:
        learned = _within(rows.c[known_at], before, at)
        yield found.where(learned, *existing(plan.record, rows, moment).values(), _near(plan, rows, before, at))


def _crossing_edges(plan: Plan, rows: FromClause, moment: Moment, before: int, at: int) -> Iterator[list[Condition]]:
    """What makes an event take part at one of the two moments only."""
    lower, upper = span(plan)
    conditions = [*existing(plan.record, rows, moment).values()]
    if plan.where is not None:
        conditions.append(valued(plan, plan.where, rows, moment))
    entered = before + upper if lower is None else max(before + upper, at + lower)
    time = rows.c[plan.aggregate.at]
    yield [_within(time, entered, at + upper), *conditions]
    if lower is not None:
        yield [_within(time, before + lower, min(before + upper, at + lower)), *conditions]


def _near(plan: Plan, rows: FromClause, before: int, at: int) -> ColumnElement[bool]:
    """Whether an event takes part, by its time, at any moment between the two."""
    lower, upper = span(plan)
    time = rows.c[plan.aggregate.at]
    return time <= at + upper if lower is None else _within(time, before + lower, at + upper)


def _becoming_known(plan: Plan) -> set[str]:
    table = table_of(plan.record)
    found = (meaning_of(table.c[name]).known_at for name in plan.columns)
    return {name for name in found if name}


def _signature(plan: Plan) -> tuple[object, ...]:
    where = plan.where.canonical if plan.where else None
    return plan.record, plan.aggregate.by, plan.aggregate.at, span(plan), where, frozenset(_becoming_known(plan))


def _ids(plan: Plan, rows: FromClause) -> Select[Any]:
    return select(rows.c[plan.aggregate.by].label("id"))


def _within(column: ColumnElement[Any], after: int, until: int) -> ColumnElement[bool]:
    return and_(column > after, column <= until)


def _moment(at: int) -> Moment:
    return Moment(literal(at, BigInteger))
