"""Expressions of a mapping file, over a raw row's columns; a blank column is unknown, as everywhere in the language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from substrate.expressions.checker import check, check_condition
from substrate.expressions.closures import to_closure
from substrate.expressions.errors import ExpressionError
from substrate.expressions.expression import Expression
from substrate.expressions.types import Operand, Type
from substrate.mapping import Reader
from substrate.mappings.columns import Columns, Payload, Value
from substrate.mappings.fault import MappingFault

_HINT = "Columns are text, unless `columns` declares them: `columns: {quantity: number}`."


def condition(text: str, columns: Columns, place: str) -> Value:
    """What tells whether a condition holds for a row; None where nobody knows.

    Raises:
        MappingFault: it is no condition over the columns.
    """
    return _compiled(_checked(check_condition, text, columns, place), columns, place)


def formula(text: str, columns: Columns, place: str) -> tuple[Value, Type]:
    """What calculates a value of a row, and its type.

    Raises:
        MappingFault: it is no expression over the columns.
    """
    expression = _checked(check, text, columns, place)
    return _compiled(expression, columns, place), expression.type


def _checked(checked: Callable[[str, Columns], Expression], text: str, columns: Columns, place: str) -> Expression:
    try:
        expression = checked(text, columns)
    except ExpressionError as error:
        raise MappingFault(place, str(error), _HINT) from None
    if expression.uses_now:
        hint = "Keep the time itself, and let a rule compare it with now."
        raise MappingFault(place, f"{text!r} changes with the time at which a row is read", hint)
    return expression


def _compiled(expression: Expression, columns: Columns, place: str) -> Value:
    closure = to_closure(expression)
    operands = [_operand(each, columns, place) for each in expression.fields]

    def evaluate(payload: Payload, reader: Reader) -> Any:
        return closure([operand(payload, reader) for operand in operands], 0)

    return evaluate


def _operand(operand: Operand, columns: Columns, place: str) -> Value:
    value = columns.value(operand.name, columns.kind(operand.name) or "text", f"{place}: {operand.name}")
    if operand.type is not Type.DOUBLE:
        return value

    def widened(payload: Payload, reader: Reader) -> float | None:
        number = value(payload, reader)
        try:
            return None if number is None else float(number)
        except OverflowError:
            return None

    return widened
