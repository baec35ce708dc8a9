"""Rows out of one whole JSON document: an array, a FHIR Bundle or a single object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import orjson

from substrate.sources.blocks import TornError
from substrate.sources.ndjson import bad_json, row_of
from substrate.sources.source import Fault, Row


def read_json(blocks: Iterable[bytes], place: str, kind: str, max_bytes: int) -> Iterator[Row]:
    """A row for each element. Such a document is parsed at once, so one above `max_bytes` is a single faulty row.

    A row's `raw` is its element written again as compact JSON: its own bytes do not stand alone in the file.
    """
    whole = bytearray()
    try:
        for block in blocks:
            whole += block
            if len(whole) > max_bytes:
                detail = f"more than {max_bytes} bytes in one JSON document; export it as NDJSON"
                yield Row(kind, place, 1, bytes(whole[:1024]), None, Fault.TOO_LARGE, detail)
                return
    except TornError as torn:
        yield Row(kind, place, 1, bytes(whole[:1024]), None, Fault.TRUNCATED, str(torn))
        return
    yield from _rows(bytes(whole), place, kind)


def is_ndjson(sample: bytes) -> bool:
    """Whether a sample of a `.json` file is really one object a line, as some exports name it."""
    first, newline, rest = sample.lstrip().partition(b"\n")
    if not newline or not rest.lstrip().startswith(b"{"):
        return False
    try:
        return isinstance(orjson.loads(first), dict)
    except orjson.JSONDecodeError:
        return False


def bundle_rows(bundle: dict[str, Any], place: str, kind: str) -> Iterator[Row]:
    """A row for each entry of a FHIR Bundle; an entry whose request was a DELETE says that its record is gone."""
    entries = bundle.get("entry") or []
    if not isinstance(entries, list):
        yield Row(kind, place, 1, b"", None, Fault.NOT_AN_OBJECT, "the Bundle's entry is not a list")
        return
    for number, entry in enumerate(entries, 1):
        yield _entry_row(entry, place, kind, number)


def _rows(text: bytes, place: str, kind: str) -> Iterator[Row]:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        row = bad_json(text, place, kind, 1)
        cut = error.pos >= len(text.rstrip()) and row.fault is Fault.BAD_JSON
        yield replace(row, raw=text[:1024], fault=Fault.TRUNCATED if cut else row.fault)
        return
    if isinstance(document, list):
        for number, element in enumerate(document, 1):
            yield row_of(element, orjson.dumps(element), place, kind, number)
    elif isinstance(document, dict) and document.get("resourceType") == "Bundle":
        yield from bundle_rows(document, place, kind)
    else:
        yield row_of(document, text, place, kind, 1)


def _entry_row(entry: Any, place: str, kind: str, number: int) -> Row:
    request = entry.get("request") if isinstance(entry, dict) else None
    if isinstance(request, dict) and request.get("method") == "DELETE":
        return _deleted(str(request.get("url", "")), orjson.dumps(entry), place, kind, number)
    resource = entry.get("resource") if isinstance(entry, dict) else None
    row = row_of(resource, orjson.dumps(entry if resource is None else resource), place, "", number)
    return replace(row, kind=row.kind or kind)


def _deleted(url: str, raw: bytes, place: str, kind: str, number: int) -> Row:
    """`Patient/123` or `https://host/fhir/Patient/123/_history/2` names the record that is gone."""
    parts = url.split("?")[0].partition("/_history")[0].rstrip("/").split("/")
    if "?" in url or len(parts) < 2 or not parts[-1]:
        return Row(kind, place, number, raw, None, Fault.NO_TYPE, "a deletion that names no single record")
    return Row(parts[-2], place, number, raw, None, deleted_key=parts[-1])
