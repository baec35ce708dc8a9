"""Rows out of NDJSON: one JSON object a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from substrate.sources.lines import Cut, Line
from substrate.sources.source import Fault, Row


def read_ndjson(lines: Iterable[Line], place: str, kind: str) -> Iterator[Row]:
    """A row for every line that is not blank; a line that cannot be read is a faulty row, and the rest goes on.

    `kind` is what the file's name says; a record's own `resourceType` wins over it.
    """
    for number, line in enumerate(lines, 1):
        if isinstance(line, Cut):
            yield _cut_row(line, place, kind, number)
            continue
        try:
            payload = orjson.loads(line)
        except orjson.JSONDecodeError:
            if line.strip():
                yield bad_json(line, place, kind, number)
            continue
        yield row_of(payload, line, place, kind, number)


def row_of(payload: Any, raw: bytes, place: str, kind: str, number: int) -> Row:
    """The row of one parsed JSON value: its kind is its `resourceType`, else `kind`."""
    if type(payload) is not dict:
        detail = f"a JSON {type(payload).__name__} where an object was expected"
        return Row(kind, place, number, raw, None, Fault.NOT_AN_OBJECT, detail)
    named = payload.get("resourceType", kind)
    if type(named) is not str or not named:
        return Row(kind, place, number, raw, None, Fault.NO_TYPE, "no resourceType, and the name gives no kind")
    return Row(named, place, number, raw, payload)


def raw_of(value: Any) -> bytes | None:
    """A parsed value written again as compact JSON; None where it is nested deeper than anybody writes."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return None


def too_deep(place: str, kind: str, number: int) -> Row:
    """The faulty row of a value that is nested too deeply to be kept."""
    return Row(kind, place, number, b"", None, Fault.TOO_LARGE, "objects within objects, too deep to be kept")


def bad_json(raw: bytes, place: str, kind: str, number: int) -> Row:
    """The faulty row of bytes that are no JSON, or not even text."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        detail = f"byte {error.start + 1} of the line is not valid UTF-8"
        return Row(kind, place, number, raw, None, Fault.BAD_ENCODING, detail)
    try:
        orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        detail = f"{error.msg.split(':')[0]} at character {error.pos + 1}"
        return Row(kind, place, number, raw, None, Fault.BAD_JSON, detail)
    raise AssertionError("called for JSON that can be read")


def _cut_row(line: Cut, place: str, kind: str, number: int) -> Row:
    """A last line without its newline is fine if it parses, else the file was cut there."""
    if line.fault is not None:
        return Row(kind, place, number, line.raw, None, line.fault, line.detail)
    try:
        return row_of(orjson.loads(line.raw), line.raw, place, kind, number)
    except orjson.JSONDecodeError:
        detail = "the file ends in the middle of a line"
        return Row(kind, place, number, line.raw, None, Fault.TRUNCATED, detail)
