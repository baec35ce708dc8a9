"""What rules may say about the records of one vertical, and how it is read from the database.

An operand is a column of the record, a feature of its view, or either of a record that it refers to: `status`,
`lactate_latest`, `patient.age_years`, `encounter.ward.crowding`. The same paths serve rules over whole tables, one
entity's explanation, and "why did it not fire at 03:00".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, bindparam

from substrate.errors import NotFoundError
from substrate.expressions.expression import Expression
from substrate.expressions.sql import to_sql
from substrate.expressions.types import FieldPath, Schema, Value
from substrate.features.checked import derivations
from substrate.features.declare import View
from substrate.features.tables import LIVE
from substrate.freshness import records_name, view_name
from substrate.idset import IdList
from substrate.paths import FactSchema, Origin, Paths
from substrate.reading import Asked, Reading
from substrate.records import Record

Values = dict[FieldPath, Value | None]


class Facts:
    """The operands of one vertical's records, and the statements that read them.

    Args:
        records: its kinds of record.
        views: its features, at most one view a kind.
        timeline: which copy of the feature tables is read; `live`, or another such as `replay`.
    """

    def __init__(self, records: Iterable[type[Record]], views: Iterable[View] = (), *, timeline: str = LIVE) -> None:
        self.paths = Paths(records, views)
        self.timeline = timeline
        self._rests: dict[tuple[str, FieldPath], set[str]] = {}
        self._readers: dict[tuple[str, tuple[FieldPath, ...]], Select[Any]] = {}

    def schema(self, kind: str) -> Schema:
        """The operands in reach of a record of this kind.

        Raises:
            NotFoundError: there is no such kind.
        """
        return FactSchema(self.paths, kind)

    def select(
        self,
        kind: str,
        columns: Mapping[str, Expression | FieldPath],
        at: int,
        known: int | None = None,
        *,
        ids: Iterable[int] | None = None,
        where: Expression | None = None,
        recompute: bool = False,
    ) -> Select[Any]:
        """A statement that gives one row a record: `id`, `source_key`, and the labelled columns.

        Args:
            kind: the kind of record.
            columns: what to read, by label: an expression checked against `schema(kind)`, or a path.
            at: the instant that the answer is true for.
            known: the instant up to which we had learned; None: all that is known today.
            ids: only these records; None: all.
            where: only records for which this condition is true.
            recompute: compute the features as of `at` instead of reading their table; so it is whenever `known` is
                given, since the table holds what is known today.
        """
        moment = bindparam(None, at, BigInteger(), unique=True)
        wanted = None if ids is None else list(ids)
        asked = Asked(moment, known, wanted, recompute or known is not None, self.timeline)
        reading = Reading(self.paths, kind, asked)
        listed = {label: _column(reading, part, moment) for label, part in columns.items()}
        condition = None if where is None else to_sql(where, reading.column, moment)
        statement = reading.statement(listed)
        return statement if condition is None else statement.where(condition)

    def read(
        self,
        connection: Connection,
        kind: str,
        paths: Iterable[FieldPath],
        at: int,
        known: int | None = None,
        *,
        ids: Iterable[int],
        recompute: bool = False,
    ) -> dict[int, Values]:
        """The values of these paths for some records, by id; records that do not exist at `at` are left out."""
        listed = tuple(dict.fromkeys(paths))
        if known is None and not recompute:
            found = self.rows(connection, kind, listed, at, ids)
            return {number: dict(zip(listed, row, strict=True)) for number, row in found.items()}
        rows = connection.execute(self.select(kind, _labelled(listed), at, known, ids=ids, recompute=recompute))
        return {row[0]: dict(zip(listed, row[2:], strict=True)) for row in rows}

    def rows(
        self, connection: Connection, kind: str, paths: tuple[FieldPath, ...], at: int, ids: Iterable[int]
    ) -> dict[int, Sequence[Value | None]]:
        """As `read`, of what is known today, the values alone: in the order of the paths, each of which comes once."""
        found = connection.execute(self._reader(kind, paths), {"at": at, "ids": list(ids)}).all()
        return {row[0]: row[2:] for row in found}

    def _reader(self, kind: str, paths: tuple[FieldPath, ...]) -> Select[Any]:
        """The statement that reads these paths, made once: making it takes longer than running it."""
        found = self._readers.get((kind, paths))
        if found is None:
            at, ids = bindparam("at", type_=BigInteger()), bindparam("ids", type_=IdList())
            reading = Reading(self.paths, kind, Asked(at, None, ids, recompute=False, timeline=self.timeline))
            found = reading.statement({label: reading.column(path) for label, path in _labelled(paths).items()})
            self._readers[kind, paths] = found
        return found

    def at(
        self,
        connection: Connection,
        kind: str,
        entity_id: int,
        paths: Iterable[FieldPath],
        at: int,
        known: int | None = None,
    ) -> Values:
        """The values of these paths for one record as they were, features computed anew from its events.

        Raises:
            NotFoundError: the record did not exist at `at`, or was not known.
        """
        found = self.read(connection, kind, paths, at, known, ids=[entity_id], recompute=True)
        if entity_id not in found:
            raise NotFoundError(f"no {kind} with id {entity_id} existed then", hint="Check the id and the time.")
        return found[entity_id]

    def dependencies(self, kind: str, paths: Iterable[FieldPath]) -> frozenset[str]:
        """The watermarks that a condition over these paths rests on: `records:hospital_encounter`."""
        names = {records_name(self.paths.record(kind))}
        for path in paths:
            if (kind, path) not in self._rests:
                self._rests[kind, path] = self._watermarks(kind, path)
            names |= self._rests[kind, path]
        return frozenset(names)

    def features_behind(self, kind: str, path: FieldPath) -> frozenset[str]:
        """The stored features of the record at the end of a path that its value rests on; none behind a column."""
        origin = self.paths.origin(kind, path)
        if origin is None or origin.view is None:
            return frozenset()
        derived = derivations(origin.view).get(origin.name)
        if derived is None:
            return frozenset({origin.name})
        return frozenset[str]().union(*(self.features_behind(origin.record.kind, one) for one in derived.operands))

    def _watermarks(self, kind: str, path: FieldPath) -> set[str]:
        origin = self.paths.origin(kind, path)
        if origin is None:
            return set()
        passed = (self.paths.reached(kind, path[:count]) for count in range(len(path)))
        return {records_name(record) for record in passed if record} | self._features(origin)

    def _features(self, origin: Origin) -> set[str]:
        if origin.view is None:
            return set()
        derived = derivations(origin.view).get(origin.name)
        if derived is None:
            return {view_name(origin.record)}
        return set[str]().union(*(self._watermarks(origin.record.kind, path) for path in derived.operands))


def _labelled(paths: Iterable[FieldPath]) -> dict[str, FieldPath]:
    return {f"v{place}": path for place, path in enumerate(paths)}


def _column(reading: Reading, part: Expression | FieldPath, moment: Any) -> Any:
    return to_sql(part, reading.column, moment) if isinstance(part, Expression) else reading.column(part)
