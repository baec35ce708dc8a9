"""What is asked of a table: pages by key, pages of what changed, and how far it goes; each a SELECT.

A page begins after the last row of the one before, by value and not by count, so that neither rows that come and go
nor many rows of one instant make it lose any.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnClause,
    ColumnElement,
    FromClause,
    Select,
    and_,
    bindparam,
    column,
    func,
    literal_column,
    not_,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.types import NullType

from substrate.relations import Relation

CHANGED = "plumbline_changed"
"""The name under which a statement gives the value of `changed`, after the columns."""

Values = Sequence[Any]


class Walk:
    """The statements that read one table, view or query."""

    def __init__(self, relation: Relation, columns: Sequence[str]) -> None:
        names = dict.fromkeys((*columns, *relation.key, *relation.changed))
        self._from = _place(relation, list(names))
        self.columns = tuple(columns)
        self.key = relation.key
        self._keys = [self._from.c[name] for name in relation.key]
        stamps = [self._from.c[name] for name in relation.changed]
        self._changed = stamps[0] if len(stamps) == 1 else func.coalesce(*stamps) if stamps else None

    def whole(self, after: Values | None, limit: int) -> Select[Any]:
        """The next rows of all, by key."""
        return self._page(self._keys, after, limit).where(*self._named)

    def keyless(self, limit: int) -> Select[Any]:
        """Rows of which a key column is empty, so that nothing names them."""
        return self._page(self._keys, None, limit).where(not_(and_(*self._named)))

    def news(self, since: Any, after: Values | None, limit: int) -> Select[Any]:
        """The next rows that changed since then, by when they changed and key; `after` holds both."""
        return self._page([self.changed, *self._keys], after, limit).where(*self._named, self.changed >= _bound(since))

    def unstamped(self, after: Values | None, limit: int) -> Select[Any]:
        """The next rows of which nobody wrote down when they changed, by key."""
        return self._page(self._keys, after, limit).where(*self._named, self.changed.is_(None))

    def keys(self, after: Values | None, limit: int) -> Select[Any]:
        """The next keys of all, and nothing else."""
        return _after(select(*self._keys), self._keys, after).where(*self._named).limit(limit)

    def among(self, keys: Sequence[Values]) -> Select[Any]:
        """Those of some keys that there are."""
        named = [
            and_(*(column == _bound(value) for column, value in zip(self._keys, key, strict=True))) for key in keys
        ]
        return select(*self._keys).where(or_(*named))

    def latest(self, below: Any = None) -> Select[Any]:
        """The latest `changed` that there is, or that there is below a value."""
        found = select(func.max(self.changed))
        return found if below is None else found.where(self.changed < _bound(below))

    def nothing(self) -> Select[Any]:
        """No rows; their columns."""
        return select(literal_column("*")).select_from(self._from)

    @property
    def is_stamped(self) -> bool:
        """Whether rows say when they changed."""
        return self._changed is not None

    @property
    def changed(self) -> ColumnElement[Any]:
        """When a row changed.

        Raises:
            LookupError: nobody said which column tells.
        """
        if self._changed is None:
            raise LookupError(CHANGED)
        return self._changed

    @property
    def _named(self) -> list[ColumnElement[bool]]:
        return [key.is_not(None) for key in self._keys]

    def _page(self, order: Sequence[ColumnElement[Any]], after: Values | None, limit: int) -> Select[Any]:
        stamp = () if self._changed is None else (self._changed.label(CHANGED),)
        shown = [self._from.c[name] for name in self.columns]
        keys = [key.label(f"plumbline_key_{number}") for number, key in enumerate(self._keys)]
        return _after(select(*shown, *keys, *stamp), order, after).limit(limit)


def _place(relation: Relation, names: Sequence[str]) -> FromClause:
    """What is selected from. Columns have no type here: a driver's own values are compared with themselves."""
    columns: list[ColumnClause[Any]] = [column(name) for name in names]
    if relation.query is not None:
        # A colon would begin a parameter, of which somebody else's statement has none; a comment may end it.
        return text(relation.query.replace(":", r"\:") + "\n").columns(*columns).subquery("plumbline_query")
    schema, _, name = (relation.table or "").rpartition(".")
    return table(name, *columns, schema=schema or None)


def _after(statement: Select[Any], order: Sequence[ColumnElement[Any]], after: Values | None) -> Select[Any]:
    found = statement.order_by(*order)
    if after is None:
        return found
    # The first column's bound by itself lets an index begin there; MySQL does not take a comparison of rows so.
    return found.where(order[0] >= _bound(after[0]), _beyond(order, after))


def _beyond(order: Sequence[ColumnElement[Any]], after: Values) -> ColumnElement[bool]:
    """Whether a row comes after these values: (a, b) > (x, y), spelled out."""
    first, value = order[0], _bound(after[0])
    if len(order) == 1:
        return first > value
    return or_(first > value, and_(first == value, _beyond(order[1:], after[1:])))


def _bound(value: Any) -> ColumnElement[Any]:
    """A value as the driver takes it: given a type, PostgreSQL would not compare it with an enum or a uuid."""
    return bindparam(None, value, NullType(), unique=True)
