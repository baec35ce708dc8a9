"""Whether a draft can be stored at all, and the digest of its content.

A mapper that lets a wrong type through would break a whole batch on PostgreSQL and store nonsense on SQLite; here the
one row is refused instead.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson
from sqlalchemy import BigInteger, Boolean, Float, Integer, Numeric

from substrate.mapping import Draft
from substrate.quality import Reason, RowRefused
from substrate.records import Record, content_hash, mapped_columns, table_of

_LARGEST = {"big": (1 << 63) - 1, "small": (1 << 31) - 1}
_WORDS = {bool: "yes or no", int: "a whole number", float: "a number", str: "text"}
NUL = "\x00"


def fit(draft: Draft) -> None:
    """Check that the values of a draft and its parts can be stored.

    Raises:
        RowRefused: a value has another type than its column, or is too large for it.
    """
    for member in draft.family():
        get = member.values.get
        for name, accepted in _types(member.record):
            value = get(name)
            if value is not None and type(value) is not accepted:
                _wrong_type(name, value, accepted)
        for name, largest in _limits(member.record):
            number = get(name)
            if number is not None and not -largest <= number <= largest:
                raise RowRefused(Reason.OUT_OF_RANGE, f"{name} is too large a number")


def seal(draft: Draft) -> None:
    """Set the digests of a draft and its parts, once nothing will change in them but what references resolve to.

    Raises:
        RowRefused: a text holds a NUL character, which PostgreSQL cannot keep.
    """
    for member in draft.family():
        values = [member.values.get(name) for name in mapped_columns_of(member.record)]
        encoded = orjson.dumps([member.site, *values])
        if b"\\u0000" in encoded or NUL in member.key:
            raise RowRefused(Reason.BAD_ENCODING, "the row holds a NUL character")
        member.digest = content_hash(encoded)


@cache
def mapped_columns_of(record: type[Record]) -> tuple[str, ...]:
    """The columns that mappers set, in order; looked up once a kind."""
    return mapped_columns(record)


def _wrong_type(name: str, value: Any, accepted: type) -> None:
    if accepted is float and type(value) is int:
        return  # a whole number where a fraction may be
    raise RowRefused(Reason.WRONG_TYPE, f"{name} is not {_WORDS[accepted]}")


@cache
def _types(record: type[Record]) -> tuple[tuple[str, type], ...]:
    table = table_of(record)
    return tuple((name, _type(table.c[name].type)) for name in mapped_columns_of(record))


@cache
def _limits(record: type[Record]) -> tuple[tuple[str, int], ...]:
    """The whole-number columns, and the largest number that each holds on both databases."""
    table = table_of(record)
    names = [name for name in mapped_columns_of(record) if _type(table.c[name].type) is int]
    return tuple((name, _LARGEST["big" if isinstance(table.c[name].type, BigInteger) else "small"]) for name in names)


def _type(stored: object) -> type:
    for kind, python in ((Boolean, bool), (Integer, int), (Float, float), (Numeric, float)):
        if isinstance(stored, kind):
            return python
    return str
