"""Where each operand of a rule comes from: a column or a feature of a record, or of one that it refers to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from substrate.columns import Sensitivity, meaning_of
from substrate.errors import NotFoundError
from substrate.expressions.types import FieldPath, Operand
from substrate.features.checked import feature_operands
from substrate.features.declare import View
from substrate.operands import column_operands
from substrate.records import Record, references, table_of

# How many references a path may follow: `encounter.ward.crowding` follows two.
MAX_HOPS = 2


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an operand's value comes from.

    Attributes:
        hops: the references that lead to its record, in order; empty: the entity's own.
        record: the kind of record that has it.
        name: the column or feature.
        view: the view that computes it; None: it is a column.
    """

    hops: FieldPath
    record: type[Record]
    name: str
    view: View | None


class Paths:
    """The operands in reach of each kind of record of one vertical.

    Args:
        records: its kinds of record.
        views: its features, at most one view a kind.
    """

    def __init__(self, records: Iterable[type[Record]], views: Iterable[View] = ()) -> None:
        self.records = {record.kind: record for record in records}
        self.views = {view.entity.kind: view for view in views}
        self._operands: dict[tuple[str, FieldPath], Operand] = {}

    def record(self, kind: str) -> type[Record]:
        """The record class of a kind.

        Raises:
            NotFoundError: there is no such kind.
        """
        if kind not in self.records:
            raise NotFoundError(f"there are no records of kind {kind!r}", hint=f"There are: {', '.join(self.records)}.")
        return self.records[kind]

    def origin(self, kind: str, path: FieldPath) -> Origin | None:
        """Where the operand at `path` comes from; None: there is none."""
        hops, name = path[:-1], path[-1]
        record = self.reached(kind, hops) if len(hops) <= MAX_HOPS else None
        if record is None:
            return None
        view = self.views.get(record.kind)
        if view is not None and name in feature_operands(view):
            return Origin(hops, record, name, view)
        return Origin(hops, record, name, None) if name in column_operands(record) else None

    def operand(self, kind: str, path: FieldPath) -> Operand | None:
        """The operand at `path`, under its whole path; None: there is none.

        The name of another record is called by what that record is here: `ward.name` is the `ward`. It is as protected
        as its own column says, and as the references say that lead to it.
        """
        known = self._operands.get((kind, path))
        if known is not None:
            return known
        origin = self.origin(kind, path)
        if origin is None:
            return None
        return self._operands.setdefault((kind, path), self._described(kind, path, origin))

    def _described(self, kind: str, path: FieldPath, origin: Origin) -> Operand:
        own = feature_operands(origin.view) if origin.view else column_operands(origin.record)
        found = replace(own[origin.name], path=path)
        level = max(self._through(kind, origin.hops), default=Sensitivity.PUBLIC)
        if level > Sensitivity[found.sensitivity or Sensitivity.PUBLIC.name]:
            found = replace(found, sensitivity=level.name)
        if origin.hops and origin.name == origin.record.title:
            return replace(found, short=self._link(kind, origin.hops))
        return found

    def _through(self, kind: str, hops: FieldPath) -> Iterator[Sensitivity]:
        for place, hop in enumerate(hops):
            record = self.reached(kind, hops[:place])
            if record is not None:
                yield meaning_of(table_of(record).c[f"{hop}_id"]).through

    def _link(self, kind: str, hops: FieldPath) -> str:
        """What the last of these references is called."""
        before = self.reached(kind, hops[:-1])
        name = f"{hops[-1]}_id"
        return column_operands(before)[name].label if before else ""

    def reached(self, kind: str, hops: FieldPath) -> type[Record] | None:
        """The kind of record that following these references leads to; None: they lead nowhere."""
        record = self.record(kind)
        for hop in hops:
            targets = self.targets(record)
            if hop not in targets:
                return None
            record = targets[hop]
        return record

    def targets(self, record: type[Record]) -> dict[str, type[Record]]:
        """The kinds that a record refers to, by the name that a path calls them: `ward` for `ward_id`."""
        found = {name.removesuffix("_id"): kind for name, kind in references(record).items() if name.endswith("_id")}
        return {name: self.records[kind] for name, kind in found.items() if kind in self.records}


class FactSchema:
    """The operands in reach of one kind of record, for the expression checker."""

    def __init__(self, paths: Paths, kind: str) -> None:
        self._paths = paths
        self._record = paths.record(kind)

    def resolve(self, path: FieldPath) -> Operand | None:
        """The operand at `path`, or None."""
        return self._paths.operand(self._record.kind, path)

    def names(self) -> Iterator[str]:
        """Every operand as an expression writes it, those of the record itself first."""
        return iter(self._names)

    @cached_property
    def _names(self) -> list[str]:
        found: list[str] = []
        places: list[tuple[FieldPath, type[Record]]] = [((), self._record)]
        for hops, record in places:
            found += [".".join((*hops, name)) for name in self._own(record)]
            if len(hops) < MAX_HOPS:
                places += [((*hops, name), target) for name, target in self._paths.targets(record).items()]
        return found

    def _own(self, record: type[Record]) -> list[str]:
        view = self._paths.views.get(record.kind)
        return [*column_operands(record), *(feature_operands(view) if view else ())]
