"""Time as a value: instants are whole microseconds since 1970 in UTC, and only a door asks a clock for one.

One integer type for every instant makes comparison, arithmetic and window edges exact and identical in Python, numpy,
SQLite and PostgreSQL, and leaves no naive local time to misread. Durations are microseconds too.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from substrate.errors import ConfigurationError

MICROS = 1_000_000
SECOND = MICROS
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEP = timedelta(microseconds=1)
_UNITS = {"ms": 1_000, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK}
_LONGEST = 9_999 * 366 * DAY
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")


class Clock(Protocol):
    """Whoever can say what time it is."""

    def now(self) -> int:
        """The current instant, in microseconds since 1970 UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        """The current instant, in microseconds since 1970 UTC."""
        return to_micros(datetime.now(UTC))


class ManualClock:
    """A clock that stands still until it is moved; for replays, `--as-of` and tests."""

    def __init__(self, instant: int) -> None:
        self.instant = instant

    def now(self) -> int:
        """The instant that the clock was set to."""
        return self.instant

    def move(self, micros: int) -> int:
        """Move by a duration, forwards or backwards, and return the new instant."""
        self.instant += micros
        return self.instant


def to_micros(moment: datetime) -> int:
    """An aware datetime as an instant.

    Raises:
        ValueError: the datetime is naive, so it does not name one instant.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone does not name one instant")
    return (moment - _EPOCH) // _STEP


def from_micros(instant: int) -> datetime:
    """An instant as an aware datetime in UTC."""
    return _EPOCH + timedelta(microseconds=instant)


def day_micros(day: date) -> int:
    """A calendar date as the instant of its midnight in UTC; how dates without a time are stored."""
    return (day - _EPOCH.date()).days * DAY


def isoformat(instant: int) -> str:
    """An instant in ISO 8601 with a `Z`, to the second unless it has a fraction."""
    moment = from_micros(instant)
    spec = "seconds" if moment.microsecond == 0 else "microseconds"
    return moment.isoformat(timespec=spec).replace("+00:00", "Z")


def local_text(instant: int, zone: str) -> str:
    """An instant as staff read it on the wall: `Sat 1 Jun 2019 14:05`; a wrong one may lie beyond all calendars."""
    try:
        moment = from_micros(instant).astimezone(ZoneInfo(zone))
    except OverflowError:
        return f"no date ({instant} µs)"
    return f"{moment:%a} {moment.day} {moment:%b %Y %H:%M}"


def parse_instant(text: str, *, what: str = "time") -> int:
    """Read a date or time that a person typed: `2019-06-01`, `2019-06-01T14:00`, with or without a zone (UTC).

    Raises:
        ConfigurationError: the text is no date or time.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        hint = "Write it as 2019-06-01 or 2019-06-01T14:00:00Z."
        raise ConfigurationError(f"{what} {text!r} is not a date or time", hint=hint) from None
    return to_micros(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def parse_duration(text: str, *, what: str = "duration") -> int:
    """Read a duration such as `30m`, `1h30m`, `90d` or `2w`; a leading minus turns it round.

    Raises:
        ConfigurationError: the text is no duration.
    """
    body = text.strip().removeprefix("-")
    parts = _PART.findall(body)
    if not parts or "".join(number + unit for number, unit in parts) != body:
        hint = "Write it with ms, s, m, h, d or w, for example 30m, 1h30m or 90d."
        raise ConfigurationError(f"{what} {text!r} is not a duration", hint=hint)
    exact = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if exact > _LONGEST:
        raise ConfigurationError(f"{what} {text!r} is longer than any that can be kept", hint="Write a shorter one.")
    micros = round(exact)
    return -micros if text.strip().startswith("-") else micros


def duration_text(micros: int) -> str:
    """A duration in its largest unit and the next, as people say it: `3 d 4 h`, `45 min`, `12 s`; never `5 h 1 s`."""
    sign, left = ("-", -micros) if micros < 0 else ("", micros)
    counts: list[tuple[int, str]] = []
    for size, word in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s")):
        count, left = divmod(left, size)
        counts += [(count, word)] if count or counts else []
    if not counts:
        return "0 s" if micros == 0 else f"{sign}< 1 s"
    return sign + " ".join(f"{count} {word}" for count, word in counts[:2] if count)
