"""What one batch of records changed: which records it wrote or dropped, and what they belong to."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, CompoundSelect, Connection, bindparam, literal, select, union_all

from substrate.features.checked import plans
from substrate.features.declare import View
from substrate.records import Record, history_of, table_of

_BATCH = bindparam("batch", type_=BigInteger())


def changed_records(connection: Connection, records: tuple[type[Record], ...], batch: int) -> dict[str, set[int]]:
    """The ids of the records that were written or dropped in a batch or after it, by kind.

    Args:
        connection: the batch's own transaction, in which there is none after it; or any later one.
        records: the kinds to look at.
        batch: the batch's number.
    """
    found: dict[str, set[int]] = {}
    for kind, number in connection.execute(_written(records), {"batch": batch}).all():
        found.setdefault(kind, set()).add(number)
    return found


def changed_owners(
    connection: Connection, view: View, batch: int, kinds: Collection[str] | None = None
) -> list[tuple[int, int]]:
    """The entities whose features rest on a record that a batch wrote, or rested on it before: their ids and its.

    Args:
        connection: as for `changed_records`.
        view: whose entities.
        batch: the batch's number.
        kinds: those of the records that changed, where they are known; None: any may have.
    """
    if not plans(view) or (kinds is not None and rests_on(view).isdisjoint(kinds)):
        return []
    rows = connection.execute(_owners(view), {"batch": batch}).all()
    return [(owner, number) for owner, number in rows if owner is not None]


@cache
def rests_on(view: View) -> frozenset[str]:
    """The kinds of record that a view's features rest on."""
    return frozenset(plan.record.kind for plan in plans(view))


@cache
def _written(records: tuple[type[Record], ...]) -> CompoundSelect[Any]:
    tables = [(record.kind, table_of(record)) for record in records]
    return union_all(*(select(literal(kind), table.c.id).where(table.c.batch >= _BATCH) for kind, table in tables))


@cache
def _owners(view: View) -> CompoundSelect[Any]:
    parts = []
    for record, by in dict.fromkeys((plan.record, plan.aggregate.by) for plan in plans(view)):
        live, past = table_of(record), history_of(record)
        parts.append(select(live.c[by], live.c.id).where(live.c.batch >= _BATCH))
        parts.append(select(past.c[by], past.c.id).where(past.c.superseded_batch >= _BATCH))
    return union_all(*parts)
