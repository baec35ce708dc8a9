"""Cells of rows: text from CSV, or typed values from NDJSON; a wrong one refuses the row and names the column only."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from substrate.clock import DAY, SECOND
from substrate.mapping import Reader
from substrate.quality import Reason, RowRefused

Cells = dict[str, Any]
_DATE = len("2024-01-31")
_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def wrong(what: str, expected: str) -> RowRefused:
    """The refusal of a cell that is not of the type that its column has."""
    return RowRefused(Reason.WRONG_TYPE, f"{what} is not {expected}")


def missing(what: str) -> RowRefused:
    """The refusal of a row that lacks what a record cannot do without."""
    return RowRefused(Reason.MISSING_VALUE, f"{what} is missing")


def text(row: Cells, name: str) -> str | None:
    """Text without blanks around it; an empty cell counts as missing, a whole number as its digits."""
    value = row.get(name)
    if value is None or value == "":
        return None
    if type(value) is str:
        return value.strip() or None
    if type(value) is int:
        return str(value)
    raise wrong(name, "text")


def needed(row: Cells, name: str) -> str:
    """Text that a record cannot do without."""
    value = text(row, name)
    if value is None:
        raise missing(name)
    return value


def number(row: Cells, name: str) -> float | None:
    """A decimal number that is finite."""
    value = row.get(name)
    if value is None or (type(value) is str and not value.strip()):
        return None
    if type(value) in (str, int, float):
        try:
            found = float(value)
        except ValueError:
            raise wrong(name, "a number") from None
        if found - found == 0:
            return found
    raise wrong(name, "a number")


def whole(row: Cells, name: str) -> int | None:
    """A whole number."""
    value = number(row, name)
    if value is not None and not value.is_integer():
        raise wrong(name, "a whole number")
    return None if value is None else int(value)


def flag(row: Cells, name: str) -> bool | None:
    """A yes or no: `true`, `1` or `yes`, and their opposites, in any case."""
    value = row.get(name)
    if value is None or type(value) is bool:
        return value
    said = text(row, name)
    if said is None:
        return None
    if said.lower() not in _FLAGS:
        raise wrong(name, "true or false")
    return _FLAGS[said.lower()]


def code(row: Cells, name: str, known: Collection[str], default: str | None = None) -> str:
    """One of a closed set of codes; a missing one is the default, or refuses the row."""
    value = text(row, name)
    if value is None:
        if default is None:
            raise missing(name)
        return default
    if value not in known:
        raise RowRefused(Reason.UNKNOWN_CODE, f"{name} is none of {', '.join(sorted(known))}")
    return value


def instant(reader: Reader, row: Cells, name: str) -> int | None:
    """An instant; a date is the moment on which it begins."""
    value = text(row, name)
    if value is None:
        return None
    return reader.day(value, name) if len(value) == _DATE else reader.instant(value, name)


def until(reader: Reader, row: Cells, name: str) -> int | None:
    """An instant that ends something; a date is its last second, since it includes the day."""
    value = text(row, name)
    if value is None:
        return None
    return reader.day(value, name) + DAY - SECOND if len(value) == _DATE else reader.instant(value, name)


def refer(reader: Reader, row: Cells, name: str, kind: str) -> int | None:
    """The id of the record whose key stands in a cell."""
    key = text(row, name)
    return None if key is None else reader.id_of(kind, key)
