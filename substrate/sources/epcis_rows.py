"""Rows out of an EPCIS document: a row for each event, whole and in its normal form, or faulty with its reason.

JSON and XML, EPCIS 1.2 and 2.0: a document, the answer to a query, one bare event, or an array of events.
"""

from __future__ import annotations

from typing import Any

import orjson

from substrate.sources.epcis_event import normal
from substrate.sources.epcis_fields import BadEventError, Json, missing, time, wrong
from substrate.sources.epcis_xml import document
from substrate.sources.ndjson import bad_json, raw_of, too_deep
from substrate.sources.source import Fault, Row
from substrate.sources.xml_tree import BadXmlError, read_tree

DOCUMENT = "EPCISDocument"
QUERY_DOCUMENT = "EPCISQueryDocument"
_KEPT_RAW = 1_024


ROLLBACK = "capture-error-behaviour=rollback"
"""A parameter of a kept Content-Type: one bad event refuses its document; else the sound ones are taken."""


def capture_rows(body: bytes, content_type: str, place: str) -> list[Row]:
    """The rows of a captured document: all, or only what is wrong with it, where its sender wants all or nothing."""
    rows = epcis_rows(body, content_type, place)
    bad = [row for row in rows if row.fault is not None]
    return bad if bad and ROLLBACK in content_type else rows


def is_xml(content_type: str, body: bytes) -> bool:
    """Whether a body is XML; where the sender does not say it plainly, its first character does."""
    said = content_type.partition(";")[0].strip().lower()
    if "json" in said:
        return False
    return "xml" in said or body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def epcis_rows(body: bytes, content_type: str, place: str) -> list[Row]:
    """The rows of a body.

    Args:
        body: as it came.
        content_type: as the sender said it.
        place: where the rows are said to come from.
    """
    if is_xml(content_type, body):
        try:
            return document_rows(document(read_tree(body)), place, body)
        except BadXmlError as error:
            return [Row(DOCUMENT, place, 1, body[:_KEPT_RAW], None, error.fault, error.detail)]
    try:
        return document_rows(orjson.loads(body), place, body)
    except orjson.JSONDecodeError:
        row = bad_json(body, place, DOCUMENT, 1)
        return [Row(DOCUMENT, place, 1, body[:_KEPT_RAW], None, row.fault, row.detail)]


def document_rows(told: Any, place: str, body: bytes = b"") -> list[Row]:
    """The rows of a parsed document.

    Args:
        told: the document, an event, or a list of either.
        place: where the rows are said to come from.
        body: what is kept of a document that is refused as a whole.
    """
    try:
        events = _events(told)
    except BadEventError as error:
        return [Row(DOCUMENT, place, 1, body[:_KEPT_RAW], None, error.fault, error.detail)]
    return [_row(event, place, number) for number, event in enumerate(events, 1)]


def _events(told: Any) -> list[Any]:
    if isinstance(told, list):
        return [event for one in told for event in _events(one)]
    if not isinstance(told, dict):
        raise BadEventError(Fault.NOT_AN_OBJECT, f"a JSON {type(told).__name__} where a document was expected")
    if told.get("type") not in (DOCUMENT, QUERY_DOCUMENT):
        return [told]
    return _with_context(_listed(told), told.get("@context"))


def _listed(told: Json) -> list[Any]:
    """The events that a document carries.

    Raises:
        BadEventError: the document is not what the standard says.
    """
    if "@context" not in told:
        raise missing("@context")
    body = _object(told, "epcisBody")
    if told["type"] == DOCUMENT:
        if not isinstance(told.get("schemaVersion"), str):
            raise missing("schemaVersion")
        if told.get("creationDate") is None:
            raise missing("creationDate")
        time(told["creationDate"], "creationDate")
    else:
        body = _object(_object(body, "queryResults"), "resultsBody")
    events = body.get("eventList")
    if events is None:
        raise missing("eventList")
    if not isinstance(events, list):
        raise wrong("eventList", "a list")
    return events


def _object(told: Json, name: str) -> Json:
    found = told.get(name)
    if found is None:
        raise missing(name)
    if not isinstance(found, dict):
        raise wrong(name, "an object")
    return found


def _with_context(events: list[Any], context: Any) -> list[Any]:
    """Events that carry what the document's prefixes stand for, so that each stands alone."""
    spaces = _spaces(context)
    if not spaces:
        return events
    return [
        {**event, "@context": {**spaces, **_spaces(event.get("@context"))}} if isinstance(event, dict) else event
        for event in events
    ]


def _spaces(context: Any) -> Json:
    parts = context if isinstance(context, list) else [context]
    return {prefix: space for part in parts if isinstance(part, dict) for prefix, space in part.items()}


def _row(event: Any, place: str, number: int) -> Row:
    raw = raw_of(event)
    if raw is None:
        return too_deep(place, DOCUMENT, number)
    if not isinstance(event, dict):
        detail = f"a JSON {type(event).__name__} where an event was expected"
        return Row(DOCUMENT, place, number, raw, None, Fault.NOT_AN_OBJECT, detail)
    kind = event.get("type")
    try:
        found = normal(event)
    except BadEventError as error:
        return Row(kind if isinstance(kind, str) else "", place, number, raw, None, error.fault, error.detail)
    return Row(found["type"], place, number, raw, found)
