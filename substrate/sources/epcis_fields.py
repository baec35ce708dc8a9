"""What each field of an EPCIS event may hold, and its normal form: the same words, numbers and lists, whoever wrote it.

Every reader takes a value and gives its normal form, or raises `BadEventError`. Reading a normal form gives it again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from math import isfinite
from typing import Any

from substrate.sources.epcis_words import (
    COMPONENT,
    DISPOSITION,
    ERROR,
    PARTY,
    TRANSACTION,
    URI,
    Words,
    measured,
)
from substrate.sources.source import Fault

Json = dict[str, Any]
Read = Callable[[Any, str], Any]

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)", re.IGNORECASE)
_OFFSET = re.compile(r"[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00)")
_UNIT = re.compile(r"[A-Z0-9]{2,3}")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_NAME = re.compile(r"[\w@:.-]{1,60}")
_EXACT = 2**53


class BadEventError(ValueError):
    """An event is not what the standard says.

    Args:
        fault: of which kind the mistake is.
        detail: which field, and what was expected; never a value.
    """

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(detail)
        self.fault = fault
        self.detail = detail


def wrong(what: str, expected: str) -> BadEventError:
    """The error of a field of another type than expected."""
    return BadEventError(Fault.WRONG_TYPE, f"{what} is not {expected}")


def missing(what: str) -> BadEventError:
    """The error of a field that must be there."""
    return BadEventError(Fault.MISSING_VALUE, f"{what} is missing")


def unknown_field(name: str, what: str) -> BadEventError:
    """The error of a name that the standard does not have, and that no namespace makes an extension."""
    told = name if _NAME.fullmatch(name) else "a field"
    return BadEventError(Fault.BAD_COLUMNS, f"{what} has no {told}; an extension is named with its namespace")


def text(value: Any, what: str) -> str:
    """Any text."""
    if not isinstance(value, str):
        raise wrong(what, "text")
    return value


def uri(value: Any, what: str) -> str:
    """An identifier: an EPC, a Digital Link or any other URI."""
    if not isinstance(value, str) or not URI.fullmatch(value.strip()):
        raise wrong(what, "a URI")
    return value.strip()


def time(value: Any, what: str) -> str:
    """An instant with its offset from UTC; a time without one is refused, since nobody knows when it was."""
    if not isinstance(value, str):
        raise wrong(what, "text")
    told = value.strip()
    try:
        if _TIME.fullmatch(told):
            datetime.fromisoformat(told.upper())
            return told
    except ValueError:
        pass
    raise BadEventError(Fault.BAD_TIME, f"{what} is not a date and time with an offset from UTC")


def offset(value: Any, what: str) -> str:
    """How far local time was from UTC, `+02:00`."""
    if not isinstance(value, str) or not _OFFSET.fullmatch(value):
        raise BadEventError(Fault.BAD_TIME, f"{what} is not an offset from UTC such as +02:00")
    return value


def number(value: Any, what: str) -> int | float:
    """A number; a whole one is an int."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise wrong(what, "a number")
    whole = isinstance(value, float) and value.is_integer() and abs(value) < _EXACT
    return int(value) if whole else value


def truth(value: Any, what: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise wrong(what, "true or false")
    return value


def action(value: Any, what: str) -> str:
    """OBSERVE, ADD or DELETE."""
    if value not in ("OBSERVE", "ADD", "DELETE"):
        raise BadEventError(Fault.UNKNOWN_CODE, f"{what} is not OBSERVE, ADD or DELETE")
    return str(value)


def unit(value: Any, what: str) -> str:
    """A unit's code in UN/ECE Recommendation 20."""
    if not isinstance(value, str) or not _UNIT.fullmatch(value):
        raise wrong(what, "a unit's code of two or three characters")
    return value


def hexadecimal(value: Any, what: str) -> str:
    """Bytes, two characters each."""
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise wrong(what, "hexadecimal")
    return value


def word(words: Words) -> Read:
    """A word of a vocabulary in its short form, or a URI of another vocabulary."""

    def read(value: Any, what: str) -> str:
        short = words.short(value.strip()) if isinstance(value, str) else None
        if short is None:
            raise BadEventError(Fault.UNKNOWN_CODE, f"{what} is neither {words.title} of the vocabulary nor a URI")
        return short

    return read


def gs1_word(value: Any, what: str) -> str:
    """What a sensor measures; the standard's list is open."""
    return measured(text(value, what).strip())


def each(read: Read) -> Read:
    """A list of such values."""

    def read_all(value: Any, what: str) -> list[Any]:
        if not isinstance(value, list):
            raise wrong(what, "a list")
        return [read(one, f"{what}[{place}]") for place, one in enumerate(value)]

    return read_all


def one_or_more(read: Read) -> Read:
    """A list of such values, or a single one."""
    many = each(read)
    return lambda value, what: many(value if isinstance(value, list) else [value], what)


def part(fields: dict[str, Read], required: tuple[str, ...] = (), *, extends: bool = True) -> Read:
    """An object with these fields; names with a namespace are extensions, kept as they are.

    Args:
        fields: how each is read.
        required: those that must be there.
        extends: whether extensions are allowed.
    """

    def read(value: Any, what: str) -> Json:
        if not isinstance(value, dict):
            raise wrong(what, "an object")
        for name in required:
            if value.get(name) is None:
                raise missing(f"{what}.{name}")
        return {name: _field(fields, name, one, what, extends=extends) for name, one in value.items()}

    return read


def _field(fields: dict[str, Read], name: str, value: Any, what: str, *, extends: bool) -> Any:
    if name in fields:
        return fields[name](value, f"{what}.{name}")
    if name == "@context" or (extends and ":" in name):
        return value
    raise unknown_field(name, what)


PLACE = part({"id": uri}, ("id",))
QUANTITY = part({"epcClass": uri, "quantity": number, "uom": unit}, ("epcClass",), extends=False)
BIZ_TRANSACTION = part({"type": word(TRANSACTION), "bizTransaction": uri}, ("bizTransaction",), extends=False)
SOURCE = part({"type": word(PARTY), "source": uri}, ("type", "source"), extends=False)
DESTINATION = part({"type": word(PARTY), "destination": uri}, ("type", "destination"), extends=False)
LASTING_DISPOSITION = part({"set": each(word(DISPOSITION)), "unset": each(word(DISPOSITION))}, extends=False)
ILMD = part({})
ERROR_DECLARATION = part(
    {"declarationTime": time, "reason": word(ERROR), "correctiveEventIDs": each(uri)}, ("declarationTime",)
)
_DEVICE: dict[str, Read] = {
    "time": time,
    "deviceID": uri,
    "deviceMetadata": uri,
    "rawData": uri,
    "dataProcessingMethod": uri,
    "bizRules": uri,
}
_NUMBERS = ("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue")
REPORT = part(
    {
        **_DEVICE,
        **dict.fromkeys(_NUMBERS, number),
        "type": gs1_word,
        "exception": gs1_word,
        "microorganism": uri,
        "chemicalSubstance": uri,
        "coordinateReferenceSystem": uri,
        "component": word(COMPONENT),
        "stringValue": text,
        "booleanValue": truth,
        "hexBinaryValue": hexadecimal,
        "uriValue": uri,
        "uom": text,
    }
)
SENSOR = part(
    {
        "sensorMetadata": part({**_DEVICE, "startTime": time, "endTime": time}),
        "sensorReport": each(REPORT),
        "isA": text,
    },
    ("sensorReport",),
)
