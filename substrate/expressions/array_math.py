"""Arithmetic and calendar for whole numpy columns; a second array says which results are known."""

import numpy as np
from numpy.typing import NDArray

from substrate.expressions.overload import Array, Checked
from substrate.expressions.scalar_math import FIRST_MICRO, LAST_MICRO, MICROS_A_DAY, MICROS_AN_HOUR, ascii_lower
from substrate.expressions.types import MIN_INT

Bools = NDArray[np.bool_]


def add(left: Array, right: Array) -> Checked:
    """Add 64-bit integers; a sum that wrapped has another sign than both of its terms."""
    result = left + right
    return result, ((left ^ result) & (right ^ result)) >= 0


def subtract(left: Array, right: Array) -> Checked:
    """Subtract 64-bit integers."""
    result = left - right
    return result, ((left ^ right) & (left ^ result)) >= 0


def multiply(left: Array, right: Array) -> Checked:
    """Multiply 64-bit integers; a product that did not wrap divides back to its factor."""
    result = left * right
    wraps_back = (left == -1) & (right == MIN_INT)
    divisor = np.where((left == 0) | wraps_back, 1, left)
    return result, (left == 0) | (~wraps_back & (result // divisor == right))


def divide(left: Array, right: Array) -> Checked:
    """Divide 64-bit integers towards zero."""
    known = (right != 0) & ~((left == MIN_INT) & (right == -1))
    divisor = np.where(known, right, 1)
    return (left - np.fmod(left, divisor)) // divisor, known


def remainder(left: Array, right: Array) -> Checked:
    """Return what `divide` leaves, with the dividend's sign."""
    known = right != 0
    # Dividing by 1 and by -1 leaves the same, and the processor traps on the smallest integer by -1.
    return np.fmod(left, np.where(known & (right != -1), right, 1)), known


def negate(value: Array) -> Checked:
    """Negate 64-bit integers."""
    return -value, value != MIN_INT


def absolute(value: Array) -> Checked:
    """Drop the sign of 64-bit integers."""
    return np.abs(value), value != MIN_INT


def finite(result: Array) -> Checked:
    """Mark infinite and undefined doubles as unknown."""
    return result, np.isfinite(result)


def add_doubles(left: Array, right: Array) -> Checked:
    """Add doubles."""
    return finite(left + right)


def subtract_doubles(left: Array, right: Array) -> Checked:
    """Subtract doubles."""
    return finite(left - right)


def multiply_doubles(left: Array, right: Array) -> Checked:
    """Multiply doubles."""
    return finite(left * right)


def divide_doubles(left: Array, right: Array) -> Checked:
    """Divide doubles; anything by zero is unknown."""
    return finite(left / right)


def divide_spans(left: Array, right: Array) -> Checked:
    """How often one duration goes into another, with its fraction; anything by zero is unknown."""
    return finite(left.astype(np.float64) / right.astype(np.float64))


def round_half_away(value: Array) -> Array:
    """Round to whole numbers, halves away from zero."""
    whole = np.trunc(value)
    rest = value - whole
    result: Array = whole + (rest >= 0.5) - (rest <= -0.5)
    return result


def to_double(value: Array) -> Array:
    """Widen integers to doubles."""
    return value.astype(np.float64)


def calendar_day(micros: Array) -> Checked:
    """Return UTC dates as the numbers yyyymmdd; unknown outside the years 1 to 9999."""
    known = (micros >= FIRST_MICRO) & (micros <= LAST_MICRO)
    days = (np.where(known, micros, 0) // MICROS_A_DAY).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    years = days.astype("datetime64[Y]").astype(np.int64) + 1970
    month = months.astype(np.int64) % 12 + 1
    day = (days - months).astype(np.int64) + 1
    return years * 10_000 + month * 100 + day, known


def hour_of_day(micros: Array) -> Array:
    """Return the UTC hour, 0 to 23."""
    result: Array = micros % MICROS_A_DAY // MICROS_AN_HOUR
    return result


def day_of_week(micros: Array) -> Array:
    """Return the UTC weekday, 0 for Sunday; the first day of 1970 was a Thursday."""
    result: Array = (micros // MICROS_A_DAY + 4) % 7
    return result


def contains(text: Array, part: Array) -> Bools:
    """Say where `part` occurs in `text`."""
    found: Bools = np.strings.find(text, part) >= 0
    return found


def lower(text: Array) -> Array:
    """Lower A to Z, once for each distinct string."""
    distinct, places = np.unique(text, return_inverse=True)
    lowered = np.array([ascii_lower(word) for word in distinct.tolist()], dtype=text.dtype)
    result: Array = lowered[places].reshape(text.shape)
    return result
