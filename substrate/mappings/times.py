"""Dates and times as ERPs write them: in a declared format, as seconds since 1970, local, or in two columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from substrate.clock import SECOND, day_micros
from substrate.mapping import Reader
from substrate.mappings.texts import Read, text_reading
from substrate.quality import Reason, RowRefused

_EPOCHS = {"s": SECOND, "ms": 1_000, "us": 1}
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?|(\d{1,4})(?:\.0)?", re.ASCII)
_DAY = len("2024-01-31")
_TELLS_TIME = re.compile(r"%[HIMSfcXsz]")


def epoch_reading(number_of: Read, unit: str) -> Read:
    """Read a number of seconds, milliseconds or microseconds since 1970 in UTC."""
    size = _EPOCHS[unit]

    def read(raw: Any, reader: Reader) -> int | None:
        number = number_of(raw, reader)
        return None if number is None else round(number * size)

    return read


def date_reading(what: str, blank: Collection[str], formats: Sequence[str]) -> Read:
    """Read a calendar date, as the instant of its midnight in UTC; a time of day after it is dropped."""
    text_of = text_reading(what, blank)
    moment_of = _moments(formats)

    def read(raw: Any, reader: Reader) -> int | None:
        text = text_of(raw, reader)
        return None if text is None else day_micros(_known(moment_of(text), what).date())

    return read


def instant_reading(what: str, blank: Collection[str], formats: Sequence[str], zoned: Reader | None) -> Read:
    """Read a date with its time of day, local unless it names its zone; a date alone is its midnight in UTC.

    Args:
        what: the column's name.
        blank: texts that stand for no value.
        formats: how it is written; none: ISO 8601.
        zoned: reads local times, in place of the source's own reader.
    """
    text_of = text_reading(what, blank)
    if not formats:
        return _written(text_of, what, zoned)
    moment_of, timeless = _moments(formats), frozenset(each for each in formats if not _TELLS_TIME.search(each))

    def read(raw: Any, reader: Reader) -> int | None:
        text = text_of(raw, reader)
        if text is None:
            return None
        found = _known(moment_of(text), what)
        if timeless and _format_of(text, tuple(formats)) in timeless:
            return day_micros(found.date())
        return (zoned or reader).local(found, what)

    return read


def clock_reading(what: str, blank: Collection[str]) -> Read:
    """Read a time of day, such as 9:30, 09:30:00, 930 or 2400, as how long it is after midnight."""
    text_of = text_reading(what, blank)

    def read(raw: Any, reader: Reader) -> timedelta | None:
        text = text_of(raw, reader)
        return None if text is None else time_of_day(text, what)

    return read


def time_of_day(text: str, what: str) -> timedelta:
    """How long after midnight a time of day is.

    Raises:
        RowRefused: the text is no time of day.
    """
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise RowRefused(Reason.BAD_TIME, f"column {what} is no time of day")
    hour, minute, second, digits = found.groups()
    hours, minutes = divmod(int(digits), 100) if digits else (int(hour), int(minute))
    if hours > 24 or minutes > 59 or int(second or 0) > 59 or (hours == 24 and minutes):
        raise RowRefused(Reason.BAD_TIME, f"column {what} is no time of day")
    return timedelta(hours=hours, minutes=minutes, seconds=int(second or 0))


def day_of(what: str, blank: Collection[str], formats: Sequence[str]) -> Callable[[Any, Reader], date | None]:
    """Read the calendar date that a time of day, from another column, belongs to."""
    text_of, moment_of = text_reading(what, blank), _moments(formats)

    def read(raw: Any, reader: Reader) -> date | None:
        text = text_of(raw, reader)
        return None if text is None else _known(moment_of(text), what).date()

    return read


def is_format(text: str) -> bool:
    """Whether a text says how a date is written."""
    try:
        return "%" in text and datetime.strptime(datetime(2021, 11, 30).strftime(text), text) is not None  # noqa: DTZ001, DTZ007 - only its form counts
    except ValueError:
        return False


def _written(text_of: Read, what: str, zoned: Reader | None) -> Read:
    named = f"column {what}"

    def read(raw: Any, reader: Reader) -> int | None:
        text = text_of(raw, reader)
        if text is None:
            return None
        if not isinstance(raw, str):
            raise RowRefused(Reason.BAD_TIME, f"{named} is a number, and the mapping does not say since when (`epoch`)")
        return (zoned or reader).instant(text, named)

    return read


def _moments(formats: Sequence[str]) -> Callable[[str], datetime | None]:
    chosen = tuple(formats)
    return lambda text: _parsed(text, chosen)[0]


def _format_of(text: str, formats: tuple[str, ...]) -> str | None:
    return _parsed(text, formats)[1]


# Rows that were written together share their dates.
@lru_cache(maxsize=16_384)
def _parsed(text: str, formats: tuple[str, ...]) -> tuple[datetime | None, str | None]:
    """The moment as it is written, and the format that fitted; without formats, ISO 8601."""
    for each in formats:
        try:
            return datetime.strptime(text, each), each  # noqa: DTZ007 - the zone is the caller's business
        except ValueError:
            continue
    try:
        return (None if formats else datetime.fromisoformat(text)), None
    except ValueError:
        return None, None


def _known(moment: datetime | None, what: str) -> datetime:
    if moment is None:
        raise RowRefused(Reason.BAD_TIME, f"column {what} is no date as the mapping expects it")
    return moment
