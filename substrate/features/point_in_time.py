"""Features as they were: for a spine of entities and instants, in one statement.

This is what trains a model, replays a rule over history, and answers "why did it not fire at 03:00".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from sqlalchemy import (
    CTE,
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
    table = _spine(connection.dialect.name, rows, with_known=known is not None)
    ids = dict.fromkeys(entity for entity, _ in points)
    found = connection.execute(compute_spine(view, table, ids, known=known is not None))
    names = [plan.aggregate.name for plan in plans(view)]
    return {points[row[0]]: dict(zip(names, row[1:], strict=True)) for row in found}


def _spine(dialect: str, rows: Sequence[tuple[int, int, int | None]], *, with_known: bool) -> CTE:
    names = ("id", "at", "known") if with_known else ("id", "at")
    statement = _from_arrays(rows, names) if dialect == "postgresql" else _from_json(rows, names)
    # Written out once, since the planners would otherwise unfold it again for every feature.
    return statement.cte("spine").prefix_with("MATERIALIZED")


def _from_json(rows: Sequence[tuple[int, int, int | None]], names: Sequence[str]) -> Select[Any]:
    text = bindparam("spine", json.dumps(rows), Text(), unique=True)
    each = func.json_each(text).table_valued(column("key", BigInteger), column("value", Text), name="each")
    columns: list[ColumnElement[Any]] = [
        func.json_extract(each.c.value, f"$[{place}]", type_=BigInteger).label(name) for place, name in enumerate(names)
    ]
    return select(each.c.key.label("number"), *columns)


def _from_arrays(rows: Sequence[tuple[int, int, int | None]], names: Sequence[str]) -> Select[Any]:
    arrays = [
        cast(bindparam(name, [row[place] for row in rows], ARRAY(BigInteger), unique=True), ARRAY(BigInteger))
        for place, name in enumerate(names)
    ]
    columns = [column(name, BigInteger) for name in names]
    each = func.unnest(*arrays).table_valued(*columns, with_ordinality="number", name="each").render_derived()
    return select((each.c.number - 1).label("number"), *(each.c[name] for name in names))
