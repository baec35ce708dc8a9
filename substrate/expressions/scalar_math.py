"""Arithmetic and calendar for single Python values; None is UNKNOWN."""

import math
from datetime import date

from substrate.expressions.types import MAX_INT, MIN_INT

INF = math.inf
MICROS_A_SECOND = 1_000_000
MICROS_AN_HOUR = 3_600 * MICROS_A_SECOND
MICROS_A_DAY = 24 * MICROS_AN_HOUR
# The first and the last micro of the years 1 to 9999, outside of which no back-end knows a calendar.
FIRST_MICRO = -62_135_596_800_000_000
LAST_MICRO = 253_402_300_799_999_999

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_ASCII_LOWER = {ord(upper): upper.lower() for upper in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def quotient(dividend: int, divisor: int) -> int | None:
    """Divide towards zero; UNKNOWN for a zero divisor and for the one quotient beyond 64 bits."""
    if divisor == 0:
        return None
    result = abs(dividend) // abs(divisor)
    if (dividend < 0) != (divisor < 0):
        return -result
    return result if result <= MAX_INT else None


def remainder(dividend: int, divisor: int) -> int | None:
    """Return what `quotient` leaves, with the dividend's sign; UNKNOWN for a zero divisor."""
    if divisor == 0:
        return None
    result = abs(dividend) % abs(divisor)
    return -result if dividend < 0 else result


def round_half_away(value: float) -> float:
    """Round to a whole number, halves away from zero."""
    whole = float(math.trunc(value))
    rest = value - whole
    return whole + (rest >= 0.5) - (rest <= -0.5)


def calendar_day(micros: int) -> int | None:
    """Return the UTC date as the number yyyymmdd; UNKNOWN outside the years 1 to 9999."""
    if not FIRST_MICRO <= micros <= LAST_MICRO:
        return None
    day = date.fromordinal(_EPOCH_ORDINAL + micros // MICROS_A_DAY)
    return day.year * 10_000 + day.month * 100 + day.day


def ascii_lower(text: str) -> str:
    """Lower A to Z and leave every other character alone."""
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)


# What the `python` text of an overload may name.
NAMES = {
    "INF": INF,
    "MIN": MIN_INT,
    "MAX": MAX_INT,
    "DAY": MICROS_A_DAY,
    "HOUR": MICROS_AN_HOUR,
    "floor": math.floor,
    "ceil": math.ceil,
    "float": float,
    "abs": abs,
    "len": len,
    "quotient": quotient,
    "remainder": remainder,
    "round_half_away": round_half_away,
    "calendar_day": calendar_day,
    "ascii_lower": ascii_lower,
    "__builtins__": {},
}
