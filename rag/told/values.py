"""Values of records as a template is given them: each compares as what it is, and is written as people say it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from substrate.clock import duration_text, from_micros, local_text
from substrate.columns import Meaning
from substrate.expressions.said import say_number, say_value
from substrate.expressions.types import Type

_T = TypeVar("_T")


class Code(str):
    """A code; it is written in words."""

    __slots__ = ("words",)
    words: str

    def __str__(self) -> str:
        """The words."""
        return self.words


class Instant(int):
    """An instant, in microseconds since 1970 UTC; it is written as the house's clocks and calendars show it."""

    zone: str

    def __str__(self) -> str:
        """Weekday, day and time in the house's zone."""
        return local_text(int(self), self.zone)


class Answer(int):
    """A yes or no."""

    words: str

    def __str__(self) -> str:
        """The column's own words for it, else yes or no."""
        return self.words


class Quantity(float):
    """A number, with the unit of its column."""

    unit: str | None

    def __str__(self) -> str:
        """As short as a person would write it."""
        return say_value(float(self), Type.DOUBLE, self.unit)


def written(value: Any, meaning: Meaning, zone: str) -> Any:
    """A column's value for a template; a text is put on one line, so that it cannot pass for the document's own.

    Args:
        value: as the database has it.
        meaning: the column's.
        zone: IANA zone of the house.
    """
    if value is None or meaning.references:
        return value
    if isinstance(value, bool):
        return _with(Answer(value), words=meaning.codes.get(str(value).lower(), "yes" if value else "no"))
    if isinstance(value, str):
        return _text(value, meaning.codes)
    if meaning.instant:
        return _with(Instant(value), zone=zone)
    if isinstance(value, int | float):
        return _with(Quantity(value), unit=meaning.unit)
    return value


def finished(value: Any) -> Any:
    """What is printed of a value: nothing where there is none."""
    if value is None:
        return ""
    return say_number(value) if isinstance(value, float) and not isinstance(value, Quantity) else value


def _text(value: str, codes: Mapping[str, str]) -> str:
    if value in codes:
        return _with(Code(value), words=codes[value])
    plain = value if value.isprintable() else "".join(char if char.isprintable() else " " for char in value)
    return " ".join(plain.split())


def _with(value: _T, **more: Any) -> _T:
    for name, one in more.items():
        setattr(value, name, one)
    return value


def filters(zone: str) -> dict[str, Callable[..., str]]:
    """The filters that speak of instants and values.

    Args:
        zone: IANA zone of the house.
    """
    return {
        "day": lambda value: _day(value, zone),
        "clock": lambda value: _clock(value, zone),
        "date": lambda value: _day(value, "UTC"),
        "duration": lambda value: duration_text(int(value)) if isinstance(value, int) else "",
        "unit": _unit,
    }


def _day(value: Any, zone: str) -> str:
    moment = _moment(value, zone)
    return f"{moment.day} {moment:%B %Y}" if moment else ""


def _clock(value: Any, zone: str) -> str:
    moment = _moment(value, zone)
    return f"{moment:%H:%M}" if moment else ""


def _moment(value: Any, zone: str) -> datetime | None:
    if not isinstance(value, int):
        return None
    try:
        return from_micros(value).astimezone(ZoneInfo(zone))
    except OverflowError:
        return None


def _unit(value: Any, unit: Any = None) -> str:
    if not isinstance(value, int | float):
        return "" if value is None else str(value)
    return say_value(float(value), Type.DOUBLE, None if unit is None else str(unit))
