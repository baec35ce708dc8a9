"""Rows in our own words: a CSV or NDJSON row whose columns are named like the record's, read strictly.

`id` is the row's key, `updated_at` when it last changed, `site` whose it is. A reference is written without `_id`, and
holds the other row's `id`: `customer`, `lane`. Times are ISO 8601; an empty cell is missing; other columns are passed
over. A refusal names the column, never its value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from substrate.clock import DAY, SECOND
from substrate.mapping import Draft, Reader
from substrate.quality import Reason, RowRefused
from substrate.records import Record, mapped_columns, meanings

Json = dict[str, Any]
Cell = Callable[[Any, str, Reader], Any]

_DATE = len("2026-03-02")
_DUE = frozenset(
    (
        "promised_at",
        "own_promised_at",
        "planned_arrive",
        "planned_receipt",
        "cutoff_at",
        "expires_at",
        "service_at",
        "eta",
    )
)
_YES, _NO = ("true", "yes", "1"), ("false", "no", "0")


@dataclass(frozen=True, slots=True)
class Column:
    """How one column of a record is read: its name there, its name in the row, and from a cell to a value."""

    name: str
    cell: str
    read: Cell


def read_table(record: type[Record], row: Json, reader: Reader) -> Draft:
    """The draft of a row, each column as it is written; what a kind needs beyond that is its mapper's business.

    Raises:
        RowRefused: the key is missing, or a cell is not of its column's type.
    """
    values: Json = {}
    for column in columns(record):
        cell = row.get(column.cell)
        values[column.name] = None if cell is None or cell == "" else column.read(cell, column.cell, reader)
    changed = row.get("updated_at")
    return Draft(
        record,
        key_of(row),
        values,
        changed_at=reader.instant(changed, "updated_at") if changed else None,
        site=text(row["site"], "site", reader) if row.get("site") else None,
    )


@cache
def columns(record: type[Record]) -> tuple[Column, ...]:
    """The columns of a kind that a row may fill."""
    known = meanings(record)
    found = []
    for name in mapped_columns(record):
        meaning = known[name]
        if meaning.references:
            found.append(Column(name, name.removesuffix("_id"), _reference(meaning.references)))
        else:
            timed = due if name in _DUE else instant
            found.append(Column(name, name, timed if meaning.instant else _CELLS[_type(record, name)]))
    return tuple(found)


def key_of(row: Json) -> str:
    """The row's key; a number counts as its digits.

    Raises:
        RowRefused: there is none.
    """
    key = row.get("id")
    if type(key) is int:
        return str(key)
    if type(key) is str and key:
        return key
    raise RowRefused(Reason.MISSING_KEY, "id is missing") if key in (None, "") else wrong("id", "text")


def wrong(what: str, expected: str) -> RowRefused:
    """The refusal of a cell that is not what its column holds."""
    return RowRefused(Reason.WRONG_TYPE, f"{what} is not {expected}")


def need(values: Json, *names: str) -> None:
    """Refuse a row that lacks what its record cannot do without."""
    for name in names:
        if values[name] is None:
            raise RowRefused(Reason.MISSING_VALUE, f"{name.removesuffix('_id')} is missing")


def known(values: Json, name: str, codes: Collection[str]) -> None:
    """Refuse a code that is none of a closed list; a missing one passes."""
    value = values[name]
    if value is not None and value not in codes:
        raise RowRefused(Reason.UNKNOWN_CODE, f"{name} is none of {', '.join(sorted(codes))}")


def text(cell: Any, what: str, _reader: Reader) -> str:
    """A cell of text."""
    if type(cell) is str:
        return cell
    raise wrong(what, "text")


def number(cell: Any, what: str, _reader: Reader) -> float:
    """A cell with a decimal number, written out or as JSON's number."""
    if type(cell) is float or type(cell) is int:
        return float(cell)
    try:
        found = float(cell) if type(cell) is str and "_" not in cell else math.nan
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise wrong(what, "a number")
    return found


def whole(cell: Any, what: str, _reader: Reader) -> int:
    """A cell with a whole number."""
    if type(cell) is int:
        return cell
    if type(cell) is str and cell.removeprefix("-").isascii() and cell.removeprefix("-").isdigit():
        return int(cell)
    raise wrong(what, "a whole number")


def flag(cell: Any, what: str, _reader: Reader) -> bool:
    """A cell with yes or no: `true`, `yes`, `1`, `false`, `no`, `0`."""
    if type(cell) is bool:
        return cell
    said = cell.lower() if type(cell) is str else ""
    if said in _YES or said in _NO:
        return said in _YES
    raise wrong(what, "true or false")


def instant(cell: Any, what: str, reader: Reader) -> int:
    """A cell with a date or time."""
    return reader.instant(cell, what)


def due(cell: Any, what: str, reader: Reader) -> int:
    """A cell with a time by which something is due; of a bare date, the last second of that day in UTC."""
    found = reader.instant(cell, what)
    return found + DAY - SECOND if len(cell) <= _DATE else found


def _reference(kind: str) -> Cell:
    def read(cell: Any, what: str, reader: Reader) -> int:
        if type(cell) is not str and type(cell) is not int:
            raise wrong(what, "the id of another row")
        return reader.id_of(kind, str(cell))

    return read


_CELLS: dict[type, Cell] = {str: text, float: number, int: whole, bool: flag}


def _type(record: type[Record], name: str) -> type:
    declared = record.model_fields[name].annotation
    inner = [each for each in get_args(declared) if each is not type(None)] or [declared]
    found: type = inner[0]
    return found
