"""Durations and timestamps as people write them, and back."""

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {
    "w": 604_800_000_000,
    "d": 86_400_000_000,
    "h": 3_600_000_000,
    "m": 60_000_000,
    "s": 1_000_000,
    "ms": 1_000,
    "us": 1,
}
_PART = r"(\d+(?:\.\d+)?)(ms|us|[wdhms])"
_DURATION = re.compile(rf"-?(?:{_PART})+", re.ASCII)
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def parse_duration(text: str) -> int:
    """Return "90d" or "1h30m" in micros. Raises ValueError for any other form."""
    if not _DURATION.fullmatch(text):
        raise ValueError(f"'{text}' is no duration")
    micros = sum(Fraction(amount) * _UNITS[unit] for amount, unit in re.findall(_PART, text))
    if micros != int(micros):
        raise ValueError(f"'{text}' is finer than a microsecond")
    return -int(micros) if text.startswith("-") else int(micros)


def parse_timestamp(text: str) -> int:
    """Return "2024-01-31T00:00:00Z" in micros since 1970 UTC. Raises ValueError for any other form."""
    if not _TIMESTAMP.fullmatch(text):
        raise ValueError(f"'{text}' is no timestamp")
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)


def say_duration(micros: int) -> str:
    """Return micros in plain words, such as "2 h 5 min" or "90 days"; the two largest units count."""
    rest = abs(micros)
    said = []
    for name, size in (("days", _UNITS["d"]), ("h", _UNITS["h"]), ("min", _UNITS["m"])):
        amount, rest = divmod(rest, size)
        if amount:
            said.append(f"{amount} {'day' if name == 'days' and amount == 1 else name}")
    if not said:
        # Seconds are told to the digit that somebody wrote, and measured ones to the second.
        said = [f"{rest / 1_000_000:g} s" if rest % 100_000 == 0 or rest < 1_000_000 else f"{rest // 1_000_000} s"]
    return ("minus " if micros < 0 else "") + " ".join(said[:2])


def say_timestamp(micros: int) -> str:
    """Return micros since 1970 as "2024-01-31 08:15 UTC"; outside the years 1 to 9999 the number itself."""
    try:
        return f"{_EPOCH + timedelta(microseconds=micros):%Y-%m-%d %H:%M} UTC"
    except OverflowError:
        return f"{micros} µs since 1970"
