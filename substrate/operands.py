"""What a record's own columns look like to the expression language: their types, units and words."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Boolean, Column, Float, Integer, Numeric, String, TypeDecorator

from substrate.columns import meaning_of
from substrate.errors import DeclarationError
from substrate.expressions.types import Fields, Operand, Type
from substrate.records import Record, content_columns, table_of

# Instants of the copy itself that a rule may speak of, beside what the vertical declared.
_SHARED = ("site", "changed_at", "recorded_at")

_TYPES = (
    (Boolean, Type.BOOL),
    (Integer, Type.INT),
    (Float, Type.DOUBLE),
    (Numeric, Type.DOUBLE),
    (String, Type.STRING),
)


@cache
def column_operands(record: type[Record]) -> dict[str, Operand]:
    """What expressions may read of a record itself, by name.

    Raises:
        DeclarationError: a column's type has no counterpart in the language.
    """
    table = table_of(record)
    names = (*content_columns(record), *_SHARED)
    return {name: column_operand(record, table.c[name]) for name in names}


@cache
def column_fields(record: type[Record]) -> Fields:
    """The record's own columns as a schema to check expressions against."""
    return Fields(column_operands(record).values())


def column_operand(record: type[Record], declared: Column[object]) -> Operand:
    """One declared column as an operand of the language.

    Raises:
        DeclarationError: the column's type has no counterpart in the language.
    """
    meaning = meaning_of(declared)
    kind = Type.TIMESTAMP if meaning.instant else _type_of(record, declared)
    linked = declared.name.removesuffix("_id").replace("_", " ") if meaning.references else ""
    return Operand(
        (declared.name,),
        kind,
        meaning.unit,
        meaning.text,
        meaning.sensitivity.name,
        short=meaning.label or linked,
        codes=meaning.codes,
        absent=meaning.absent,
        references=meaning.references,
    )


def _type_of(record: type[Record], declared: Column[object]) -> Type:
    stored = declared.type.impl_instance if isinstance(declared.type, TypeDecorator) else declared.type
    for family, kind in _TYPES:
        if isinstance(stored, family):
            return kind
    raise DeclarationError(
        f"{record.kind}.{declared.name} is stored as {declared.type}, which expressions cannot read",
        hint="Declare it as int, float, str or bool; a date or time as an instant.",
    )
