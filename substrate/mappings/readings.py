"""How one raw value becomes one of ours: by the reading of its kind, or by its code table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from substrate.mapping import Reader
from substrate.mappings.fault import MappingFault
from substrate.mappings.numbers import number_reading, whole_reading
from substrate.mappings.spec import Kind, Plain, Reading
from substrate.mappings.texts import Read, text_reading, yes_or_no
from substrate.mappings.times import date_reading, epoch_reading, instant_reading, is_format
from substrate.quality import Reason, RowRefused

_OF_TIMES = frozenset({"format", "zone", "epoch", "time", "at"})
_OF_NUMBERS = frozenset({"decimal", "thousands"})
_ONLY: dict[Kind, frozenset[str]] = {
    "text": frozenset(),
    "number": _OF_NUMBERS,
    "integer": _OF_NUMBERS,
    "yesno": frozenset({"yes", "no"}),
    "instant": _OF_TIMES | _OF_NUMBERS,
    "date": frozenset({"format"}),
}
_SPECIAL = frozenset().union(*_ONLY.values())


def reading_of(reading: Reading, kind: Kind, what: str, place: str) -> Read:
    """What reads the raw values of a column.

    Args:
        reading: how they are written; its `blank` is complete, its `zone` the one that counts.
        kind: what they are.
        what: the column's name in the source.
        place: where the file says it.

    Raises:
        MappingFault: the file contradicts itself.
    """
    _fits(reading, kind, place)
    if reading.codes:
        return _discarding(_coded(reading, what), reading)
    if reading.otherwise == "keep":
        raise MappingFault(f"{place}.otherwise", "'keep' keeps unknown codes, and there are no `codes`")
    return _discarding(_OF_KIND[kind](reading, what), reading)


def zoned(zone: str | None, place: str) -> Reader | None:
    """What reads local times of a zone; None: the source says the zone.

    Raises:
        MappingFault: there is no such zone.
    """
    if zone is None:
        return None
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise MappingFault(place, f"there is no time zone {zone!r}", "Write an IANA name, as Europe/Berlin.") from None
    return Reader("", zone)


def _fits(reading: Reading, kind: Kind, place: str) -> None:
    strange = sorted((reading.model_fields_set & _SPECIAL) - _ONLY[kind])
    if strange and not reading.codes:
        raise MappingFault(f"{place}.{strange[0]}", f"says nothing about a value that is read as {kind}")
    for each in reading.format:
        if not is_format(each):
            hint = "Write it as `%d.%m.%Y`, `%d-%b-%y` or `%Y-%m-%d %H:%M`."
            raise MappingFault(f"{place}.format", f"{each!r} is no way to write a date", hint)
    if reading.decimal == reading.thousands:
        raise MappingFault(f"{place}.thousands", f"{reading.thousands!r} is the decimal sign already")


def _number(reading: Reading, what: str) -> Read:
    return number_reading(what, reading.blank, reading.decimal, reading.thousands)


def _instant(reading: Reading, what: str) -> Read:
    if reading.epoch is not None:
        return epoch_reading(_number(reading, what), reading.epoch)
    return instant_reading(what, reading.blank, reading.format, zoned(reading.zone, what))


_OF_KIND: Mapping[Kind, Callable[[Reading, str], Read]] = {
    "text": lambda reading, what: text_reading(what, reading.blank),
    "number": _number,
    "integer": lambda reading, what: whole_reading(what, _number(reading, what)),
    "yesno": lambda reading, what: yes_or_no(what, reading.blank, reading.yes, reading.no),
    "instant": _instant,
    "date": lambda reading, what: date_reading(what, reading.blank, reading.format),
}


def _coded(reading: Reading, what: str) -> Read:
    codes: dict[str, Plain] = dict(reading.codes)
    text_of, keep = text_reading(what, reading.blank), reading.otherwise == "keep"

    def read(raw: Any, reader: Reader) -> Plain:
        text: str | None = text_of(raw, reader)
        if text is None or text in codes:
            return None if text is None else codes[text]
        if keep:
            return text
        raise RowRefused(Reason.UNKNOWN_CODE, f"column {what} holds a code that the mapping does not list")

    return read


def _discarding(read: Read, reading: Reading) -> Read:
    if reading.otherwise != "discard":
        return read

    def lenient(raw: Any, reader: Reader) -> Any:
        try:
            return read(raw, reader)
        except RowRefused:
            return None

    return lenient
