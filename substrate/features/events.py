"""Which events take part in a feature, and what they give: the conditions and values as SQL, whatever the moment.

The moment may be a bound instant, for a refresh, or the column of a spine, for many instants in one statement.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    FromClause,
    Select,
    bindparam,
    literal,
    select,
    union_all,
)

from substrate.columns import meaning_of
from substrate.expressions.expression import Expression
from substrate.expressions.sql import to_sql
from substrate.features.checked import Plan
from substrate.history import masked
from substrate.idset import Among, among
from substrate.records import Record, history_of, table_of


@dataclass(frozen=True, slots=True)
class IdRange:
    """All ids from one to another, both included."""

    low: ColumnElement[int]
    high: ColumnElement[int]


# A set of ids: given now, given when the statement runs, as the statement that finds them, or a range; None is all.
Ids = Iterable[int] | BindParameter[Any] | Select[Any] | IdRange | None
Condition = ColumnElement[bool]

_NEVER = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Moment:
    """The instant that a statement is true for, and the one up to which we had learned (None: all of today)."""

    at: ColumnElement[int]
    known: ColumnElement[int] | None = None


# The instant of a statement that is made once, and told the instant whenever it runs.
AT = Moment(bindparam("at", type_=BigInteger()))


def listed(column: ColumnElement[Any], ids: Ids) -> tuple[Condition, ...]:
    """The condition that a column is one of `ids`; no condition for all."""
    if ids is None:
        return ()
    if isinstance(ids, Select):
        return (column.in_(ids),)
    if isinstance(ids, IdRange):
        return (column >= ids.low, column <= ids.high)
    return (Among(column, ids),) if isinstance(ids, BindParameter) else (among(column, ids),)


def versions(record: type[Record], moment: Moment, key: str, ids: Ids) -> FromClause:
    """The rows of a kind that may count at a moment: the live table, or with it the versions since superseded.

    Args:
        record: the kind.
        moment: when; only with a `known` is the history read.
        key: the column that `ids` speaks of.
        ids: only rows whose key is one of these are read from the history.
    """
    live = table_of(record)
    if moment.known is None:
        return live.alias()
    history = history_of(record)
    current = select(*live.c, literal(_NEVER, BigInteger).label("superseded_at")).where(*listed(live.c[key], ids))
    columns = [history.c[column.name] for column in live.c]
    past = select(*columns, history.c.superseded_at).where(*listed(history.c[key], ids))
    return union_all(current, past).subquery()


def existing(record: type[Record], rows: FromClause, moment: Moment) -> dict[str, Condition]:
    """What makes a version count as a record at a moment: present, begun, and what we then believed."""
    found: dict[str, Condition] = {"present": rows.c.gone_at.is_(None)}
    if record.occurs:
        found[f"{record.occurs} <= 0"] = rows.c[record.occurs] <= moment.at
    if moment.known is not None:
        found["learned"] = rows.c.recorded_at <= moment.known
        found["believed"] = rows.c.superseded_at > moment.known
    return found


def taking_part(plan: Plan, rows: FromClause, moment: Moment) -> dict[str, Condition]:
    """What makes an event count for a feature, by a name that is the same for the same condition."""
    aggregate = plan.aggregate
    lower, upper = span(plan)
    found = existing(plan.record, rows, moment) | bound_above(plan, rows, moment, upper)
    if lower is not None:
        found |= bound_below(plan, rows, moment, lower)
    known_at = meaning_of(table_of(plan.record).c[aggregate.at]).known_at
    # A time that becomes known when it comes, such as a discharge, needs no second look at itself.
    if known_at is not None:
        found[f"{known_at} <= 0"] = rows.c[known_at] <= moment.at
    if plan.where is not None:
        found[plan.where.canonical] = valued(plan, plan.where, rows, moment)
    return found


def span(plan: Plan) -> tuple[int | None, int]:
    """Between which distances from the moment an event counts: later than the first, and no later than the second."""
    aggregate = plan.aggregate
    if aggregate.ahead:
        return 0, aggregate.ahead
    return (-aggregate.window if aggregate.window else None), 0


def bound_above(plan: Plan, rows: FromClause, moment: Moment, distance: int) -> dict[str, Condition]:
    """The condition that an event is no later than a distance from the moment."""
    at = plan.aggregate.at
    return {f"{at} <= {distance}": rows.c[at] <= _shifted(moment.at, distance)}


def bound_below(plan: Plan, rows: FromClause, moment: Moment, distance: int) -> dict[str, Condition]:
    """The condition that an event is later than a distance from the moment."""
    at = plan.aggregate.at
    return {f"{at} > {distance}": rows.c[at] > _shifted(moment.at, distance)}


def valued(plan: Plan, expression: Expression, rows: FromClause, moment: Moment) -> ColumnElement[Any]:
    """An expression over an event, each column as it was known at the moment."""
    return to_sql(expression, lambda path: masked(plan.record, rows, path[0], moment.at), 0)


def _shifted(at: ColumnElement[int], distance: int) -> ColumnElement[int]:
    return at + literal(distance, BigInteger) if distance else at
