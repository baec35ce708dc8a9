"""The features of a few entities, computed again at once after an event.

For a handful of rows it is faster to compare them here than to stage them in the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Delete, Row, Select, bindparam, delete, select

from substrate.bulk import append, upsert
from substrate.features.compute import compute
from substrate.features.declare import View
from substrate.features.events import AT
from substrate.features.tables import LIVE, feature_history, feature_table
from substrate.idset import Among, IdList
from substrate.tracing import spanned

_IDS: Any = bindparam("ids", type_=IdList())


@spanned("features")
def refresh_entities(
    connection: Connection, view: View, ids: Iterable[int], at: int, *, timeline: str = LIVE
) -> dict[int, frozenset[str]]:
    """Make the stored features of some entities true as of `at`, and return what changed: names of features, by id.

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
    before = {row[0]: row for row in connection.execute(_stored(view, timeline), wanted).all()}
    settled = {key for key, row in before.items() if row[-1] > at}
    computed = {row[0]: row for row in connection.execute(_computed(view), wanted).all() if row[0] not in settled}
    gone = [row for key, row in before.items() if key not in computed and key not in settled]
    table, history = feature_table(view, timeline), feature_history(view, timeline)
    names = table.columns.keys()
    changed = {key: _differing(names, before.get(key), row) for key, row in computed.items()}
    upsert(connection, table, names, [(*row, at) for row in computed.values()], rising="as_of")
    if gone:
        connection.execute(_removal(view, timeline), {"ids": [row[0] for row in gone]})
    told = [(*computed[key], at, False) for key, differing in changed.items() if differing]
    told += [(*row[:-1], at, True) for row in gone]
    append(connection, history, (*names, "gone"), told)
    lost = {row[0]: frozenset(names) for row in gone}
    return {key: differing for key, differing in changed.items() if differing} | lost


def _differing(names: Sequence[str], before: Row[Any] | None, now: Row[Any]) -> frozenset[str]:
    """The columns that hold another value now; all of them, where there was no row."""
    if before is None:
        return frozenset(names)
    return frozenset(name for name, was, is_ in zip(names, before, now, strict=False) if was != is_)


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
