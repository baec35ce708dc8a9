"""One statement in the making: which tables it joins, and which column each operand is.

A table is joined only when a path asks for it, by primary key and unmaterialised, so that a rule over a whole kind
is one scan.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, BindParameter, ColumnElement, FromClause, Select, and_, bindparam, select

from substrate.expressions.sql import to_sql
from substrate.expressions.types import FieldPath
from substrate.features.checked import derivations
from substrate.features.compute import compute
from substrate.features.declare import View
from substrate.features.events import Ids, Moment, listed
from substrate.features.tables import LIVE, feature_table
from substrate.history import masked, snapshot, visible
from substrate.paths import Origin, Paths
from substrate.records import Record, table_of


@dataclass(frozen=True, slots=True)
class Asked:
    """What a statement is asked for.

    Attributes:
        at: the instant that it is true for.
        known: the instant up to which we had learned; None: all that is known today.
        ids: the only records that are asked for, given now or when the statement runs; None: all.
        recompute: features are computed as of `at`, not read from their table.
        timeline: which copy of the feature tables is read.
    """

    at: ColumnElement[int]
    known: int | None = None
    ids: list[int] | BindParameter[Any] | None = None
    recompute: bool = False
    timeline: str = LIVE

    @property
    def moment(self) -> Moment:
        """When, as the compiler of features takes it."""
        known = None if self.known is None else bindparam(None, self.known, BigInteger(), unique=True)
        return Moment(self.at, known)


class Reading:
    """The joins of one statement that gives a row for each record of one kind."""

    def __init__(self, paths: Paths, kind: str, asked: Asked) -> None:
        self._paths = paths
        self._kind = kind
        self._asked = asked
        record = paths.record(kind)
        self.root = self._versions(record, asked.ids)
        self.source: FromClause = self.root
        self._places: dict[FieldPath, FromClause] = {(): self.root}
        self._features: dict[FieldPath, FromClause] = {}

    def statement(self, columns: dict[str, ColumnElement[Any]]) -> Select[Any]:
        """One row a record: `id`, `source_key` and the columns, by label."""
        labelled = [column.label(label) for label, column in columns.items()]
        found = select(self.root.c.id, self.root.c.source_key, *labelled).select_from(self.source)
        record = self._paths.record(self._kind)
        return found.where(*self._present(record, self.root), *listed(self.root.c.id, self._asked.ids))

    def column(self, path: FieldPath) -> ColumnElement[Any]:
        """The column that holds the operand at `path`; its table is joined if it is not yet.

        Raises:
            LookupError: there is no such operand; whoever asks has checked the path before.
        """
        origin = self._paths.origin(self._kind, path)
        if origin is None:
            raise LookupError(".".join(path))
        if origin.view is not None:
            return self._feature(origin, origin.view)
        place = self._place(origin.hops)
        if self._asked.known is not None:
            return place.c[origin.name]
        return masked(origin.record, place, origin.name, self._asked.at)

    def _feature(self, origin: Origin, view: View) -> ColumnElement[Any]:
        derived = derivations(view).get(origin.name)
        if derived is not None:
            return to_sql(derived, lambda path: self.column((*origin.hops, *path)), self._asked.at)
        if origin.hops not in self._features:
            self._features[origin.hops] = self._join_features(origin.hops, view)
        return self._features[origin.hops].c[origin.name]

    def _join_features(self, hops: FieldPath, view: View) -> FromClause:
        asked = self._asked
        place = self._place(hops)
        found: FromClause
        if asked.recompute:
            found = compute(view, asked.moment, self._ids_at(hops)).subquery()
        else:
            found = feature_table(view, asked.timeline).alias()
        self.source = self.source.outerjoin(found, found.c.id == place.c.id)
        return found

    def _place(self, hops: FieldPath) -> FromClause:
        if hops not in self._places:
            self._places[hops] = self._join_record(hops)
        return self._places[hops]

    def _join_record(self, hops: FieldPath) -> FromClause:
        record = self._paths.reached(self._kind, hops)
        if record is None:
            raise LookupError(".".join(hops))
        link = self._place(hops[:-1]).c[f"{hops[-1]}_id"]
        place = self._versions(record, self._ids_at(hops))
        self.source = self.source.outerjoin(place, and_(place.c.id == link, *self._present(record, place)))
        return place

    def _ids_at(self, hops: FieldPath) -> Ids:
        """The ids of the records that these references lead to from the records that are asked for; None: all."""
        if not hops or self._asked.ids is None:
            return self._asked.ids
        link = self._place(hops[:-1]).c[f"{hops[-1]}_id"]
        reached = select(link).correlate(None)
        if self._asked.known is not None:
            return reached  # an earlier state holds what was reached, and nothing else
        return reached.select_from(self.source).where(*listed(self.root.c.id, self._asked.ids))

    def _versions(self, record: type[Record], ids: Ids) -> FromClause:
        if self._asked.known is None:
            return table_of(record).alias()
        found = snapshot(record, self._asked.at, self._asked.known, where=lambda table: listed(table.c.id, ids))
        # Under a name of its own, so that those who are reached from it need not repeat it: a statement that did would
        # double with every reference.
        return found.element.cte()

    def _present(self, record: type[Record], place: FromClause) -> tuple[ColumnElement[bool], ...]:
        return (visible(record, place, self._asked.at),) if self._asked.known is None else ()
