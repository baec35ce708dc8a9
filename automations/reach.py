"""How far a change carries: the entities whose rules may judge otherwise because another record changed.

A rule about an order may ask for its patient's newest result, or wait for a dose. So a patient leads to orders, and a
dose to its order. What a message merely shows leads nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from automations.conditions import Expected
from automations.reflexes import Reflex, Reflexes
from substrate.expressions.types import FieldPath
from substrate.facts import Facts
from substrate.idset import Among, IdList
from substrate.paths import Paths
from substrate.records import table_of

MOST = 200
"""Entities that one change may lead to at once; the regular evaluation comes to the others."""


@dataclass(frozen=True)
class Way:
    """From changed records of one kind to entities of another.

    Attributes:
        changed: the kind of record that changed.
        kind: the kind of entity that it leads to.
        statement: gives pairs of an entity and the changed record, for `ids`.
        features: those of the changed record that rules at the end of the way judge by.
    """

    changed: str
    kind: str
    statement: Select[Any]
    features: frozenset[str] = frozenset()


def ways(facts: Facts, reflexes: Mapping[str, Reflexes]) -> list[Way]:
    """All ways that the rules know, each once."""
    found: dict[tuple[object, ...], Way] = {}
    for kind, prepared in reflexes.items():
        for reflex in prepared.rules:
            for hops, features in _hops(facts, kind, reflex).items():
                way = found.setdefault((kind, hops), _upwards(facts.paths, kind, hops))
                found[kind, hops] = replace(way, features=way.features | features)
            expected = reflex.compiled.expected
            if expected is not None:
                found.setdefault((kind, expected.kind, expected.by), _awaited(facts.paths, kind, expected))
    return list(found.values())


def reached(
    connection: Connection,
    known: Iterable[Way],
    changed: Mapping[str, set[int]],
    moved: Mapping[str, Mapping[int, frozenset[str]]] | None = None,
) -> list[tuple[str, int, int]]:
    """Where a change leads: the kind and id of each entity, and the id of the record that led there.

    Args:
        connection: a transaction that sees the change.
        known: the ways.
        changed: the ids of the records that changed, by kind.
        moved: the names of the features that changed, by kind and id; they lead only to whom they are asked for.
    """
    found = []
    for way in known:
        features = (moved or {}).get(way.changed, {})
        ids = changed.get(way.changed, set()) | {one for one, names in features.items() if names & way.features}
        if ids:
            rows = connection.execute(way.statement, {"ids": sorted(ids)}).all()
            found += [(way.kind, entity, cause) for entity, cause in rows if entity is not None]
    return found


def _hops(facts: Facts, kind: str, reflex: Reflex) -> dict[FieldPath, frozenset[str]]:
    """The references that the rule's conditions follow, and the features that they ask for at their end."""
    compiled = reflex.compiled
    judged = (
        compiled.found,
        compiled.holds,
        compiled.clears,
        compiled.moment,
        *(each for _, each in compiled.severities),
    )
    paths = [path for expression in judged if expression is not None for path in expression.operands]
    hops = dict.fromkeys([path[:count] for path in paths for count in range(1, len(path))], frozenset[str]())
    for path in paths:
        if len(path) > 1:
            hops[path[:-1]] |= facts.features_behind(kind, path)
    return hops


def _upwards(paths: Paths, kind: str, hops: FieldPath) -> Way:
    source = table_of(paths.record(kind)).alias("entity")
    place: Any = source
    joined: Any = source
    record = paths.record(kind)
    for number, hop in enumerate(hops):
        record = paths.targets(record)[hop]
        link = place.c[f"{hop}_id"]
        if number < len(hops) - 1:
            place = table_of(record).alias()
            joined = joined.join(place, place.c.id == link)
    chosen = select(source.c.id, link).select_from(joined).where(Among(link, _IDS), source.c.gone_at.is_(None))
    # The newest first: what is long over is the likeliest to be left to the regular evaluation.
    return Way(record.kind, kind, chosen.order_by(source.c.batch.desc()).limit(MOST))


def _awaited(paths: Paths, kind: str, expected: Expected) -> Way:
    table = table_of(paths.record(expected.kind))
    chosen = select(table.c[expected.by[0]], table.c.id).where(Among(table.c.id, _IDS))
    return Way(expected.kind, kind, chosen)


_IDS: Any = bindparam("ids", type_=IdList())
