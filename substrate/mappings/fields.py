"""Where the value of one column of a record comes from, checked against what the record holds there."""

from __future__ import annotations

from dataclasses import dataclass

from substrate.clock import parse_instant
from substrate.columns import Meaning, Sensitivity
from substrate.errors import ConfigurationError
from substrate.expressions.errors import did_you_mean
from substrate.expressions.types import Type
from substrate.mapping import Reader
from substrate.mappings.columns import TYPES, Columns, Payload, Value
from substrate.mappings.conditions import formula
from substrate.mappings.fault import MappingFault
from substrate.mappings.spec import FieldSpec, Kind, Plain
from substrate.mappings.templates import key_template, text_template
from substrate.operands import column_operands
from substrate.records import Record, mapped_columns, meanings

_READ_AS: dict[Type, Kind] = {
    Type.STRING: "text",
    Type.INT: "integer",
    Type.DOUBLE: "number",
    Type.BOOL: "yesno",
    Type.TIMESTAMP: "instant",
}
_FITTING: dict[Type, tuple[type, ...]] = {
    Type.STRING: (str,),
    Type.INT: (int,),
    Type.DOUBLE: (int, float),
    Type.BOOL: (bool,),
    Type.TIMESTAMP: (),
}
_WIDER = {(Type.INT, Type.DOUBLE), (Type.DOUBLE, Type.INT)}


@dataclass(frozen=True, slots=True)
class Target:
    """A column of a record that a mapping file fills."""

    record: type[Record]
    name: str
    meaning: Meaning
    type: Type


@dataclass(frozen=True, slots=True)
class CodeTable:
    """The codes of one column that a mapping file lists.

    Attributes:
        field: the record's column that they fill.
        column: the column of the source, by its name there.
        codes: those that are listed.
        text: what a row says there.
        open: a code that is not listed may be shown to anybody in the house.
    """

    field: str
    column: str
    codes: frozenset[str]
    text: Value
    open: bool


def target_of(record: type[Record], name: str, place: str) -> Target:
    """The column of a record that a file names.

    Raises:
        MappingFault: the record has no such column, or takes it over from another record.
    """
    known = mapped_columns(record)
    if name in known:
        meaning, operand = meanings(record)[name], column_operands(record)[name]
        return Target(record, name, meaning, operand.type)
    if name in meanings(record):
        raise MappingFault(place, f"{record.kind}.{name} is not filled by a mapping", "Take it out.")
    near = did_you_mean(name, known) or f"it has: {', '.join(known)}."
    raise MappingFault(place, f"{record.kind} has no column {name!r}", near[0].upper() + near[1:])


def field_value(target: Target, spec: FieldSpec, columns: Columns, place: str) -> Value:
    """What gives a column's value from a raw row.

    Raises:
        MappingFault: the file contradicts itself or the record.
    """
    _guarded(target, spec, place)
    if target.meaning.references is not None:
        return _reference(target, target.meaning.references, spec, columns, place)
    if spec.key is not None or spec.alias is not None or spec.reference is not None:
        raise MappingFault(place, f"{target.name} refers to no other record", "Write `from`, `expr` or `text`.")
    if spec.expr is not None:
        return _calculated(target, spec.expr, columns, f"{place}.expr")
    if spec.text is not None:
        _fits(target, Type.STRING, f"{place}.text")
        return text_template(spec.text, columns, f"{place}.text")
    if spec.from_ is not None:
        return _read(target, spec.from_, spec, columns, place)
    constant = _constant(target, spec.value, f"{place}.value")
    return lambda _payload, _reader: constant


def code_table(target: Target, spec: FieldSpec, columns: Columns) -> CodeTable | None:
    """The codes that a field lists; None: it lists none."""
    if spec.from_ is None or target.meaning.references is not None:
        return None
    codes = columns.reading(spec.from_, spec).codes
    shown = target.meaning.sensitivity <= Sensitivity.INTERNAL
    column = columns.source_name(spec.from_)
    return CodeTable(target.name, column, frozenset(codes), columns.text(spec.from_), shown) if codes else None


def _guarded(target: Target, spec: FieldSpec, place: str) -> None:
    if spec.sensitivity is None:
        return
    said, declared = Sensitivity[spec.sensitivity], target.meaning.sensitivity
    if said < declared:
        hint = "Take the line out: the vertical says how a column is guarded."
        raise MappingFault(f"{place}.sensitivity", f"{target.name} is {declared.name}, and no file lowers that", hint)
    if said > declared:
        hint = f"Fill a column of {target.record.kind} that is guarded as {said.name}, or leave the values out."
        raise MappingFault(f"{place}.sensitivity", f"{target.name} is open to {declared.name}", hint)


def _reference(target: Target, kind: str, spec: FieldSpec, columns: Columns, place: str) -> Value:
    if spec.reference not in (None, kind):
        raise MappingFault(f"{place}.reference", f"{target.name} refers to a {kind}, not to a {spec.reference}")
    named = spec.key or spec.from_ or spec.alias
    if named is None:
        raise MappingFault(place, f"{target.name} refers to a {kind}", "Write `key: '{column}'` with the other's key.")
    other = key_template(named, columns, place)
    if spec.alias is not None:
        return lambda payload, reader: _named(reader, kind, other(payload, reader))

    def find(payload: Payload, reader: Reader) -> int | None:
        key = other(payload, reader)
        return None if key is None else reader.id_of(kind, key)

    return find


def _named(reader: Reader, kind: str, alias: str | None) -> int | None:
    return None if alias is None else reader.id_of_alias(kind, alias)


def _calculated(target: Target, text: str, columns: Columns, place: str) -> Value:
    value, given = formula(text, columns, place)
    if (given, target.type) == (Type.DOUBLE, Type.INT):
        raise MappingFault(place, f"{target.name} holds a whole number, and this is none")
    _fits(target, given, place)
    return value


def _read(target: Target, name: str, spec: FieldSpec, columns: Columns, place: str) -> Value:
    reading = columns.reading(name, spec)
    if reading.codes:
        for code, ours in reading.codes.items():
            _is_plain(target, ours, f"{place}.codes.{code}")
        if reading.otherwise == "keep":
            _fits(target, Type.STRING, f"{place}.otherwise")
        return columns.value(name, "text", place, spec)
    kind = reading.as_ or _READ_AS[target.type]
    _fits(target, TYPES[kind], f"{place}.as")
    return columns.value(name, "integer" if (kind, target.type) == ("number", Type.INT) else kind, place, spec)


def _fits(target: Target, given: Type, place: str) -> None:
    if given is not target.type and (given, target.type) not in _WIDER:
        wanted, said = _READ_AS[target.type], _READ_AS.get(given, given.value)
        raise MappingFault(place, f"{target.name} holds {wanted}, and this is {said}")


def _constant(target: Target, value: Plain, place: str) -> Plain:
    if target.type is Type.TIMESTAMP and isinstance(value, str):
        try:
            return parse_instant(value)
        except ConfigurationError as error:
            raise MappingFault(place, error.message, error.hint) from None
    _is_plain(target, value, place)
    return value


def _is_plain(target: Target, value: Plain, place: str) -> None:
    if value is not None and type(value) not in _FITTING[target.type]:
        raise MappingFault(place, f"{value!r} is not {_READ_AS[target.type]}, which {target.name} holds")
