"""One entity's features, now from the online table, or as they were from its events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from substrate.catalog import Vertical
from substrate.errors import ConflictError, NotFoundError
from substrate.expressions.types import Operand, Value
from substrate.facts import Facts
from substrate.features.checked import feature_operands
from substrate.features.declare import View
from substrate.features.online import read_online
from substrate.idset import among
from substrate.records import table_of


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """One entity's features.

    Attributes:
        kind: the kind of entity.
        id: its id.
        source_key: its key in its source.
        values: by feature; None is unknown.
        as_of: the instant that they are true for.
        age: microseconds between that and the time of asking (0 for a look back).
        stale: older than the view promises.
        view: what is computed.
    """

    kind: str
    id: int
    source_key: str
    values: dict[str, Value | None]
    as_of: int
    age: int
    stale: bool
    view: View

    def operand(self, name: str) -> Operand:
        """What a feature's values stand for."""
        return feature_operands(self.view)[name]


def feature_row(
    connection: Connection, vertical: Vertical, kind: str, key: str, *, now: int, at: int | None
) -> FeatureRow:
    """The features of the entity that a person means by a key.

    Args:
        at: look back to this instant; None: now.

    Raises:
        NotFoundError: the kind has no features, or the entity does not exist (then).
        ConflictError: the features were never computed.
    """
    view = vertical.views_by_kind.get(kind)
    if view is None:
        known = ", ".join(vertical.views_by_kind)
        raise NotFoundError(f"{vertical.name} computes no features of {kind!r}", hint=f"It does of: {known}.")
    number, source_key = find_entity(connection, vertical, kind, key)
    if at is not None:
        facts = Facts(vertical.records, vertical.views)
        paths = [(name,) for name in feature_operands(view)]
        found = facts.at(connection, kind, number, paths, at)
        return FeatureRow(kind, number, source_key, {path[0]: found[path] for path in paths}, at, 0, False, view)
    row = read_online(connection, view, [number], now).get(number)
    if row is None:
        hint = f"`plumbline run {vertical.name}` computes them."
        raise ConflictError(f"the features of {kind} {key} were never computed", hint=hint)
    return FeatureRow(kind, number, source_key, row.values, row.as_of, now - row.as_of, row.stale, view)


def find_entity(connection: Connection, vertical: Vertical, kind: str, key: str) -> tuple[int, str]:
    """The id and source key of the entity that a person means: by its source key, or by our id.

    Raises:
        NotFoundError: there is none.
        ConflictError: several sources have a record under that key.
    """
    table = table_of(vertical.record(kind))
    named = table.c.source_key == key
    wanted = or_(named, table.c.id == int(key)) if key.isdecimal() else named
    rows = connection.execute(select(table.c.id, table.c.source_key).where(wanted).limit(2)).all()
    if not rows:
        raise NotFoundError(f"there is no {kind} {key!r}", hint="Give its key in the source, or its id.")
    if len(rows) > 1:
        ids = ", ".join(str(row.id) for row in rows)
        raise ConflictError(f"several sources have a {kind} {key!r}", hint=f"Give one of the ids {ids}.")
    return rows[0].id, rows[0].source_key


def source_keys(connection: Connection, vertical: Vertical, kind: str, ids: Iterable[int]) -> dict[int, str]:
    """The keys of some entities in their source, by id; one that we do not have is left out."""
    table = table_of(vertical.record(kind))
    return dict(connection.execute(select(table.c.id, table.c.source_key).where(among(table.c.id, ids))).tuples().all())
