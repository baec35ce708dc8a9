"""One entity's features as somebody who asks may see them: what is above their clearance is withheld, and says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from substrate.access import Caller, Label
from substrate.catalog import Vertical
from substrate.columns import Sensitivity
from substrate.errors import ConflictError, ForbiddenError, NotFoundError
from substrate.expressions.types import Operand, Value
from substrate.features.checked import feature_operands, sensitivity_of
from substrate.features.declare import View
from substrate.features.online import read_online
from substrate.records import Record, content_columns, meanings, table_of

_LARGEST = (1 << 63) - 1
"""A number above it fits no column of ids."""


@dataclass(frozen=True, slots=True)
class SeenFeatures:
    """One entity's features, as somebody may see them.

    Attributes:
        kind: the kind of entity.
        id: its id.
        values: by feature, those that may be seen; None is unknown.
        withheld: by feature the clearance that a reader of it needs.
        as_of: the instant that the values are true for, in microseconds since 1970 UTC.
        stale: older than the view promises.
        view: what is computed.
    """

    kind: str
    id: int
    values: Mapping[str, Value | None]
    withheld: Mapping[str, Sensitivity]
    as_of: int
    stale: bool
    view: View

    def operand(self, name: str) -> Operand:
        """What a feature's values stand for."""
        return feature_operands(self.view)[name]


def features_for(
    connection: Connection, caller: Caller, vertical: Vertical, kind: str, key: str, *, now: int
) -> SeenFeatures:
    """The features of the entity that a key or id means.

    Args:
        connection: a read transaction.
        caller: who asks.
        vertical: whose records they are.
        kind: the kind of entity.
        key: its key in its source, or its id.
        now: the instant of asking.

    Raises:
        ForbiddenError: they may not know of any record of the kind.
        NotFoundError: there is none, or none that they may see; which of the two is not told.
        ConflictError: the features were never computed, or several sources have such a record.
    """
    number = find_for(connection, caller, vertical, kind, key)
    view = vertical.views_by_kind.get(kind)
    if view is None:
        known = ", ".join(vertical.views_by_kind)
        raise NotFoundError(f"{vertical.name} computes no features of {kind!r}", hint=f"It does of: {known}.")
    row = read_online(connection, view, [number], now).get(number)
    if row is None:
        hint = f"`plumbline run {vertical.name}` computes them."
        raise ConflictError(f"the features of this {kind} were never computed", hint=hint)
    levels = {name: sensitivity_of(operand) for name, operand in feature_operands(view).items()}
    values = {name: row.values[name] for name, level in levels.items() if level <= caller.clearance}
    withheld = {name: level for name, level in levels.items() if level > caller.clearance}
    return SeenFeatures(kind, number, values, withheld, row.as_of, row.stale, view)


def find_for(connection: Connection, caller: Caller, vertical: Vertical, kind: str, key: str) -> int:
    """The id of the record that a key or id means, if somebody may know of it.

    Raises:
        ForbiddenError: they may not know of any record of the kind.
        NotFoundError: there is none, or none that they may see; which of the two is not told.
        ConflictError: several sources have such a record, and they may see several of these.
    """
    record = vertical.record(kind)
    needs = of_people(record)
    if not caller.may_ask(vertical.name) or caller.clearance < needs:
        hint = f"It takes a key for {vertical.name} with the clearance {needs.name.lower()}."
        raise ForbiddenError(f"the caller may not ask about any {kind}", hint=hint)
    table = table_of(record)
    named = table.c.source_key == key
    wanted = or_(named, table.c.id == int(key)) if key.isdecimal() and int(key) <= _LARGEST else named
    rows = connection.execute(select(table.c.id, table.c.site).where(wanted)).all()
    seen = [row.id for row in rows if caller.may_see(Label(needs, row.site))]
    if not seen:
        raise NotFoundError(f"there is no such {kind}", hint="Give its key in the source, or its id.")
    if len(seen) > 1:
        ids = ", ".join(str(number) for number in seen)
        raise ConflictError(f"several sources have such a {kind}", hint=f"Give one of the ids {ids}.")
    return int(seen[0])


def of_people(record: type[Record]) -> Sensitivity:
    """The clearance that it takes to know that a record of a kind exists: does its key lead to a person?"""
    known = meanings(record)
    about_people = any(known[name].sensitivity >= Sensitivity.PII for name in content_columns(record))
    return Sensitivity.PII if about_people else Sensitivity.INTERNAL
