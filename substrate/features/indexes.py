"""The indexes on the records that features need, so that an entity's events and a window's edge are found at once."""

from __future__ import annotations

from hashlib import blake2b

from sqlalchemy import Index, Table

from substrate.columns import meaning_of
from substrate.features.checked import Plan, plans
from substrate.features.declare import View
from substrate.records import history_of, table_of

# PostgreSQL cuts names after 63 characters; two long ones must not become one.
_LONGEST = 60


def indexes_for(view: View) -> list[Index]:
    """The indexes that refreshing a view rests on, added to the declared tables that `schema.reconcile` creates.

    An entity's events in order of time; the events at each window's edge; the moments at which a record begins and a
    value becomes known; and the superseded events of an entity. Asking again adds nothing.
    """
    found = {}
    for plan in plans(view):
        for index in event_indexes(plan):
            found[index.name] = index
    if view.entity.occurs:
        index = _index(table_of(view.entity), view.entity.occurs)
        found[index.name] = index
    return list(found.values())


def event_indexes(plan: Plan) -> list[Index]:
    """The indexes by which the events of one aggregate are found: each group's, and those that time moves."""
    return [*_of_events(plan), *_of_moments(plan)] if plan.aggregate.by else _of_moments(plan)


def _of_events(plan: Plan) -> list[Index]:
    by, at = plan.aggregate.by, plan.aggregate.at
    return [_index(table_of(plan.record), by, at, "id"), _index(history_of(plan.record), by)]


def _of_moments(plan: Plan) -> list[Index]:
    table = table_of(plan.record)
    becoming_known = [meaning_of(table.c[name]).known_at for name in plan.columns]
    moments = dict.fromkeys([plan.aggregate.at, plan.record.occurs, *becoming_known])
    return [_index(table, name) for name in moments if name]


def _index(table: Table, *columns: str) -> Index:
    name = _name(table.name, columns)
    for present in table.indexes:
        if present.name == name or tuple(column.name for column in present.columns) == columns:
            return present
    return Index(name, *(table.c[column] for column in columns))


def _name(table: str, columns: tuple[str, ...]) -> str:
    name = "_".join(("ix", table, *columns))
    if len(name) <= _LONGEST:
        return name
    return f"{name[: _LONGEST - 9]}_{blake2b(name.encode(), digest_size=4).hexdigest()}"
