"""Records for a batch of documents: a handful of statements, however many documents it tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, select

from rag.told.paths import Hops
from rag.told.rows import Raw, Shelf
from rag.told.statements import Statements
from rag.told.story import Told
from substrate.idset import among_given
from substrate.records import Record, references, table_of


def fetched(connection: Connection, statements: Statements, ids: Sequence[int]) -> tuple[dict[int, Told], Shelf]:
    """What the documents of some records are told from; one that is not to be told of is left out.

    Args:
        connection: any.
        statements: the story's.
        ids: of the records.
    """
    story = statements.story
    own = [dict(row) for row in connection.execute(statements.records, {"ids": list(ids)}).mappings()]
    told = {raw["id"]: Told(raw, {name: [] for name in story.telling.lists}) for raw in own}
    shelf = Shelf(story.kinds, story.zone)
    _shelve(connection, shelf, story.record, own, story.follows(story.telling.entity))
    for name, listed in story.telling.lists.items():
        found = [dict(row) for row in connection.execute(statements.beside(name), {"ids": list(told)}).mappings()]
        for raw in found:
            owner = told[raw["_of"]]
            owner.lists[name].append(raw)
            owner.counts[name] = raw["_count"]
        _shelve(connection, shelf, story.kinds[listed.kind], found, story.follows(name))
    return told, shelf


def _shelve(
    connection: Connection, shelf: Shelf, record: type[Record], rows: Iterable[Raw], follows: Sequence[Hops]
) -> None:
    """Lay out what these records refer to, and what that refers to."""
    reached: dict[Hops, tuple[type[Record], list[Raw]]] = {(): (record, list(rows))}
    for hops in follows:
        before, found = reached[hops[:-1]]
        kind = references(before)[f"{hops[-1]}_id"]
        wanted = {raw[f"{hops[-1]}_id"] for raw in found} - {None}
        target = shelf.kinds[kind]
        shelf.records.setdefault(kind, {}).update(
            _there(connection, target, wanted - shelf.records.get(kind, {}).keys())
        )
        known = shelf.records[kind]
        reached[hops] = target, [known[number] for number in wanted if number in known]


def _there(connection: Connection, record: type[Record], ids: set[Any]) -> Mapping[int, Raw]:
    if not ids:
        return {}
    found = connection.execute(_by_id(record), {"ids": sorted(ids)})
    return {row["id"]: dict(row) for row in found.mappings()}


@cache
def _by_id(record: type[Record]) -> Select[Any]:
    table = table_of(record)
    return select(table).where(among_given(table.c.id), table.c.gone_at.is_(None))
