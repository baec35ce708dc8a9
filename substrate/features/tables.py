"""The tables that features live in: a wide row an entity, its history, and one row of state a view.

They are derived from the declaration, created and widened by `schema.reconcile`, and can be rebuilt from the records.
"""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeEngine

from substrate.columns import meaning_of
from substrate.database import BigKey
from substrate.expressions.types import Type
from substrate.features.checked import Plan, plans
from substrate.features.declare import View
from substrate.records import table_of
from substrate.schema import SYSTEM

LIVE = "live"
REPLAY = "replay"
"""The copy that a run as of an earlier day works on, so that it never touches what is live."""

# What every view was last refreshed to. `digest` is of the declaration: a changed one cannot be refreshed in part.
feature_state = Table(
    "feature_state",
    SYSTEM,
    Column("view", String(120), primary_key=True),
    Column("timeline", String(40), primary_key=True),
    Column("as_of", BigInteger, nullable=False),
    Column("batch", BigInteger, nullable=False),
    Column("digest", String(32), nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("seconds", Double, nullable=False),
)

_STORED: dict[Type, type[TypeEngine[Any]]] = {
    Type.INT: BigInteger,
    Type.TIMESTAMP: BigInteger,
    Type.DURATION: BigInteger,
    Type.DOUBLE: Double,
    Type.STRING: Text,
    Type.BOOL: Boolean,
}


@cache
def feature_table(view: View, timeline: str = LIVE) -> Table:
    """The wide table of a view: the entity's `id`, a column a stored feature, and `as_of` which they were computed."""
    columns = [Column("id", BigKey, primary_key=True, autoincrement=False), *_values(view)]
    return Table(_name(view, timeline), MetaData(), *columns, Column("as_of", BigInteger, nullable=False))


@cache
def feature_history(view: View, timeline: str = LIVE) -> Table:
    """The append-only table of a view: a row whenever an entity's values changed, and one when it was `gone`."""
    name = f"{_name(view, timeline)}_history"
    return Table(
        name,
        MetaData(),
        Column("number", BigKey, primary_key=True),
        Column("id", BigInteger, nullable=False),
        *_values(view),
        Column("as_of", BigInteger, nullable=False),
        Column("gone", Boolean, nullable=False),
        Index(f"ix_{name}_id_as_of", "id", "as_of"),
    )


def tables_of(view: View, timeline: str = LIVE) -> tuple[Table, Table]:
    """The tables that a view needs, for `schema.reconcile`."""
    return feature_table(view, timeline), feature_history(view, timeline)


def sql_type(kind: Type) -> TypeEngine[Any]:
    """How a value of the language is stored."""
    return _STORED[kind]()


@cache
def digest_of(view: View) -> str:
    """A digest of everything that the stored values depend on: the aggregates, and what their columns mean."""
    parts = [view.entity.kind, view.entity.occurs, *(essence(found) for found in plans(view))]
    return blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def essence(found: Plan) -> tuple[object, ...]:
    """Everything that an aggregate's values depend on, apart from the records."""
    feature = found.aggregate
    meanings = [(name, meaning_of(table_of(found.record).c[name])) for name in found.columns]
    masks = [(name, meaning.known_at, meaning.before) for name, meaning in meanings]
    texts = [part and part.canonical for part in (found.value, found.hit, found.where)]
    span = (feature.by, feature.at, feature.window, feature.ahead, feature.per, feature.share)
    return (feature.name, feature.how, feature.of.kind, feature.of.occurs, found.yields, span, texts, masks)


def _values(view: View) -> list[Column[Any]]:
    return [Column(found.aggregate.name, sql_type(found.yields)) for found in plans(view)]


def _name(view: View, timeline: str) -> str:
    name = f"feature_{table_of(view.entity).name}"
    return name if timeline == LIVE else f"{name}__{timeline}"
