"""Numbers as ERPs write them: `1,234.50`, `1.234,50`, `1 234,5`. A group that is no group of three is refused."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from typing import Any

from substrate.mapping import Reader
from substrate.mappings.texts import Read, text_reading
from substrate.quality import Reason, RowRefused

_SPACES = " \u00a0\u202f"


def number_reading(what: str, blank: Collection[str], decimal: str, thousands: str | None) -> Read:
    """Read a number; a whole one without a fraction stays whole."""
    text_of, parse = text_reading(what, blank), _parser(decimal, thousands)

    def read(raw: Any, reader: Reader) -> float | int | None:
        if type(raw) is int or (type(raw) is float and math.isfinite(raw)):
            return raw
        text = text_of(raw, reader)
        if text is None:
            return None
        number = parse(text) if type(raw) is str else None
        if number is None:
            raise RowRefused(Reason.WRONG_TYPE, f"column {what} is no number")
        return number

    return read


def whole_reading(what: str, number_of: Read) -> Read:
    """Read a number that must be whole; `5.0` is."""

    def read(raw: Any, reader: Reader) -> int | None:
        number: int | float | None = number_of(raw, reader)
        if not isinstance(number, float):
            return number
        if not number.is_integer():
            raise RowRefused(Reason.WRONG_TYPE, f"column {what} is no whole number")
        return int(number)

    return read


def _parser(decimal: str, thousands: str | None) -> Callable[[str], int | float | None]:
    between = f"[{_SPACES}]" if thousands in list(_SPACES) else re.escape(thousands or "")
    groups = rf"\d{{1,3}}(?:{between}\d{{3}})+|" if thousands else ""
    point = re.escape(decimal)
    fits = re.compile(rf"[-+]?(?:{groups}\d*)(?:{point}(\d*))?([eE][-+]?\d{{1,3}})?", re.ASCII).fullmatch
    gap = re.compile(between or "(?!)")

    def parse(text: str) -> int | float | None:
        found = fits(text)
        if found is None:
            return None
        plain = gap.sub("", text) if thousands else text
        try:
            if found.group(1) is None and found.group(2) is None:
                return int(plain)
            number = float(plain.replace(decimal, "."))
        except ValueError:
            return None
        return number if math.isfinite(number) else None

    return parse
