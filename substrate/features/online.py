"""Features as a program asks for them: some entities, now, each value with its age.

One statement by primary key; derived features are computed in it. A value older than its view's promise says so, and
is withheld where the caller would rather have nothing than something old.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, bindparam, select

from substrate.clock import parse_duration
from substrate.expressions.sql import to_sql
from substrate.expressions.types import FieldPath, Value
from substrate.features.checked import derivations, feature_operands
from substrate.features.declare import View
from substrate.features.tables import LIVE, feature_state, feature_table
from substrate.freshness import view_name
from substrate.history import masked, visible
from substrate.idset import Among, IdList
from substrate.records import table_of


@dataclass(frozen=True, slots=True)
class OnlineRow:
    """One entity's features.

    Attributes:
        id: the entity.
        values: every feature of the view by name, derived ones included; None is unknown.
        as_of: the instant that the values are true for.
        stale: that is longer ago than the view promises.
    """

    id: int
    values: dict[str, Value | None]
    as_of: int
    stale: bool


def read_online(
    connection: Connection,
    view: View,
    ids: Iterable[int],
    now: int,
    *,
    fail_closed: bool = False,
    timeline: str = LIVE,
) -> dict[int, OnlineRow]:
    """The features of some entities, by id.

    Args:
        connection: a transaction.
        view: the view.
        ids: the entities; one that does not exist, or was never refreshed, is left out.
        now: the instant of asking.
        fail_closed: a stale row's values are withheld: all None.
        timeline: which copy of the tables.
    """
    names = tuple(feature_operands(view))
    oldest = now - _budget(view)
    found = {}
    rows = connection.execute(_statement(view, timeline), {"ids": [*ids], "now": now}).all()
    for key, computed, refreshed, *values in rows:
        as_of = max(computed, refreshed or computed)
        stale = as_of < oldest
        shown = dict.fromkeys(names) if stale and fail_closed else dict(zip(names, values, strict=True))
        found[key] = OnlineRow(key, shown, as_of, stale)
    return found


@cache
def _budget(view: View) -> int:
    return parse_duration(view.stale_after, what=f"stale_after of {view.entity.kind}")


@cache
def _statement(view: View, timeline: str) -> Select[Any]:
    """The statement, made once a view: making it takes longer than running it."""
    stored, entity = feature_table(view, timeline), table_of(view.entity)
    now = bindparam("now", type_=BigInteger())
    expressions = derivations(view)

    def column(path: FieldPath) -> Any:
        if path[0] in expressions:
            return to_sql(expressions[path[0]], column, now)
        return stored.c[path[0]] if path[0] in stored.c else masked(view.entity, entity, path[0], now)

    state = feature_state.c
    mine = (state.view == view_name(view.entity), state.timeline == timeline)
    refreshed = select(state.as_of).where(*mine).scalar_subquery()
    features = [column((name,)).label(name) for name in feature_operands(view)]
    wanted = Among(stored.c.id, bindparam("ids", type_=IdList()))
    source = stored.join(entity, entity.c.id == stored.c.id)
    columns = (stored.c.id, stored.c.as_of, refreshed.label("refreshed_to"), *features)
    return select(*columns).select_from(source).where(wanted, visible(view.entity, entity, now))
