"""One EPCIS event in its normal form: checked against the standard, the same whether it came as JSON or as XML.

The normal form is the event as EPCIS 2.0 writes it in JSON, with short vocabulary words, numbers as numbers and an
`eventID` that is always there. What the standard does not define (extensions, master data of lots) is kept as it is.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import orjson

from substrate.sources.epcis_fields import (
    BIZ_TRANSACTION,
    DESTINATION,
    ERROR_DECLARATION,
    ILMD,
    LASTING_DISPOSITION,
    PLACE,
    QUANTITY,
    SENSOR,
    SOURCE,
    BadEventError,
    Json,
    Read,
    action,
    each,
    missing,
    offset,
    one_or_more,
    text,
    time,
    unknown_field,
    uri,
    word,
)
from substrate.sources.epcis_words import BIZ_STEP, DISPOSITION, URI
from substrate.sources.source import Fault

OUR_DIGEST = "digest:sha-256;"
"""What our own key of an event begins with that has no `eventID`; it is not the hash that the vocabulary defines."""

_COMMON: dict[str, Read] = {
    "eventTime": time,
    "eventTimeZoneOffset": offset,
    "recordTime": time,
    "eventID": uri,
    "certificationInfo": one_or_more(text),
    "errorDeclaration": ERROR_DECLARATION,
    "bizStep": word(BIZ_STEP),
    "disposition": word(DISPOSITION),
    "persistentDisposition": LASTING_DISPOSITION,
    "readPoint": PLACE,
    "bizLocation": PLACE,
    "bizTransactionList": each(BIZ_TRANSACTION),
    "sourceList": each(SOURCE),
    "destinationList": each(DESTINATION),
    "sensorElementList": each(SENSOR),
}
_GROUP: dict[str, Read] = {
    "action": action,
    "parentID": uri,
    "childEPCs": each(uri),
    "childQuantityList": each(QUANTITY),
}
_PIECES: dict[str, Read] = {"action": action, "epcList": each(uri), "quantityList": each(QUANTITY)}
_FIELDS: dict[str, dict[str, Read]] = {
    "ObjectEvent": {**_COMMON, **_PIECES, "ilmd": ILMD},
    "AggregationEvent": {**_COMMON, **_GROUP},
    "AssociationEvent": {**_COMMON, **_GROUP},
    "TransactionEvent": {**_COMMON, **_PIECES, "parentID": uri},
    "TransformationEvent": {
        **_COMMON,
        "inputEPCList": each(uri),
        "inputQuantityList": each(QUANTITY),
        "outputEPCList": each(uri),
        "outputQuantityList": each(QUANTITY),
        "transformationID": uri,
        "ilmd": ILMD,
    },
}
EVENT_TYPES = tuple(_FIELDS)
"""The five types that the standard defines."""

_OWN = ("type", "@context", "isA")
_UNSAID = ("eventID", "recordTime", "errorDeclaration", "@context")
"""What does not make two events different: their names, when they were recorded, and that one was wrong."""


def normal(event: Json) -> Json:
    """The normal form of an event as JSON (or XML that was brought to it) has it.

    Raises:
        BadEventError: it is no event of the standard, with the first thing that is wrong with it.
    """
    kind = _type(event)
    for name in ("eventTime", "eventTimeZoneOffset"):
        if event.get(name) is None:
            raise missing(name)
    found = {name: _value(kind, name, value) for name, value in event.items()}
    _whole(kind, found)
    return {**found, "eventID": found.get("eventID") or digest(found)}


def digest(event: Json) -> str:
    """Our key of an event without an `eventID`: the same content gives the same key, also where it is declared wrong.

    It is a digest of the normal form. The vocabulary defines another one (`ni:///sha-256;…?ver=CBV2.0`), which we take
    as a name like any other where the sender gives it.
    """
    content = {name: value for name, value in event.items() if name not in _UNSAID}
    return OUR_DIGEST + sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def event_key(event: Json) -> str | None:
    """The key of an event that may or may not be sound; None where it has none."""
    given = event.get("eventID")
    if isinstance(given, str):
        return given.strip()
    try:
        return str(normal(event)["eventID"])
    except BadEventError:
        return None


def _type(event: Json) -> str:
    kind = event.get("type")
    if kind is None:
        raise missing("type")
    if not isinstance(kind, str) or (kind not in _FIELDS and not URI.fullmatch(kind)):
        raise BadEventError(Fault.UNKNOWN_CODE, "type is no type of event")
    return kind


def _value(kind: str, name: str, value: Any) -> Any:
    fields = _FIELDS.get(kind, _COMMON)
    if name in fields:
        return fields[name](value, name)
    if name in _OWN or ":" in name or kind not in _FIELDS:
        return value
    raise unknown_field(name, f"an {kind}")


def _whole(kind: str, event: Json) -> None:
    """Whether the event names something that it is about.

    Raises:
        BadEventError: it names nothing.
    """
    if kind in _FIELDS and "action" in _FIELDS[kind] and "action" not in event:
        raise missing("action")
    if kind in _NAMES_ENOUGH:
        _NAMES_ENOUGH[kind](event)


def _object(event: Json) -> None:
    sensed = event.get("sensorElementList") and event.get("readPoint")
    if "epcList" not in event and not event.get("quantityList") and not sensed:
        raise missing("epcList or quantityList (or sensorElementList with a readPoint)")


def _group(event: Json) -> None:
    if event["type"] == "AssociationEvent" and "parentID" not in event:
        raise missing("parentID")
    if event["action"] != "DELETE" and not event.get("childEPCs") and not event.get("childQuantityList"):
        raise missing("childEPCs or childQuantityList")


def _transaction(event: Json) -> None:
    if not event.get("bizTransactionList"):
        raise missing("bizTransactionList")
    if event["action"] != "DELETE" and "epcList" not in event and not event.get("quantityList"):
        raise missing("epcList or quantityList")


def _transformation(event: Json) -> None:
    taken = event.get("inputEPCList") or event.get("inputQuantityList")
    made = event.get("outputEPCList") or event.get("outputQuantityList")
    if not (taken and made) and not (event.get("transformationID") and (taken or made)):
        raise missing("an input or output list")


_NAMES_ENOUGH = {
    "ObjectEvent": _object,
    "AggregationEvent": _group,
    "AssociationEvent": _group,
    "TransactionEvent": _transaction,
    "TransformationEvent": _transformation,
}
