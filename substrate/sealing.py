"""Whether a draft can be stored at all, and the digest of its content.

A mapper that lets a wrong type through would break a whole batch on PostgreSQL and store nonsense on SQLite; here the
one row is refused instead.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson
from sqlalchemy import BigInteger, Boolean, Float, Integer, Numeric

from substrate.clock import to_micros
from substrate.mapping import Draft
from substrate.quality import Reason, RowRefused
from substrate.records import Record, content_hash, mapped_columns, meanings, table_of

_BIG, _SMALL = (1 << 63) - 1, (1 << 31) - 1
_FIRST = to_micros(datetime.min.replace(tzinfo=UTC))
_LAST = to_micros(datetime.max.replace(tzinfo=UTC))
_LONGEST_INDEXED = 500
"""Characters: PostgreSQL keeps no index entry of more than 2,704 bytes, and a character may take four."""

_WORDS = {bool: "yes or no", int: "a whole number", float: "a number", str: "text"}
_TEXT_OR_NONE = (str, type(None))
NUL = "\x00"


def fit(draft: Draft) -> None:
    """Check that the values of a draft and its parts can be stored.

    Raises:
        RowRefused: a value has another type than its column, or is too large for it.
    """
    for member in draft.family():
        _fit_origin(member)
        get = member.values.get
        for name, accepted in _types(member.record):
            value = get(name)
            if value is not None and type(value) is not accepted:
                member.values[name] = _widened(name, value, accepted)
        for name, least, most in _limits(member.record):
            number = get(name)
            # Written so that NaN, which neither database keeps as a number, is out of range too.
            if number is not None and not least <= number <= most:
                raise RowRefused(Reason.OUT_OF_RANGE, f"{name} is no number that can be kept")
        for name in _indexed(member.record):
            text = get(name)
            if text is not None and len(text) > _LONGEST_INDEXED:
                raise RowRefused(Reason.OUT_OF_RANGE, f"{name} has more than {_LONGEST_INDEXED} characters")


def seal(draft: Draft) -> None:
    """Set the digests of a draft and its parts, once nothing will change in them but what references resolve to.

    Raises:
        RowRefused: a text holds a NUL character, which PostgreSQL cannot keep, or half a surrogate pair.
    """
    for member in draft.family():
        values = [*map(member.values.get, mapped_columns_of(member.record))]
        try:
            encoded = orjson.dumps([member.site, member.key, *member.aliases, *values])
        except orjson.JSONEncodeError:  # of text and numbers that fit, only half a surrogate pair cannot be written
            raise RowRefused(Reason.BAD_ENCODING, "the row holds characters that are no Unicode") from None
        if b"\\u0000" in encoded and _holds_nul(member, values):
            raise RowRefused(Reason.BAD_ENCODING, "the row holds a NUL character")
        member.digest = content_hash(encoded)


@cache
def mapped_columns_of(record: type[Record]) -> tuple[str, ...]:
    """The columns that mappers set, in order; looked up once a kind."""
    return mapped_columns(record)


def _fit_origin(draft: Draft) -> None:
    if not isinstance(draft.key, str) or not draft.key:
        raise RowRefused(Reason.MISSING_KEY, f"the key of the {draft.record.kind} is missing, or is no text")
    if not isinstance(draft.site, _TEXT_OR_NONE) or not all(isinstance(alias, str) for alias in draft.aliases):
        raise RowRefused(Reason.WRONG_TYPE, "the site or another name is not text")
    changed = draft.changed_at
    if changed is not None and type(changed) is not int:
        raise RowRefused(Reason.WRONG_TYPE, "the time of the change is no instant")
    if changed is not None and not _FIRST <= changed <= _LAST:
        raise RowRefused(Reason.OUT_OF_RANGE, "the time of the change lies in no year that can be told")


def _widened(name: str, value: Any, accepted: type) -> float:
    """A whole number where a fraction may be; anything else is refused."""
    if accepted is not float or type(value) is not int:
        raise RowRefused(Reason.WRONG_TYPE, f"{name} is not {_WORDS[accepted]}")
    try:
        return float(value)
    except OverflowError:
        raise RowRefused(Reason.OUT_OF_RANGE, f"{name} is no number that can be kept") from None


def _holds_nul(draft: Draft, values: list[Any]) -> bool:
    texts = (draft.site, draft.key, *draft.aliases, *values)
    return any(isinstance(text, str) and NUL in text for text in texts)


@cache
def _types(record: type[Record]) -> tuple[tuple[str, type], ...]:
    table = table_of(record)
    return tuple((name, _type(table.c[name].type)) for name in mapped_columns_of(record))


@cache
def _limits(record: type[Record]) -> tuple[tuple[str, float, float], ...]:
    """The columns of numbers, and the least and the largest that each holds on both databases."""
    known, table = meanings(record), table_of(record)
    limits: list[tuple[str, float, float]] = []
    for name in mapped_columns_of(record):
        stored = table.c[name].type
        if known[name].instant:
            limits.append((name, _FIRST, _LAST))
        elif _type(stored) is int:
            most = _BIG if isinstance(stored, BigInteger) else _SMALL
            limits.append((name, -most, most))
        elif _type(stored) is float:
            limits.append((name, -sys.float_info.max, sys.float_info.max))
    return tuple(limits)


@cache
def _indexed(record: type[Record]) -> tuple[str, ...]:
    """The columns of text that an index holds whole."""
    table = table_of(record)
    held = {column.name for index in table.indexes for column in index.columns}
    return tuple(name for name in mapped_columns_of(record) if name in held and _type(table.c[name].type) is str)


def _type(stored: object) -> type:
    for kind, python in ((Boolean, bool), (Integer, int), (Float, float), (Numeric, float)):
        if isinstance(stored, kind):
            return python
    return str
