"""The features of a few entities, computed again at once after an event.

For a handful of rows it is faster to compare them here than to stage them in the database.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import Connection, Delete, Select, Table, bindparam, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from substrate.features.compute import compute
from substrate.features.declare import View
from substrate.features.events import AT
from substrate.features.tables import LIVE, feature_history, feature_table
from substrate.idset import Among, IdList
from substrate.tracing import spanned

_IDS: Any = bindparam("ids", type_=IdList())


@spanned("features")
def refresh_entities(connection: Connection, view: View, ids: Iterable[int], at: int, *, timeline: str = LIVE) -> int:
    """Make the stored features of some entities true as of `at`, and return for how many something changed.

    The view's own state stays what the last refresh made it. A row that is already true for a later instant is left
    as it is.

    Args:
        connection: a write transaction; the caller commits.
        view: the view.
        ids: the entities; one that does not exist at `at` loses its row.
        at: the instant that the values shall be true for.
        timeline: which copy of the tables.
    """
    wanted = {"ids": list(dict.fromkeys(ids)), "at": at}
    before = {row[0]: row for row in connection.execute(_stored(view, timeline), wanted)}
    settled = {key for key, row in before.items() if row[-1] > at}
    computed = {row[0]: row for row in connection.execute(_computed(view), wanted) if row[0] not in settled}
    gone = [row for key, row in before.items() if key not in computed and key not in settled]
    changed = [row for key, row in computed.items() if key not in before or before[key][:-1] != row]
    table, history = feature_table(view, timeline), feature_history(view, timeline)
    names = [column.name for column in table.columns]
    if computed:
        _upsert(connection, table, [dict(zip(names, (*row, at), strict=True)) for row in computed.values()])
    if gone:
        connection.execute(_removal(view, timeline), {"ids": [row[0] for row in gone]})
    told = [(*row, at, False) for row in changed] + [(*row[:-1], at, True) for row in gone]
    if told:
        connection.execute(insert(history), [dict(zip((*names, "gone"), row, strict=True)) for row in told])
    return len(told)


@cache
def _computed(view: View) -> Select[Any]:
    return compute(view, AT, _IDS)


@cache
def _stored(view: View, timeline: str) -> Select[Any]:
    table = feature_table(view, timeline)
    return select(*table.columns).where(Among(table.c.id, _IDS))


@cache
def _removal(view: View, timeline: str) -> Delete:
    table = feature_table(view, timeline)
    return delete(table).where(Among(table.c.id, _IDS))


def _upsert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    given = {column.name: statement.excluded[column.name] for column in table.columns if column.name != "id"}
    newer = table.c.as_of <= statement.excluded.as_of
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=given, where=newer), rows)
