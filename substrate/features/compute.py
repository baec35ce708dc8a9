"""The one compiler of features: a view and a moment in, a statement with a row an entity out.

Aggregates that share a kind of event and its link to the entity are computed in one grouped scan; the newest event
and the streak are looked up an entity, along the index that `indexes` declares. Every refresh and every read back in
time is this statement, for all entities, for some, or for a spine of moments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    FromClause,
    ScalarSelect,
    Select,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal,
    select,
    true,
)

from substrate.features.checked import Plan, plans
from substrate.features.declare import How, View
from substrate.features.events import (
    Condition,
    Ids,
    Moment,
    bound_above,
    bound_below,
    existing,
    listed,
    span,
    taking_part,
    valued,
    versions,
)
from substrate.features.tables import sql_type

_LOOKED_UP = (How.LATEST, How.STREAK, How.INTERVAL)
_EARLIEST = -(1 << 63)
_THOUSAND = 1_000


def compute(view: View, moment: Moment, ids: Ids = None) -> Select[Any]:
    """The stored features of a view at one moment: `id`, then a column a feature, for each entity that exists then.

    Args:
        view: the view.
        moment: the instant that the values are true for.
        ids: only these entities; None: all.
    """
    entity = versions(view.entity, moment, "id", ids)
    source: FromClause = entity
    columns: dict[str, ColumnElement[Any]] = {}
    for group in _groups(view):
        rows = versions(group[0].record, moment, group[0].aggregate.by, ids)
        link = rows.c[group[0].aggregate.by]
        scanned = _scan(group, rows, moment, link, *listed(link, ids))
        source = source.outerjoin(scanned, scanned.c.key == entity.c.id)
        columns |= _settled(group, scanned)
    columns |= {plan.aggregate.name: _looked_up(plan, moment, entity.c.id, entity, ids) for plan in _singles(view)}
    present = existing(view.entity, entity, moment).values()
    ordered = _ordered(view, columns)
    return select(entity.c.id, *ordered).select_from(source).where(*present, *listed(entity.c.id, ids))


def compute_spine(view: View, spine: FromClause, ids: Ids, *, known: bool) -> Select[Any]:
    """The stored features at many moments: `number`, then a column a feature, for each that finds its entity existing.

    Args:
        view: the view.
        spine: the moments: `number`, `id` of the entity, `at`, and where `known` is set, `known`.
        ids: the entities that the spine speaks of.
        known: each moment sees only what we had learned by its own `known`.
    """
    moment = Moment(spine.c.at, spine.c.known if known else None)
    entity = versions(view.entity, moment, "id", ids)
    present = existing(view.entity, entity, moment).values()
    source = spine.join(entity, and_(entity.c.id == spine.c.id, *present))
    columns: dict[str, ColumnElement[Any]] = {}
    for group in _groups(view):
        each = spine.alias()
        then = Moment(each.c.at, each.c.known if known else None)
        rows = versions(group[0].record, then, group[0].aggregate.by, ids)
        scanned = _scan(group, rows, then, each.c.number, rows.c[group[0].aggregate.by] == each.c.id)
        source = source.outerjoin(scanned, scanned.c.key == spine.c.number)
        columns |= _settled(group, scanned)
    columns |= {plan.aggregate.name: _looked_up(plan, moment, spine.c.id, spine, ids) for plan in _singles(view)}
    return select(spine.c.number, *_ordered(view, columns)).select_from(source)


def _groups(view: View) -> list[list[Plan]]:
    """The plans that one grouped scan serves, each."""
    found: dict[tuple[str, str], list[Plan]] = defaultdict(list)
    for plan in plans(view):
        if plan.aggregate.how not in _LOOKED_UP:
            found[plan.record.kind, plan.aggregate.by].append(plan)
    return list(found.values())


def _singles(view: View) -> list[Plan]:
    return [plan for plan in plans(view) if plan.aggregate.how in _LOOKED_UP]


def _ordered(view: View, columns: Mapping[str, ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    return [columns[plan.aggregate.name].label(plan.aggregate.name) for plan in plans(view)]


def _scan(group: list[Plan], rows: FromClause, moment: Moment, key: ColumnElement[Any], *more: Condition) -> Subquery:
    """One pass over the events: what all aggregates ask for is asked once, the rest is each one's filter."""
    asked = [taking_part(plan, rows, moment) for plan in group]
    shared = {name: clause for name, clause in asked[0].items() if all(name in other for other in asked)}
    shared |= _hull(group, rows, moment)
    columns = []
    for plan, conditions in zip(group, asked, strict=True):
        own = [clause for name, clause in conditions.items() if name not in shared]
        given = aggregated(plan, rows, moment)
        columns.append((given.filter(*own) if own else given).label(plan.aggregate.name))
    return select(key.label("key"), *columns).where(*shared.values(), *more).group_by(key).subquery()


def _hull(group: list[Plan], rows: FromClause, moment: Moment) -> dict[str, Condition]:
    """The bounds that hold for all aggregates of a group together, where they take their time from one column."""
    if len({plan.aggregate.at for plan in group}) > 1:
        return {}
    spans = [span(plan) for plan in group]
    found = bound_above(group[0], rows, moment, max(upper for _, upper in spans))
    lowers = [lower for lower, _ in spans if lower is not None]
    if len(lowers) == len(spans):
        found |= bound_below(group[0], rows, moment, min(lowers))
    return found


def aggregated(plan: Plan, rows: FromClause, moment: Moment) -> Any:
    """What an aggregate makes of the events of a group."""
    if plan.aggregate.how is How.COUNT:
        return func.count()
    if plan.aggregate.how is How.RATIO:
        return func.avg(case((_part(plan, plan.hit, rows, moment), 1.0), else_=0.0))
    value = _part(plan, plan.value, rows, moment)
    return _AGGREGATES[plan.aggregate.how](value)


_AGGREGATES: dict[How, Callable[[ColumnElement[Any]], Any]] = {
    How.SUM: func.sum,
    How.MEAN: lambda value: func.avg(cast(value, Double)),
    How.MIN: func.min,
    How.MAX: func.max,
    How.DISTINCT: lambda value: func.count(value.distinct()),
}


def _part(plan: Plan, expression: Any, rows: FromClause, moment: Moment) -> ColumnElement[Any]:
    if expression is None:
        raise LookupError(plan.aggregate.name)
    return valued(plan, expression, rows, moment)


def _settled(group: list[Plan], scanned: Subquery) -> dict[str, ColumnElement[Any]]:
    """What stands in the row: nothing counted is 0, and a database's wider sums are cut to the type declared."""
    found: dict[str, ColumnElement[Any]] = {}
    for plan in group:
        kind = sql_type(plan.yields)
        column: ColumnElement[Any] = scanned.c[plan.aggregate.name]
        if plan.aggregate.how is How.SUM:
            column = func.coalesce(cast(column, kind), literal(0, kind))
        elif plan.aggregate.how in (How.COUNT, How.DISTINCT):
            column = func.coalesce(column, literal(0, kind))
        found[plan.aggregate.name] = column
    return found


def _looked_up(plan: Plan, moment: Moment, key: ColumnElement[Any], outer: FromClause, ids: Ids) -> ScalarSelect[Any]:
    find = _FINDS[plan.aggregate.how]
    return find(plan, moment, key, ids).correlate(outer).scalar_subquery()


def _latest(plan: Plan, moment: Moment, key: ColumnElement[Any], ids: Ids) -> Select[Any]:
    rows = versions(plan.record, moment, plan.aggregate.by, ids)
    value = _part(plan, plan.value, rows, moment)
    newest = (rows.c[plan.aggregate.at].desc(), rows.c.id.desc())
    return select(value).where(*_about(plan, rows, moment, key)).order_by(*newest).limit(1)


def _streak(plan: Plan, moment: Moment, key: ColumnElement[Any], ids: Ids) -> Select[Any]:
    """The hits that are newer than the newest miss; what happened at the same instant as a miss is no streak."""
    by, at = plan.aggregate.by, plan.aggregate.at
    misses, hits = (versions(plan.record, moment, by, ids) for _ in range(2))
    missed = _part(plan, plan.hit, misses, moment).is_not(true())
    newest = select(misses.c[at]).where(*_about(plan, misses, moment, key), missed).order_by(misses.c[at].desc())
    last = newest.limit(1).correlate_except(misses).scalar_subquery()
    later = hits.c[at] > func.coalesce(last, literal(_EARLIEST, BigInteger))
    return (
        select(func.count())
        .select_from(hits)
        .where(*_about(plan, hits, moment, key), _part(plan, plan.hit, hits, moment), later)
    )


def _interval(plan: Plan, moment: Moment, key: ColumnElement[Any], ids: Ids) -> Select[Any]:
    """The times between events that follow one another, in order of length; the first that enough are no longer than.

    Nearest rank, counted in thousandths, as databases differ in how they round.
    """
    rows = versions(plan.record, moment, plan.aggregate.by, ids)
    at, per = rows.c[plan.aggregate.at], rows.c[plan.aggregate.per or ""]
    before = func.lag(at).over(partition_by=per, order_by=(at, rows.c.id))
    apart = select((at - before).label("apart")).where(*_about(plan, rows, moment, key), per.is_not(None))
    times = apart.correlate_except(rows).subquery()
    place = func.row_number().over(order_by=times.c.apart).label("place")
    placed = select(times.c.apart, place, func.count().over().label("all")).where(times.c.apart.is_not(None)).subquery()
    enough = placed.c.place * _THOUSAND >= placed.c.all * round((plan.aggregate.share or 0) * _THOUSAND)
    return select(placed.c.apart).where(enough).order_by(placed.c.place).limit(1)


_FINDS: dict[How, Callable[[Plan, Moment, ColumnElement[Any], Ids], Select[Any]]] = {
    How.LATEST: _latest,
    How.STREAK: _streak,
    How.INTERVAL: _interval,
}


def _about(plan: Plan, rows: FromClause, moment: Moment, key: ColumnElement[Any]) -> list[Condition]:
    return [rows.c[plan.aggregate.by] == key, *taking_part(plan, rows, moment).values()]
