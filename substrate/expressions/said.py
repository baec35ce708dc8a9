"""Says a single value as a person would write it: codes in words, short numbers, units as on paper."""

import re
from collections.abc import Mapping

from substrate.expressions.literals import say_duration, say_timestamp
from substrate.expressions.printer import print_string
from substrate.expressions.types import Type, Value

# A code this short is what staff themselves say, so it is kept beside its words.
_SHORT_CODE = 4
_TENS = 10
_UNITS = {"Cel": "°C", "mm[Hg]": "mmHg", "[degF]": "°F", "1": "", "d": "days", "a": "years"}
_ANNOTATION = re.compile(r"\{[^}]*\}")


def say_value(value: Value | None, type_: Type, unit: str | None = None, codes: Mapping[str, str] | None = None) -> str:
    """Return a value as a person would write it, with its unit; `codes` gives the words for what is coded."""
    if value is None:
        return "not known"
    if type_ is Type.TIMESTAMP:
        return say_timestamp(int(value))
    if type_ is Type.DURATION:
        return say_duration(int(value))
    if type_ is Type.BOOL:
        return "yes" if value else "no"
    if isinstance(value, str):
        return _text(value, codes or {})
    spelt = say_unit(unit)
    return f"{say_number(value)}{'' if spelt == '%' else ' '}{spelt}" if spelt else say_number(value)


def say_unit(unit: str | None) -> str:
    """Return a UCUM unit as staff write it; "" where there is none to write."""
    return "" if unit is None else _UNITS.get(unit, _ANNOTATION.sub("", unit))


def say_number(value: Value) -> str:
    """Return a number as short as a person would write it: four digits of a small one, two places of a large one."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.4g}" if abs(value) < _TENS else f"{round(value, 2):.9g}"


def _text(value: str, codes: Mapping[str, str]) -> str:
    words = codes.get(value)
    if words is None:
        plain = value.isprintable() and value == value.strip() and value
        return value if plain else print_string(value)
    same = words.replace(" ", "-").lower().startswith(value.lower())
    return words if same or len(value) > _SHORT_CODE else f"{words} ({value})"
