"""The database back-end: one SQLAlchemy element that renders a checked expression for SQLite or PostgreSQL.

NULL is UNKNOWN. Every value from the expression is a bound parameter, and no value of a row can end the statement
with an error: what would overflow or divide by zero is NULL instead.
"""

import re
from collections.abc import Callable
from typing import Any, Literal, assert_never

from sqlalchemy import BigInteger, Boolean, ColumnElement, Double, String, bindparam
from sqlalchemy.exc import CompileError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import TypeEngine

from substrate.expressions.expression import Expression
from substrate.expressions.typed import (
    Apply,
    Choose,
    Clock,
    Connective,
    Constant,
    Fallback,
    Load,
    Member,
    Present,
    Typed,
)
from substrate.expressions.types import FieldPath, Type

Dialect = Literal["sqlite", "postgres"]

# An argument becomes a step of its own, computed once, where repeating it would cost more characters than this, or
# where it is nested deeper than this: the parser of SQLite before 3.46 has room for a hundred open symbols.
_REPEATABLE = 600
_NESTABLE: dict[Dialect, int] = {"sqlite": 8, "postgres": 60}
_BRACKETS = re.compile(r"[()]|\bCASE\b|\bEND\b")
_MARK = re.compile(r"\x01(\d+)\x01")
_SQLALCHEMY_TYPES: dict[Type, TypeEngine[Any]] = {
    Type.INT: BigInteger(),
    Type.TIMESTAMP: BigInteger(),
    Type.DURATION: BigInteger(),
    Type.DOUBLE: Double(),
    Type.STRING: String(),
    Type.BOOL: Boolean(),
}
_POSTGRES_NAMES = {Type.DOUBLE: "double precision", Type.STRING: "text", Type.BOOL: "boolean"}
# NaN and the infinities are UNKNOWN. Strings compare by code point, whatever the column's own collation.
_LOADS: dict[Dialect, dict[Type, str]] = {
    "sqlite": {
        Type.DOUBLE: "nullif(nullif(CAST({0} AS REAL), 9e999), -9e999)",
        Type.STRING: "({0} COLLATE BINARY)",
    },
    "postgres": {
        Type.DOUBLE: "nullif(nullif(nullif(CAST({0} AS double precision), 'NaN'), 'Infinity'), '-Infinity')",
        Type.STRING: '(CAST({0} AS text) COLLATE "C")',
        Type.BOOL: "CAST({0} AS boolean)",
    },
}


def to_sql(
    expression: Expression,
    column: Callable[[FieldPath], ColumnElement[Any]],
    now: ColumnElement[Any] | int,
) -> ColumnElement[Any]:
    """Return the expression over the columns that `column` names; `now` is in micros since 1970.

    The element can stand in the select list, in WHERE and in ORDER BY of a statement for SQLite or PostgreSQL.
    """
    columns = [column(path) for path in expression.operands]
    clock = now if isinstance(now, ColumnElement) else bindparam(None, now, BigInteger(), unique=True)
    sqlite = _Writer("sqlite", len(columns))
    postgres = _Writer("postgres", len(columns))
    texts = [writer.statement(expression.typed) for writer in (sqlite, postgres)]
    # Both writers meet the constants in the same order, so one list of parameters serves both.
    parameters = [bindparam(None, constant.value, _type(constant), unique=True) for constant in sqlite.constants]
    return Pushdown(texts[0], texts[1], (clock, *columns, *parameters), _SQLALCHEMY_TYPES[expression.type])


def _type(node: Typed) -> TypeEngine[Any]:
    return _SQLALCHEMY_TYPES[node.type]


class Pushdown(ColumnElement[Any]):
    """The text of an expression for each dialect, with marks where its columns and parameters go."""

    __visit_name__ = "plumbline_pushdown"
    inherit_cache = True
    _traverse_internals = [  # noqa: RUF012 - SQLAlchemy's protocol for cache keys
        ("sqlite", InternalTraversal.dp_string),
        ("postgres", InternalTraversal.dp_string),
        ("parts", InternalTraversal.dp_clauseelement_tuple),
        ("type", InternalTraversal.dp_type),
    ]

    def __init__(
        self, sqlite: str, postgres: str, parts: tuple[ColumnElement[Any], ...], type_: TypeEngine[Any]
    ) -> None:
        self.sqlite = sqlite
        self.postgres = postgres
        self.parts = parts
        self.type = type_

    @property
    def _from_objects(self) -> list[Any]:
        return [source for part in self.parts for source in part._from_objects]


@compiles(Pushdown, "sqlite")
def _render_sqlite(element: Pushdown, compiler: SQLCompiler, **options: Any) -> str:
    return _render(element.sqlite, element, compiler, options)


@compiles(Pushdown, "postgresql")
def _render_postgres(element: Pushdown, compiler: SQLCompiler, **options: Any) -> str:
    return _render(element.postgres, element, compiler, options)


@compiles(Pushdown)
def _render_for_reading(element: Pushdown, compiler: SQLCompiler, **options: Any) -> str:
    """Printing a statement without a database shows PostgreSQL's text; other databases are refused."""
    if compiler.dialect.name != "default":
        raise CompileError(f"expressions run on SQLite and PostgreSQL, not on {compiler.dialect.name}")
    return _render(element.postgres, element, compiler, options)


def _render(text: str, element: Pushdown, compiler: SQLCompiler, options: dict[str, Any]) -> str:
    # A labelled column must render as itself inside an expression, never as "column AS label".
    options |= {"within_columns_clause": False, "within_label_clause": False}

    def rendered(mark: re.Match[str]) -> str:
        part: str = compiler.process(element.parts[int(mark.group(1))], **options)
        return part

    return _MARK.sub(rendered, text)


class _Writer:
    """Writes one dialect's text; marks refer to the clock, then the columns, then the constants."""

    def __init__(self, dialect: Dialect, columns: int) -> None:
        self._dialect: Dialect = dialect
        self._first_constant = 1 + columns
        self._steps: list[tuple[str, str]] = []
        self.constants: list[Constant] = []

    def statement(self, node: Typed) -> str:
        """Return the whole text: `node` itself, or a query that works out its steps one after the other."""
        text = self.text(node)
        if not self._steps:
            return f"({text})"
        # OFFSET keeps both planners from writing a step back into the places that use it.
        steps = ", ".join(f"{name} AS (SELECT {step} AS pl_v LIMIT 1 OFFSET 0)" for name, step in self._steps)
        return f"(WITH {steps} SELECT {text})"

    def text(self, node: Typed, *, settled: bool = True) -> str:
        """Return the text of `node`. Unless `settled`, an integer that overflowed in SQLite may show as a real."""
        text: str
        match node:
            case Constant():
                text = self._constant(node)
            case Load():
                form = _LOADS[self._dialect].get(node.type, "{0}")
                text = form.format(_mark(1 + node.index))
            case Clock():
                text = self._cast(_mark(0), Type.TIMESTAMP)
            case Apply():
                text = self._apply(node, settled)
            case Member():
                text = self._member(node)
            case Connective():
                text = f"({(' OR ' if node.any else ' AND ').join(map(self._part, node.parts))})"
            case Choose():
                text = self._choose(node)
            case Present():
                text = f"({self.text(node.field)} IS NOT NULL)"
            case Fallback():
                text = f"coalesce({self._part(node.first)}, {self._part(node.second)})"
            case _:
                assert_never(node)
        return text

    def _part(self, node: Typed) -> str:
        return self._shallow(self.text(node))

    def _constant(self, node: Constant) -> str:
        self.constants.append(node)
        return self._cast(_mark(self._first_constant + len(self.constants) - 1), node.type)

    def _cast(self, text: str, type_: Type) -> str:
        """PostgreSQL must be told a parameter's type; SQLite takes it from the value."""
        if self._dialect == "sqlite":
            return text
        return f"CAST({text} AS {_POSTGRES_NAMES.get(type_, 'bigint')})"

    def _apply(self, node: Apply, settled: bool) -> str:
        overload = node.overload
        # SQLite's overflow stays a real number through further arithmetic, so a chain is settled once, at its end.
        chain = overload.overflows and self._dialect == "sqlite"
        args = [self.text(arg, settled=not chain) for arg in node.args]
        text = self._fill(overload.sqlite if self._dialect == "sqlite" else overload.postgres, args)
        return self._fill("CASE WHEN typeof({0}) = 'integer' THEN {0} END", [text]) if chain and settled else text

    def _choose(self, node: Choose) -> str:
        test, yes, no = (self._part(part) for part in (node.test, node.yes, node.no))
        true, false = ("1", "0") if self._dialect == "sqlite" else ("true", "false")
        return f"CASE {test} WHEN {true} THEN {yes} WHEN {false} THEN {no} END"

    def _member(self, node: Member) -> str:
        needle = self._part(node.needle)
        if not node.items:
            return self._fill("({0} <> {0})", [needle])
        return f"({needle} IN ({', '.join(map(self.text, node.items))}))"

    def _fill(self, template: str, args: list[str]) -> str:
        """Put arguments into a template; long ones that it repeats become steps of their own."""
        steps: list[str] = []
        places = []
        for index, arg in enumerate(args):
            repeats = template.count(f"{{{index}}}") - 1
            # A text that reads a step is short, but repeating it would work that step out again, at every level.
            if repeats * len(arg) > _REPEATABLE or (repeats and " FROM pl_" in arg):
                steps.append(self._step(arg))
                places.append(f"{steps[-1]}.pl_v")
            else:
                places.append(self._shallow(arg))
        filled = template.format(*places)
        return f"(SELECT {filled} FROM {', '.join(steps)})" if steps else f"({filled})"  # noqa: S608 - our own text

    def _shallow(self, text: str) -> str:
        """Make a deeply nested text a step of its own."""
        if _nesting(text) <= _NESTABLE[self._dialect]:
            return text
        return f"(SELECT pl_v FROM {self._step(text)})"  # noqa: S608 - our own text; values are bound

    def _step(self, text: str) -> str:
        name = f"pl_{len(self._steps) + 1}"
        self._steps.append((name, text))
        return name


def _mark(index: int) -> str:
    return f"\x01{index}\x01"


def _nesting(text: str) -> int:
    """How many brackets and CASEs are open at once."""
    deepest = level = 0
    for bracket in _BRACKETS.findall(text):
        level += 1 if bracket in ("(", "CASE") else -1
        deepest = max(deepest, level)
    return deepest
