"""One raw row into the records that it tells of, by what a mapping file says of its resource."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pydantic_core import PydanticUndefined

from substrate.catalog import Vertical
from substrate.columns import Meaning, Sensitivity
from substrate.expressions.errors import did_you_mean
from substrate.expressions.types import Type
from substrate.mapping import Draft, Gone, Mapper, Reader
from substrate.mappings.columns import Columns, Payload, Value
from substrate.mappings.conditions import condition
from substrate.mappings.fault import MappingFault
from substrate.mappings.fields import CodeTable, Target, code_table, field_value, target_of
from substrate.mappings.spec import FieldSpec, MappingSpec, RecordSpec, Resource
from substrate.mappings.tables import sql_table
from substrate.mappings.templates import key_template, prefix_of
from substrate.quality import Reason, RowRefused
from substrate.records import Record, mapped_columns, table_of
from substrate.relations import TableOptions

_CHANGED_AT = Target(
    Record, "changed_at", Meaning("When the source last changed it", Sensitivity.INTERNAL, instant=True), Type.TIMESTAMP
)


@dataclass(frozen=True, slots=True)
class RecordReader:
    """What makes drafts of one kind of record."""

    record: type[Record]
    key: Value
    prefix: str
    changed: Value | None
    site: Value | None
    aliases: tuple[Value, ...]
    where: Value | None
    fields: tuple[tuple[str, Value], ...]
    needed: tuple[tuple[str, Any], ...]
    """Columns that always hold a value, each with the one that it holds where a row says none (None: refuse)."""

    def draft(self, payload: Payload, reader: Reader, key: str) -> Draft:
        """The record of a row.

        Raises:
            RowRefused: a value cannot be read, or one that must be there is not.
        """
        values = {name: value(payload, reader) for name, value in self.fields}
        for name, otherwise in self.needed:
            if values.get(name) is None:
                if otherwise is None:
                    raise RowRefused(Reason.MISSING_VALUE, f"{self.record.kind}.{name} has no value")
                values[name] = otherwise
        draft = Draft(self.record, self.prefix + key, values)
        if self.changed is not None:
            draft.changed_at = self.changed(payload, reader)
        if self.site is not None:
            draft.site = self.site(payload, reader)
        if self.aliases:
            names = (alias(payload, reader) for alias in self.aliases)
            draft.aliases = tuple(name for name in names if name is not None)
        return draft

    def is_left_out(self, payload: Payload, reader: Reader) -> bool:
        """Whether the row is plainly none of ours; where nobody knows, it is."""
        return self.where is not None and self.where(payload, reader) is False


@dataclass(frozen=True, slots=True)
class RowReader:
    """What makes records of the rows of one resource: the `read` of its mapper."""

    own: RecordReader
    beside: tuple[RecordReader, ...]
    deleted: Value | None

    def __call__(self, payload: Payload, reader: Reader) -> Draft | Gone:
        """The record of a row with those beside it, or the word that there is none.

        Raises:
            RowRefused: the row cannot be read.
        """
        own = self.own
        key = own.key(payload, reader)
        if key is None:
            raise RowRefused(Reason.MISSING_KEY, f"the key of the {own.record.kind} is blank")
        if own.is_left_out(payload, reader) or (self.deleted is not None and self.deleted(payload, reader) is True):
            return Gone(key)
        draft = own.draft(payload, reader, key)
        if self.beside:
            draft.also = tuple(self._beside(payload, reader))
        return draft

    def _beside(self, payload: Payload, reader: Reader) -> list[Draft]:
        found = ((each, each.key(payload, reader)) for each in self.beside if not each.is_left_out(payload, reader))
        return [each.draft(payload, reader, key) for each, key in found if key is not None]

    def key_in(self, payload: Payload) -> str | None:
        """The key of a row, if it can be told."""
        try:
            key: str | None = self.own.key(payload, _NOBODY)
        except RowRefused:
            return None
        return key


@dataclass(frozen=True)
class Table:
    """What is known of a resource of a mapping file, beside its mapper.

    Attributes:
        mapper: what reads its rows.
        used: the columns that anything reads, by their name in the source.
        filled: the columns of each record that it fills, by kind.
        codes: the code tables.
        sql: where its rows are, if the source is a SQL database.
    """

    mapper: Mapper
    used: frozenset[str]
    filled: dict[str, tuple[str, ...]]
    codes: tuple[CodeTable, ...]
    sql: TableOptions


def table_of_resource(vertical: Vertical, spec: MappingSpec, name: str, version: int) -> Table:
    """What reads the rows of one resource.

    Raises:
        MappingFault: the file contradicts itself or the vertical.
    """
    resource, place = spec.resources[name], f"resources.{name}"
    compiler = _Compiler(vertical, Columns(resource.columns, spec.blank, spec.zone, resource.sparse))
    reader = compiler.row(resource, place)
    beside = tuple(dict.fromkeys(each.record for each in reader.beside))
    mapper = Mapper(
        name, reader.own.record, reader, version=version, prefix=reader.own.prefix, also=beside, key=reader.key_in
    )
    where = sql_table(name, resource, compiler.columns)
    return Table(mapper, frozenset(compiler.columns.used), compiler.filled, tuple(compiler.codes), where)


class _Compiler:
    """Turns what a file says of a resource into functions."""

    def __init__(self, vertical: Vertical, columns: Columns) -> None:
        self.vertical = vertical
        self.columns = columns
        self.codes: list[CodeTable] = []
        self.filled: dict[str, tuple[str, ...]] = {}

    def row(self, spec: Resource, place: str) -> RowReader:
        """What reads the rows of a resource."""
        prefix = prefix_of(spec.key, f"{place}.key")
        own = self._record(spec, place, prefix)
        beside = tuple(self._record(each, f"{place}.also[{index}]", "") for index, each in enumerate(spec.also))
        return RowReader(own, beside, self._condition(spec.deleted, f"{place}.deleted"))

    def _record(self, spec: RecordSpec, place: str, prefix: str) -> RecordReader:
        if spec.record not in self.vertical.kinds:
            near = did_you_mean(spec.record, self.vertical.kinds) or f"it has: {', '.join(self.vertical.kinds)}."
            problem = f"{self.vertical.name} has no records of kind {spec.record!r}"
            raise MappingFault(f"{place}.record", problem, near[0].upper() + near[1:])
        record, columns = self.vertical.kinds[spec.record], self.columns
        fields = tuple((name, self._field(record, name, each, place)) for name, each in spec.fields.items())
        self.filled[record.kind] = (*self.filled.get(record.kind, ()), *spec.fields)
        return RecordReader(
            record,
            key_template(spec.key, columns, f"{place}.key", without=prefix),
            prefix,
            self._changed(spec.changed, f"{place}.changed"),
            None if spec.site is None else key_template(spec.site, columns, f"{place}.site"),
            tuple(key_template(each, columns, f"{place}.aliases") for each in spec.aliases),
            self._condition(spec.where, f"{place}.where"),
            fields,
            _needed(record, _given(spec), place),
        )

    def _field(self, record: type[Record], name: str, spec: FieldSpec, place: str) -> Value:
        here = f"{place}.fields.{name}"
        target = target_of(record, name, here)
        value, codes = field_value(target, spec, self.columns, here), code_table(target, spec, self.columns)
        if codes is not None:
            self.codes.append(replace(codes, field=f"{record.kind}.{name}"))
        return value

    def _changed(self, spec: FieldSpec | None, place: str) -> Value | None:
        if spec is None:
            return None
        return field_value(_CHANGED_AT, spec, self.columns, place)

    def _condition(self, text: str | None, place: str) -> Value | None:
        return None if text is None else condition(text, self.columns, place)


def _given(spec: RecordSpec) -> frozenset[str]:
    """The columns that may get a value."""
    fields = spec.fields.items()
    return frozenset(name for name, each in fields if "value" not in each.model_fields_set or each.value is not None)


def _needed(record: type[Record], given: frozenset[str], place: str) -> tuple[tuple[str, Any], ...]:
    """The columns that may not be without a value, with the one that stands where none is said."""
    table = table_of(record)
    needed = []
    for name in mapped_columns(record):
        if table.c[name].nullable:
            continue
        declared = record.model_fields[name].default
        default = None if declared is PydanticUndefined else declared
        if default is None and name not in given:
            raise MappingFault(f"{place}.fields", f"{record.kind}.{name} must have a value", f"Add `{name}`.")
        needed.append((name, default))
    return tuple(needed)


_NOBODY = Reader("")
