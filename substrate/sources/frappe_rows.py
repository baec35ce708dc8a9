"""Rows out of what a Frappe webhook pushes: one document, which must name its `doctype`."""

from __future__ import annotations

import orjson

from substrate.sources.source import Fault, Row

_KEPT_RAW = 1_024


def frappe_rows(body: bytes, _content_type: str, place: str) -> list[Row]:
    """The document of a webhook; one that says neither what it is nor what it is called is a faulty row."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return [Row("", place, 1, body[:_KEPT_RAW], None, Fault.BAD_JSON, "the body is not JSON")]
    if not isinstance(document, dict):
        return [Row("", place, 1, body, None, Fault.NOT_AN_OBJECT, "the body is not one document")]
    kind = document.get("doctype")
    if not isinstance(kind, str) or not document.get("name"):
        detail = "add `doctype` and `name` to the data of the webhook"
        return [Row("", place, 1, body, None, Fault.NO_TYPE, detail)]
    return [Row(kind, place, 1, body, document)]
