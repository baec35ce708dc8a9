"""The closed table of functions: types, meaning in every back-end, and words, each function in one place.

To add a function, add one entry to `FUNCTIONS` and one row to `docs/expressions.md`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from substrate.expressions import array_math
from substrate.expressions.operators import BINARY
from substrate.expressions.overload import Overload
from substrate.expressions.scalar_math import FIRST_MICRO, LAST_MICRO, MICROS_A_DAY, MICROS_AN_HOUR
from substrate.expressions.tree import Node
from substrate.expressions.typed import Apply, Clock, Typed
from substrate.expressions.types import Type

_INT, _DOUBLE, _STRING, _BOOL = Type.INT, Type.DOUBLE, Type.STRING, Type.BOOL
_TIME, _SPAN = Type.TIMESTAMP, Type.DURATION


@dataclass(frozen=True, slots=True)
class Composed:
    """A function that is a formula over others; `expand` builds it from the checked arguments."""

    args: tuple[Type, ...]
    result: Type
    expand: Callable[[Node, tuple[Typed, ...]], Typed]


@dataclass(frozen=True, slots=True)
class Function:
    """A function as people see it. `phrase` says its value in a sentence, with the arguments as {0}, {1};
    `negative` is the phrase for a condition that does not hold."""

    name: str
    overloads: tuple[Overload | Composed, ...]
    phrase: str
    negative: str = ""
    method: bool = False


def _find(table: tuple[Overload, ...], *args: Type) -> Overload:
    return next(overload for overload in table if overload.args == args)


_ELAPSED = _find(BINARY["-"], _TIME, _TIME)
_MINUS = _find(BINARY["-"], _DOUBLE, _DOUBLE)
_OVER = _find(BINARY["/"], _DOUBLE, _DOUBLE)


def _count(unit: str, micros: int) -> Overload:
    """A duration as a number of units; it can neither overflow nor underflow."""
    return Overload(
        unit, (_SPAN,), _DOUBLE,
        python=f"float({{0}}) / {micros}.0",
        sqlite=f"(CAST({{0}} AS REAL) / {micros}.0)",
        postgres=f"(CAST({{0}} AS double precision) / CAST({micros} AS double precision))",
        numpy=lambda span: span.astype(np.float64) / float(micros),
    )  # fmt: skip


_DAYS = _count("days", MICROS_A_DAY)
_HOURS = _count("hours", MICROS_AN_HOUR)
_DATE = Overload(
    "date", (_TIME,), _INT,
    python="calendar_day({0})",
    sqlite=f"CASE WHEN {{0}} BETWEEN {FIRST_MICRO} AND {LAST_MICRO} THEN CAST(strftime('%Y%m%d',"
    f" ({{0}} + {-FIRST_MICRO}) / 1000000 - {-FIRST_MICRO // 1_000_000}, 'unixepoch') AS INTEGER) END",
    postgres=f"CASE WHEN {{0}} BETWEEN {FIRST_MICRO} AND {LAST_MICRO} THEN CAST(to_char(DATE '0001-01-01'"
    f" + CAST(({{0}} + {-FIRST_MICRO}) / {MICROS_A_DAY} AS integer), 'YYYYMMDD') AS bigint) END",
    numpy=array_math.calendar_day,
    partial=True,
)  # fmt: skip
# Dates as yyyymmdd: ten thousand apart is a year, and 29 February comes of age on 1 March.
_YEARS = Overload(
    "years", (_INT, _INT), _INT,
    python="({0} - {1}) // 10000",
    sqlite="(({0} - {1} + 100000000) / 10000 - 10000)",
    postgres="(({0} - {1} + 100000000) / 10000 - 10000)",
    numpy=lambda later, earlier: (later - earlier) // 10_000,
)  # fmt: skip


def _age(source: Node, args: tuple[Typed, ...]) -> Typed:
    return Apply(_ELAPSED, (Clock(source), args[0]), source)


def _ahead(source: Node, args: tuple[Typed, ...]) -> Typed:
    return Apply(_ELAPSED, (args[0], Clock(source)), source)


def _years(source: Node, args: tuple[Typed, ...]) -> Typed:
    today, born = Apply(_DATE, (Clock(source),), source), Apply(_DATE, (args[0],), source)
    return Apply(_YEARS, (today, born), source)


def _zscore(source: Node, args: tuple[Typed, ...]) -> Typed:
    value, mean, deviation = args
    return Apply(_OVER, (Apply(_MINUS, (value, mean), source), deviation), source)


def _counted(
    unit: Overload, span: Callable[[Node, tuple[Typed, ...]], Typed]
) -> Callable[[Node, tuple[Typed, ...]], Typed]:
    return lambda source, args: Apply(unit, (span(source, args),), source)


def _absolute(kind: Type) -> Overload:
    return Overload(
        "abs", (kind,), kind,
        python="{t} if ({t} := abs({0})) <= MAX else None",
        sqlite="CASE WHEN {0} >= -9223372036854775807 THEN abs({0}) END",
        postgres="CASE WHEN {0} >= -9223372036854775807 THEN abs({0}) END",
        numpy=array_math.absolute,
        partial=True,
    )  # fmt: skip


_ABSOLUTE_DOUBLE = Overload("abs", (_DOUBLE,), _DOUBLE, "abs({0})", "abs({0})", "abs({0})", np.abs)


def _lower_of(kind: Type) -> Overload:
    return Overload(
        "min", (kind, kind), kind,
        python="{0} if {0} <= {1} else {1}",
        sqlite="min({0}, {1})",
        # PostgreSQL's least() skips NULL, and an unknown argument must stay unknown.
        postgres="CASE WHEN {0} <= {1} THEN {0} WHEN {0} > {1} THEN {1} END",
        numpy=np.minimum,
    )  # fmt: skip


def _higher_of(kind: Type) -> Overload:
    return Overload(
        "max", (kind, kind), kind,
        python="{0} if {0} >= {1} else {1}",
        sqlite="max({0}, {1})",
        postgres="CASE WHEN {0} >= {1} THEN {0} WHEN {0} < {1} THEN {1} END",
        numpy=np.maximum,
    )  # fmt: skip


# SQLite may be built without floor() and ceil(), and its round() errs just below one half. Beyond 2^52 every double
# is whole.
def _whole(correction: str) -> str:
    return (
        "CASE WHEN abs({0}) < 4503599627370496.0"
        f" THEN CAST(CAST({{0}} AS INTEGER) {correction} AS REAL) ELSE {{0}} END"
    )


_FLOOR = Overload(
    "floor", (_DOUBLE,), _DOUBLE,
    python="float(floor({0}))",
    sqlite=_whole("- (CAST({0} AS INTEGER) > {0})"),
    postgres="floor({0})",
    numpy=np.floor,
)  # fmt: skip
_CEIL = Overload(
    "ceil", (_DOUBLE,), _DOUBLE,
    python="float(ceil({0}))",
    sqlite=_whole("+ (CAST({0} AS INTEGER) < {0})"),
    postgres="ceil({0})",
    numpy=np.ceil,
)  # fmt: skip
_ROUND = Overload(
    "round", (_DOUBLE,), _DOUBLE,
    python="round_half_away({0})",
    sqlite=_whole(
        "+ ({0} - CAST({0} AS INTEGER) >= 0.5) - ({0} - CAST({0} AS INTEGER) <= -0.5)"
    ),
    postgres="(trunc({0}) + CASE WHEN {0} - trunc({0}) >= 0.5 THEN 1"
    " WHEN {0} - trunc({0}) <= -0.5 THEN -1 ELSE 0 END)",
    numpy=array_math.round_half_away,
)  # fmt: skip
_DAY, _HOUR = MICROS_A_DAY, MICROS_AN_HOUR
_HOUR_OF_DAY = Overload(
    "hour_of_day", (_TIME,), _INT,
    python="{0} % DAY // HOUR",
    sqlite=f"((({{0}} % {_DAY}) + {_DAY}) % {_DAY} / {_HOUR})",
    postgres=f"(mod(mod({{0}}, {_DAY}) + {_DAY}, {_DAY}) / {_HOUR})",
    numpy=array_math.hour_of_day,
)  # fmt: skip
_DAY_OF_WEEK = Overload(
    "day_of_week", (_TIME,), _INT,
    python="({0} // DAY + 4) % 7",
    sqlite=f"((({{0}} / {_DAY} - (({{0}} % {_DAY}) < 0) + 4) % 7 + 7) % 7)",
    postgres=f"mod(mod({{0}} / {_DAY} - CASE WHEN mod({{0}}, {_DAY}) < 0 THEN 1 ELSE 0 END + 4, 7) + 7, 7)",
    numpy=array_math.day_of_week,
)  # fmt: skip
_STARTS = Overload(
    "startsWith", (_STRING, _STRING), _BOOL,
    python="{0}.startswith({1})",
    sqlite="(substr({0}, 1, length({1})) = {1})",
    postgres="starts_with({0}, {1})",
    numpy=np.strings.startswith,
)  # fmt: skip
_ENDS = Overload(
    "endsWith", (_STRING, _STRING), _BOOL,
    python="{0}.endswith({1})",
    sqlite="(substr({0}, length({0}) - length({1}) + 1) = {1})",
    postgres="(right({0}, char_length({1})) = {1})",
    numpy=np.strings.endswith,
)  # fmt: skip
_CONTAINS = Overload(
    "contains", (_STRING, _STRING), _BOOL,
    python="{1} in {0}",
    sqlite="(instr({0}, {1}) > 0)",
    postgres="(strpos({0}, {1}) > 0)",
    numpy=array_math.contains,
)  # fmt: skip
_LOWER = Overload(
    "lowerAscii", (_STRING,), _STRING,
    python="ascii_lower({0})",
    sqlite="lower({0})",
    # In the collation "C" PostgreSQL lowers A to Z alone.
    postgres='lower({0} COLLATE "C")',
    numpy=array_math.lower,
)  # fmt: skip
_SIZE = Overload(
    "size", (_STRING,), _INT, "len({0})", "length({0})", "CAST(char_length({0}) AS bigint)", np.strings.str_len
)  # fmt: skip

FUNCTIONS: tuple[Function, ...] = (
    Function("age", (Composed((_TIME,), _SPAN, _age),), "time since {0}"),
    Function("years", (Composed((_TIME,), _INT, _years),), "full years since {0}"),
    Function("days_since", (Composed((_TIME,), _DOUBLE, _counted(_DAYS, _age)),), "days since {0}"),
    Function("days_until", (Composed((_TIME,), _DOUBLE, _counted(_DAYS, _ahead)),), "days until {0}"),
    Function("hours_since", (Composed((_TIME,), _DOUBLE, _counted(_HOURS, _age)),), "hours since {0}"),
    Function("hours_until", (Composed((_TIME,), _DOUBLE, _counted(_HOURS, _ahead)),), "hours until {0}"),
    Function("hour_of_day", (_HOUR_OF_DAY,), "hour of {0}"),
    Function("day_of_week", (_DAY_OF_WEEK,), "weekday of {0}"),
    Function("zscore", (Composed((_DOUBLE, _DOUBLE, _DOUBLE), _DOUBLE, _zscore),), "deviation of {0} from usual"),
    Function("abs", (_absolute(_INT), _ABSOLUTE_DOUBLE, _absolute(_SPAN)), "size of {0}"),
    Function("min", tuple(map(_lower_of, (_INT, _DOUBLE, _TIME, _SPAN))), "the lower of {0} and {1}"),
    Function("max", tuple(map(_higher_of, (_INT, _DOUBLE, _TIME, _SPAN))), "the higher of {0} and {1}"),
    Function("round", (_ROUND,), "{0} rounded"),
    Function("floor", (_FLOOR,), "{0} rounded down"),
    Function("ceil", (_CEIL,), "{0} rounded up"),
    Function("size", (_SIZE,), "length of {0}"),
    Function("startsWith", (_STARTS,), "{0} starts with {1}", "{0} does not start with {1}", method=True),
    Function("endsWith", (_ENDS,), "{0} ends with {1}", "{0} does not end with {1}", method=True),
    Function("contains", (_CONTAINS,), "{0} contains {1}", "{0} does not contain {1}", method=True),
    Function("lowerAscii", (_LOWER,), "{0} in lower case", method=True),
)
# Forms that look like functions and that the checker treats itself.
SPECIAL_FORMS = {"has": 1, "coalesce": 2, "duration": 1, "timestamp": 1}
BY_NAME = {function.name: function for function in FUNCTIONS}
