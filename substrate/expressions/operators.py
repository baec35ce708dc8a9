"""The table of operators: every combination of types with its meaning in Python, SQLite, PostgreSQL and numpy."""

from collections.abc import Callable
from typing import Any

import numpy as np

from substrate.expressions import array_math
from substrate.expressions.overload import Overload
from substrate.expressions.types import ORDERED, Type

_INT, _DOUBLE, _STRING, _BOOL = Type.INT, Type.DOUBLE, Type.STRING, Type.BOOL
_TIME, _SPAN = Type.TIMESTAMP, Type.DURATION


def _integer(name: str, args: tuple[Type, ...], result: Type, postgres: str, numpy: Callable[..., Any]) -> Overload:
    """64-bit arithmetic that Python and SQLite write alike and that PostgreSQL must guard against overflow."""
    formula = f"{{0}} {name} {{1}}" if len(args) == 2 else "0 - {0}"
    python = f"{{t}} if MIN <= ({{t}} := {formula}) <= MAX else None"
    return Overload(name, args, result, python, f"({formula})", postgres, numpy, partial=True, overflows=True)


def _double(name: str, postgres: str, numpy: Callable[..., Any]) -> Overload:
    """Arithmetic of doubles; SQLite turns undefined into NULL by itself, and we turn infinite into NULL."""
    formula = f"{{0}} {name} {{1}}"
    python = f"{{t}} if -INF < ({{t}} := {formula}) < INF else None"
    if name == "/":
        python = f"None if {{1}} == 0 else ({python})"
    sqlite = f"nullif(nullif({formula}, 9e999), -9e999)"
    return Overload(name, (_DOUBLE, _DOUBLE), _DOUBLE, python, sqlite, postgres, numpy, partial=True)


# PostgreSQL ends the whole statement on overflow, so each guard below decides without overflowing itself.
# Nested CASEs keep the order of evaluation, which AND does not promise.
_PG_ADD = (
    "CASE WHEN CASE WHEN {1} >= 0 THEN {0} <= 9223372036854775807 - {1}"
    " ELSE {0} >= -9223372036854775807 - 1 - {1} END THEN {0} + {1} END"
)
_PG_SUBTRACT = (
    "CASE WHEN CASE WHEN {1} >= 0 THEN {0} >= -9223372036854775807 - 1 + {1}"
    " ELSE {0} <= 9223372036854775807 + {1} END THEN {0} - {1} END"
)
_PG_MULTIPLY = (
    "CASE WHEN CAST({0} AS numeric) * {1} BETWEEN -9223372036854775808 AND 9223372036854775807 THEN {0} * {1} END"
)
_PG_DIVIDE = (
    "CASE WHEN {1} = 0 THEN NULL WHEN {1} = -1 THEN"
    " CASE WHEN {0} >= -9223372036854775807 THEN 0 - {0} END ELSE {0} / {1} END"
)
_PG_REMAINDER = "mod({0}, nullif({1}, 0))"
_PG_NEGATE = "CASE WHEN {0} >= -9223372036854775807 THEN 0 - {0} END"


def _pg(power: int) -> str:
    """A power of two as PostgreSQL reads it; scaling by it changes no digit of a double."""
    return f"CAST('{2.0**power!r}' AS double precision)"


# Halving both terms shows whether their sum stays below 2^1024; tiny terms, which halving could lose, cannot matter.
_PG_ADD_DOUBLES = (
    "CASE WHEN greatest(abs({0}), abs({1})) < 8e307 THEN {0} + {1}"
    " WHEN abs({0}) < 1e290 THEN {0} + {1} WHEN abs({1}) < 1e290 THEN {0} + {1}"
    f" WHEN abs({{0}} * {_pg(-1)} + {{1}} * {_pg(-1)}) < {_pg(1023)} THEN {{0}} + {{1}} END"
)
_PG_SUBTRACT_DOUBLES = (
    "CASE WHEN greatest(abs({0}), abs({1})) < 8e307 THEN {0} - {1}"
    " WHEN abs({0}) < 1e290 THEN {0} - {1} WHEN abs({1}) < 1e290 THEN {0} - {1}"
    f" WHEN abs({{0}} * {_pg(-1)} - {{1}} * {_pg(-1)}) < {_pg(1023)} THEN {{0}} - {{1}} END"
)
# Products and quotients can also underflow, which PostgreSQL refuses too and IEEE 754 rounds to zero.
_PG_MULTIPLY_DOUBLES = (
    "CASE WHEN abs({0}) > 1 AND abs({1}) > 1 THEN"
    f" CASE WHEN abs(({{0}} * {_pg(-512)}) * ({{1}} * {_pg(-512)})) < 1 THEN {{0}} * {{1}} END"
    f" WHEN abs({{0}}) < {_pg(-538)} AND abs({{1}}) < {_pg(-538)} THEN {{0}} * 0"
    " WHEN abs({0}) < 1 AND abs({1}) < 1 AND {0} <> 0 AND {1} <> 0 THEN"
    f" CASE WHEN abs(({{0}} * {_pg(512)}) * ({{1}} * {_pg(512)})) > {_pg(-51)} THEN {{0}} * {{1}} ELSE 0 END"
    " ELSE {0} * {1} END"
)
_PG_DIVIDE_DOUBLES = (
    f"CASE WHEN {{1}} = 0 THEN NULL WHEN abs({{0}}) > {_pg(-60)} AND abs({{1}}) < 1 THEN"
    f" CASE WHEN abs({{0}} * {_pg(-500)}) < abs({{1}} * {_pg(524)}) THEN {{0}} / {{1}} END"
    " WHEN abs({0}) < 1 AND abs({1}) > 1 AND {0} <> 0 THEN"
    f" CASE WHEN abs({{0}} * {_pg(538)}) > abs({{1}} * {_pg(-537)}) THEN {{0}} / {{1}} ELSE 0 END"
    " ELSE {0} / {1} END"
)


def _sums() -> tuple[Overload, ...]:
    text = Overload("+", (_STRING, _STRING), _STRING, "{0} + {1}", "({0} || {1})", "({0} || {1})", np.strings.add)
    pairs = [(_INT, _INT, _INT), (_TIME, _SPAN, _TIME), (_SPAN, _TIME, _TIME), (_SPAN, _SPAN, _SPAN)]
    integers = [_integer("+", (left, right), result, _PG_ADD, array_math.add) for left, right, result in pairs]
    return (*integers, _double("+", _PG_ADD_DOUBLES, array_math.add_doubles), text)


def _differences() -> tuple[Overload, ...]:
    pairs = [(_INT, _INT, _INT), (_TIME, _TIME, _SPAN), (_TIME, _SPAN, _TIME), (_SPAN, _SPAN, _SPAN)]
    integers = [
        _integer("-", (left, right), result, _PG_SUBTRACT, array_math.subtract) for left, right, result in pairs
    ]
    return (*integers, _double("-", _PG_SUBTRACT_DOUBLES, array_math.subtract_doubles))


def _products() -> tuple[Overload, ...]:
    return (
        _integer("*", (_INT, _INT), _INT, _PG_MULTIPLY, array_math.multiply),
        _double("*", _PG_MULTIPLY_DOUBLES, array_math.multiply_doubles),
    )


def _quotients() -> tuple[Overload, ...]:
    whole = Overload(
        "/", (_INT, _INT), _INT, "quotient({0}, {1})", "({0} / {1})", _PG_DIVIDE, array_math.divide,
        partial=True, overflows=True,
    )  # fmt: skip
    share = Overload(
        "/", (_SPAN, _SPAN), _DOUBLE, "float({0}) / float({1}) if {1} != 0 else None", "(CAST({0} AS REAL) / {1})",
        "(CAST({0} AS double precision) / CAST(nullif({1}, 0) AS double precision))", array_math.divide_spans,
        partial=True,
    )  # fmt: skip
    return (whole, _double("/", _PG_DIVIDE_DOUBLES, array_math.divide_doubles), share)


def _remainders() -> tuple[Overload, ...]:
    whole = Overload(
        "%", (_INT, _INT), _INT, "remainder({0}, {1})", "({0} % {1})", _PG_REMAINDER, array_math.remainder,
        partial=True, overflows=True,
    )  # fmt: skip
    return (whole,)


def _comparison(name: str, numpy: Callable[..., Any], types: tuple[Type, ...]) -> tuple[Overload, ...]:
    symbol = {"==": "=", "!=": "<>"}.get(name, name)
    sql = f"({{0}} {symbol} {{1}})"
    python = f"{{0}} {name} {{1}}"
    return tuple(Overload(name, (kind, kind), _BOOL, python, sql, sql, numpy) for kind in types)


def _negations() -> tuple[Overload, ...]:
    integers = [_integer("-", (kind,), kind, _PG_NEGATE, array_math.negate) for kind in (_INT, _SPAN)]
    return (*integers, Overload("-", (_DOUBLE,), _DOUBLE, "-{0}", "(-{0})", "(-{0})", np.negative))


BINARY: dict[str, tuple[Overload, ...]] = {
    "+": _sums(),
    "-": _differences(),
    "*": _products(),
    "/": _quotients(),
    "%": _remainders(),
    "==": _comparison("==", np.equal, (*ORDERED, _BOOL)),
    "!=": _comparison("!=", np.not_equal, (*ORDERED, _BOOL)),
    "<": _comparison("<", np.less, ORDERED),
    "<=": _comparison("<=", np.less_equal, ORDERED),
    ">": _comparison(">", np.greater, ORDERED),
    ">=": _comparison(">=", np.greater_equal, ORDERED),
}
UNARY: dict[str, tuple[Overload, ...]] = {
    "!": (Overload("!", (_BOOL,), _BOOL, "not {0}", "(NOT {0})", "(NOT {0})", np.logical_not),),
    "-": _negations(),
}
# An int where a double is wanted, put in by the checker.
WIDEN = Overload(
    "widen", (_INT,), _DOUBLE, "float({0})", "CAST({0} AS REAL)", "CAST({0} AS double precision)",
    array_math.to_double,
)  # fmt: skip
