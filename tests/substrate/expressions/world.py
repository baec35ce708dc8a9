"""A table of nasty values for the tests: its schema, its rows, and the same rows in every back-end's form."""

import random

import numpy as np
import sqlalchemy as sa

from substrate.expressions import Column, FieldPath, Fields, Operand, Type, Value

Row = tuple[Value | None, ...]

NOW = 1_709_210_096_123_456  # 2024-02-29T12:34:56.123456Z
DAY = 86_400_000_000
BIG = 2**63 - 1

OPERANDS = (
    Operand(("i",), Type.INT),
    Operand(("n", "j"), Type.INT),
    Operand(("d",), Type.DOUBLE),
    Operand(("m", "e"), Type.DOUBLE),
    Operand(("s",), Type.STRING),
    Operand(("t",), Type.STRING),
    Operand(("b",), Type.BOOL),
    Operand(("c",), Type.BOOL),
    Operand(("at",), Type.TIMESTAMP),
    Operand(("born",), Type.TIMESTAMP),
    Operand(("span",), Type.DURATION),
    Operand(("wait",), Type.DURATION),
)
SCHEMA = Fields(OPERANDS)

INTS = [0, 1, -1, 2, 3, -7, 10, 1000, -(2**31), 2**53 + 1, 2**62, -(2**62), BIG, BIG - 1, -BIG, -BIG - 1, 3037000500]
DOUBLES = [
    0.0, -0.0, 0.1, 0.5, -0.5, 1.0, -1.0, 1.5, 2.5, -2.5, 3.0, 0.49999999999999994, 4503599627370497.5, 1e16, 6.8,
    -273.15, 5e-324, -5e-324, 2.2250738585072014e-308, 1e-200, 1e-160, 1e154, 1.4e154, -1e155, 1e290, 8.9e307, -9e307,
    1.7976931348623157e308, -1.7976931348623157e308, 9223372036854775808.0,
]  # fmt: skip
STRINGS = [
    "", " ", "a", "A", "ab", "AB", "b", "aab", "%", "_", "a%b", "a_b", "\\", "'", '"', "it's", "É", "é", "ß", "Ω",
    "z", "Z", "~", "日本", "\U0001f600", "\uffff", "a\nb", "\t", "İ", "{0}", ":x", "%(x)s", "\x01", "null",
]  # fmt: skip
TIMES = [
    0, 1, -1, NOW, NOW - 1, NOW + DAY, NOW - 90 * DAY, NOW - 365 * DAY, 951_782_400_000_000, 951_868_800_000_000,
    -62_135_596_800_000_000, -62_135_596_800_000_001, 253_402_300_799_999_999, 253_402_300_800_000_000,
    -DAY, -DAY - 1, 1_000_000 * DAY, BIG, -BIG - 1,
]  # fmt: skip
SPANS = [0, 1, -1, DAY, -DAY, 3_600_000_000, 90 * DAY, 365 * DAY, BIG, -BIG, -BIG - 1]
VALUES: dict[Type, list[Value]] = {
    Type.INT: [*INTS],
    Type.DOUBLE: [*DOUBLES],
    Type.STRING: [*STRINGS],
    Type.BOOL: [True, False],
    Type.TIMESTAMP: [*TIMES],
    Type.DURATION: [*SPANS],
}
_COLUMN_TYPES = {
    Type.INT: sa.BigInteger,
    Type.DOUBLE: sa.Double,
    Type.STRING: sa.Text,
    Type.BOOL: sa.Boolean,
    Type.TIMESTAMP: sa.BigInteger,
    Type.DURATION: sa.BigInteger,
}
TABLE = sa.Table(
    "nasty",
    sa.MetaData(),
    sa.Column("row", sa.Integer, primary_key=True),
    *(sa.Column("_".join(operand.path), _COLUMN_TYPES[operand.type]()) for operand in OPERANDS),
)


def random_rows(seed: int, count: int) -> list[Row]:
    """Rows whose values are nasty ones or ordinary ones, an eighth of them missing."""
    chance = random.Random(seed)
    return [tuple(_value(chance, operand.type) for operand in OPERANDS) for _ in range(count)]


def _value(chance: random.Random, type_: Type) -> Value | None:
    if chance.random() < 0.125:
        return None
    if chance.random() < 0.75:
        return chance.choice(VALUES[type_])
    ordinary: dict[Type, Value] = {
        Type.INT: chance.randrange(-20, 20),
        Type.DOUBLE: chance.uniform(-20, 20),
        Type.STRING: "".join(chance.choices("abAB%_é", k=chance.randrange(5))),
        Type.BOOL: chance.random() < 0.5,
        Type.TIMESTAMP: NOW + chance.randrange(-(10**16), 10**16),
        Type.DURATION: chance.randrange(-(10**13), 10**13),
    }
    return ordinary[type_]


def column(path: FieldPath) -> sa.ColumnElement[object]:
    """The table's column for a field."""
    return TABLE.c["_".join(path)]


def insert(connection: sa.Connection, rows: list[Row]) -> None:
    """Make the table anew and fill it, numbered from 0."""
    TABLE.drop(connection, checkfirst=True)
    TABLE.create(connection)
    names = ["row", *("_".join(operand.path) for operand in OPERANDS)]
    connection.execute(
        TABLE.insert(), [dict(zip(names, (number, *row), strict=True)) for number, row in enumerate(rows)]
    )


def as_columns(rows: list[Row]) -> dict[FieldPath, Column]:
    """The rows as numpy columns."""
    return {
        operand.path: _as_column([row[place] for row in rows], operand.type) for place, operand in enumerate(OPERANDS)
    }


def _as_column(values: list[Value | None], type_: Type) -> Column:
    valid = np.array([value is not None for value in values])
    if type_ is Type.STRING:
        return Column(np.array(values, dtype=object), valid)
    dtype = {Type.DOUBLE: np.float64, Type.BOOL: np.bool_}.get(type_, np.int64)
    return Column(np.array([0 if value is None else value for value in values], dtype=dtype), valid)
