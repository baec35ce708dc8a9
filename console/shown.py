"""How a value of the expression language is shown to people, and written for programs."""

from __future__ import annotations

from substrate.clock import duration_text, isoformat, local_text
from substrate.expressions.types import Operand, Type, Value


def shown_value(operand: Operand, value: Value | None, zone: str | None) -> str | int | float | bool | None:
    """A value in words.

    Args:
        operand: what the value is of.
        value: the value; None is unknown.
        zone: IANA zone in which people read times; None: for a program, times in ISO 8601 and numbers as they are.
    """
    if value is None:
        return None
    if operand.type is Type.TIMESTAMP:
        return isoformat(int(value)) if zone is None else local_text(int(value), zone)
    if operand.type is Type.DURATION:
        return int(value) / 1_000_000 if zone is None else duration_text(int(value))
    if zone is None or isinstance(value, str):
        return value
    return _with_unit(value, operand.unit)


def _with_unit(value: Value, unit: str | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return f"{text} {unit}" if unit else text
