"""What a database's driver gives, as JSON can hold it: in payloads for people and mappers, in cursors without loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Any
from uuid import UUID

from substrate.clock import MICROS

_PLAIN = frozenset({str, bool, type(None)})
_WIDEST = 1 << 63
_STEP = timedelta(microseconds=1)


def told(value: Any) -> Any:
    """A value as a payload holds it.

    Times are ISO 8601 text (with `Z` where the database knows the zone), decimals numbers where a number holds them
    exactly and text where none does, bytes hexadecimal text.
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, (int, float, Decimal)):
        return _number(value)
    if isinstance(value, (datetime, date, time, timedelta)):
        return _time(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    return _nested(value)


def key_text(values: Sequence[Any]) -> str | None:
    """A row's key as text, several columns with `|` between them; None where one of them is missing."""
    parts = [told(value) for value in values]
    if any(part is None or part == "" for part in parts):
        return None
    return "|".join(str(part) for part in parts)


def kept(value: Any) -> Any:
    """A value as a cursor holds it, to be compared with a column again."""
    for name, kind, write, _ in _KEPT:
        if isinstance(value, kind):
            return {name: write(value)}
    return value


def restored(value: Any) -> Any:
    """The value that `kept` was given."""
    if not isinstance(value, dict):
        return value
    ((name, text),) = value.items()
    return next(read(text) for known, _, _, read in _KEPT if known == name)


# datetime before date, which it is one of.
_KEPT: tuple[tuple[str, type[Any], Any, Any], ...] = (
    ("datetime", datetime, datetime.isoformat, datetime.fromisoformat),
    ("date", date, date.isoformat, date.fromisoformat),
    ("decimal", Decimal, str, Decimal),
    ("uuid", UUID, str, UUID),
    ("bytes", bytes, bytes.hex, bytes.fromhex),
)


def _nested(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): told(inner) for name, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [told(inner) for inner in value]
    return told(value.value) if isinstance(value, Enum) else str(value)


def _number(value: float | Decimal) -> int | float | str:
    if isinstance(value, int):
        return int(value) if -_WIDEST <= value < _WIDEST else str(value)
    if not isfinite(value):
        return str(value)
    if isinstance(value, float):
        return value
    if value == value.to_integral_value():
        return _number(int(value))
    return float(value) if Decimal(repr(float(value))) == value else str(value)


def _time(value: datetime | date | time | timedelta) -> str:
    if isinstance(value, timedelta):
        return _clock_text(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat()


def _clock_text(span: timedelta) -> str:
    """`-26:03:04.5` as a database writes a time of day or an interval."""
    micros = span // _STEP
    seconds, fraction = divmod(abs(micros), MICROS)
    minutes, second = divmod(seconds, 60)
    text = f"{'-' if micros < 0 else ''}{minutes // 60:02}:{minutes % 60:02}:{second:02}"
    return f"{text}.{fraction:06}".rstrip("0") if fraction else text
