"""Features as they were: for a spine of entities and instants, in one statement.

This is what trains a model, replays a rule over history, and answers "why did it not fire at 03:00".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from substrate.expressions.types import Value
from substrate.features.checked import plans
from substrate.features.compute import compute_spine
from substrate.features.declare import View
from substrate.idset import IdList

Point = tuple[int, int]
Row = dict[str, Value | None]


def point_in_time(
    connection: Connection, view: View, spine: Iterable[Point], known: Literal["at"] | int | None = None
) -> dict[Point, Row]:
    """A view's stored features for many entities, each at its own instant.

    Args:
        connection: a transaction.
        view: the view.
        spine: pairs of entity id and instant.
        known: the instant up to which we had learned; `at`: each pair sees what was known at its own instant; None:
            all that is known today.

    Returns:
        The values by pair; a pair is left out whose entity did not exist then, as far as was known.
    """
    points = list(dict.fromkeys(spine))
    if not points:
        return {}
    rows = [(entity, at, at if known == "at" else known) for entity, at in points]
    dialect = connection.dialect.name
    given = _as_arrays(rows) if dialect == "postgresql" else {"spine": json.dumps(rows)}
    statement = _statement(view, dialect, with_known=known is not None)
    found = connection.execute(statement, {**given, "ids": list(dict.fromkeys(entity for entity, _ in points))})
    names = [plan.aggregate.name for plan in plans(view)]
    return {points[row[0]]: dict(zip(names, row[1:], strict=True)) for row in found}


@cache
def _statement(view: View, dialect: str, *, with_known: bool) -> Select[Any]:
    spine = _from_arrays(with_known=with_known) if dialect == "postgresql" else _from_json(with_known=with_known)
    # Written out once, since the planners would otherwise unfold it again for every feature.
    table = spine.cte("spine").prefix_with("MATERIALIZED")
    return compute_spine(view, table, bindparam("ids", type_=IdList()), known=with_known)


def _from_json(*, with_known: bool) -> Select[Any]:
    text = bindparam("spine", type_=Text())
    each = func.json_each(text).table_valued(column("key", BigInteger), column("value", Text), name="each")
    columns: list[ColumnElement[Any]] = [
        func.json_extract(each.c.value, f"$[{place}]", type_=BigInteger).label(name)
        for place, name in enumerate(_names(with_known=with_known))
    ]
    return select(each.c.key.label("number"), *columns)


def _from_arrays(*, with_known: bool) -> Select[Any]:
    numbers = ARRAY(BigInteger)
    names = _names(with_known=with_known)
    arrays = [cast(bindparam(f"spine_{name}", type_=numbers), numbers) for name in names]
    columns = [column(name, BigInteger) for name in names]
    each = func.unnest(*arrays).table_valued(*columns, with_ordinality="number", name="each").render_derived()
    return select((each.c.number - 1).label("number"), *(each.c[name] for name in names))


def _as_arrays(rows: Sequence[tuple[int, int, int | None]]) -> dict[str, list[int | None]]:
    return {f"spine_{name}": [row[place] for row in rows] for place, name in enumerate(_names(with_known=True))}


def _names(*, with_known: bool) -> tuple[str, ...]:
    return ("id", "at", "known") if with_known else ("id", "at")
