"""Rows out of DCSA Track & Trace events (SHIPMENT, TRANSPORT, EQUIPMENT), as an answer or a subscription has them.

The row is the event as it came; what could not be understood later is refused here, with its reason.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any

import orjson

from substrate.sources.epcis_fields import BadEventError, missing
from substrate.sources.ndjson import bad_json, raw_of, too_deep
from substrate.sources.source import Fault, Row

TYPE_CODES = {
    "SHIPMENT": "shipmentEventTypeCode",
    "TRANSPORT": "transportEventTypeCode",
    "EQUIPMENT": "equipmentEventTypeCode",
}
"""The types of event, and the field that says what happened; `eventTypeCode` is its name in older versions."""

EVENT_TYPES = tuple(TYPE_CODES)

_CLASSIFIERS = ("PLN", "EST", "ACT")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE)
_KEPT_RAW = 1_024


def dcsa_rows(body: bytes, _content_type: str, place: str) -> list[Row]:
    """The rows of a body: one event, or a list of events."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        row = bad_json(body, place, "", 1)
        return [Row("", place, 1, body[:_KEPT_RAW], None, row.fault, row.detail)]
    return event_rows(told if isinstance(told, list) else [told], place)


def event_rows(events: list[Any], place: str, since: int = 0) -> list[Row]:
    """A row for each event.

    Args:
        events: as they were listed.
        place: where they are said to come from.
        since: how many the place gave before.
    """
    return [row for number, event in enumerate(events, since + 1) for row in _rows(event, place, number)]


def event_key(event: dict[str, Any]) -> str | None:
    """The event's own id, which is the message's, so that one that is sent again keeps it; else a digest of it."""
    given = event.get("eventID")
    if isinstance(given, str) and given:
        return given
    content = {name: value for name, value in event.items() if name != "eventCreatedDateTime"}
    return f"digest:{sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()}"


def _rows(event: Any, place: str, number: int) -> list[Row]:
    """The row of an event, and before it, where version 3 takes an earlier event back, that this one is gone."""
    row = _row(_flat(event), place, number)
    retracted = (row.payload or {}).get("retractedEventID")
    if not isinstance(retracted, str) or not retracted:
        return [row]
    return [Row(row.kind, place, number, row.raw, None, deleted_key=retracted), row]


def _flat(event: Any) -> Any:
    """The event as version 2 has it: version 3 parts what is said of the message from what it says."""
    if not isinstance(event, dict) or not isinstance(event.get("metadata"), dict):
        return event
    said = event.get("payload")
    return {**event["metadata"], **said} if isinstance(said, dict) else event


def _row(event: Any, place: str, number: int) -> Row:
    raw = raw_of(event)
    if raw is None:
        return too_deep(place, "", number)
    if not isinstance(event, dict):
        detail = f"a JSON {type(event).__name__} where an event was expected"
        return Row("", place, number, raw, None, Fault.NOT_AN_OBJECT, detail)
    kind = event.get("eventType")
    try:
        _check(event)
    except BadEventError as error:
        return Row(kind if isinstance(kind, str) else "", place, number, raw, None, error.fault, error.detail)
    return Row(str(kind), place, number, raw, event)


def _check(event: dict[str, Any]) -> None:
    """Refuse an event that does not say what it is, how certain and when.

    Raises:
        BadEventError: with the first thing that is wrong.
    """
    kind = event.get("eventType")
    if kind is None:
        raise missing("eventType")
    if not isinstance(kind, str) or kind not in TYPE_CODES:
        raise BadEventError(Fault.UNKNOWN_CODE, f"eventType is none of {', '.join(EVENT_TYPES)}")
    if not isinstance(event.get(TYPE_CODES[kind], event.get("eventTypeCode")), str):
        raise missing(TYPE_CODES[kind])
    if event.get("eventClassifierCode") not in _CLASSIFIERS:
        raise BadEventError(Fault.UNKNOWN_CODE, f"eventClassifierCode is none of {', '.join(_CLASSIFIERS)}")
    for name in ("eventDateTime", "eventCreatedDateTime"):
        if event.get(name) is None:
            raise missing(name)
        if not isinstance(event[name], str) or not _TIME.fullmatch(event[name]):
            raise BadEventError(Fault.BAD_TIME, f"{name} is not a date and time")
