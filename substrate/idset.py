"""A set of ids as one bound parameter: the statement's text stays the same whatever the number of ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import BigInteger, ColumnElement, Dialect, Text, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import Boolean, TypeDecorator, TypeEngine


class IdList(TypeDecorator[list[int]]):
    """A list of ids on its way to the database: an array for PostgreSQL, JSON text for SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The type that the driver is handed."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(ARRAY(BigInteger))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: list[int] | None, dialect: Dialect) -> Any:
        """The value that the driver is handed."""
        return value if dialect.name == "postgresql" or value is None else orjson.dumps(value).decode()


class Among(GenericFunction[bool]):
    """`column IN (the ids)`, spelt as each database reads it fastest."""

    type = Boolean()
    name = "plumbline_among"
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        """Itself: SQLAlchemy would write `= 1` behind a boolean function for SQLite, and no index would be used."""
        return self


def among(column: ColumnElement[Any], ids: Iterable[int]) -> ColumnElement[bool]:
    """Whether an integer column is one of `ids`.

    Args:
        column: the integer column.
        ids: any number of ids; they travel as one bound parameter.
    """
    return Among(column, bindparam(None, list(ids), type_=IdList(), unique=True))


def among_given(column: ColumnElement[Any], name: str = "ids") -> ColumnElement[bool]:
    """Whether an integer column is one of the ids that are given when the statement is run.

    Such a statement can be made once: making one takes several times as long as running it on a few rows.

    Args:
        column: the integer column.
        name: of the parameter.
    """
    return Among(column, bindparam(name, type_=IdList()))


@compiles(Among, "sqlite")
def _on_sqlite(element: Among, compiler: SQLCompiler, **kw: Any) -> str:
    column, ids = element.clauses
    return f"{compiler.process(column, **kw)} IN (SELECT value FROM json_each({compiler.process(ids, **kw)}))"


@compiles(Among, "postgresql")
def _on_postgresql(element: Among, compiler: SQLCompiler, **kw: Any) -> str:
    column, ids = element.clauses
    return f"{compiler.process(column, **kw)} = ANY ({compiler.process(ids, **kw)})"
