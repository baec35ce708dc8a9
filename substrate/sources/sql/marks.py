"""How far a table was read, in the terms of its own `changed` column, and where the next read begins.

A mark is a value that the column itself held. It is never later than the database's clock was before the read began,
so a row from the future moves it nowhere; and the next read begins an overlap before it, so a transaction that
commits late with an earlier value is still seen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from substrate.clock import HOUR, MICROS, from_micros, to_micros

_ISO = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d.*)?$")


@dataclass(frozen=True, slots=True)
class Reach:
    """By what marks are judged and moved.

    Attributes:
        opened: the database's clock before the read began, in micros.
        zone: of times that say none.
        overlap: how far to reach back, in micros.
        versions: the same where the column holds numbers.
    """

    opened: int
    zone: ZoneInfo
    overlap: int
    versions: int

    def may_be(self, value: Any) -> bool:
        """Whether a value can be a mark: a number, or a time that has come."""
        if is_number(value):
            return True
        moment = instant(value, self.zone)
        return moment is not None and moment <= self.opened

    def is_just_after(self, value: Any) -> bool:
        """Whether a row changed since the read began; one from the far future was only stamped so."""
        moment = None if is_number(value) else instant(value, self.zone)
        return moment is not None and self.opened < moment < self.opened + HOUR

    def since(self, mark: Any) -> Any:
        """Where a read begins whose predecessor came as far as `mark`, as the column would hold it."""
        if is_number(mark):
            return mark - max(self.versions, int(self.overlap * _epoch_steps(mark) / MICROS))
        moment = instant(mark, self.zone)
        if moment is None:  # `may_be` has let none such through
            return mark
        return _written(moment - self.overlap, mark, self.zone, self._repeated(moment))

    def _repeated(self, moment: int) -> int:
        """By how much local clocks were put back since then: rows written after are stamped earlier."""
        before = from_micros(moment - self.overlap).astimezone(self.zone).utcoffset()
        after = from_micros(max(self.opened, moment)).astimezone(self.zone).utcoffset()
        back = (before or timedelta()) - (after or timedelta())
        return max(int(back.total_seconds()) * MICROS, 0)


def is_number(value: Any) -> bool:
    """Whether a `changed` column holds numbers, not times."""
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def instant(value: Any, zone: ZoneInfo) -> int | None:
    """The instant that a `changed` column holds; None where it holds none that can be read."""
    moment = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip()) if _ISO.match(value.strip()) else None
        except ValueError:
            return None
    elif isinstance(value, date) and not isinstance(value, datetime):
        moment = datetime.combine(value, time.min, zone)
    if not isinstance(moment, datetime):
        return None
    return to_micros(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def _epoch_steps(mark: Any) -> float:
    """How many steps a second has, if the number counts time since 1970 as its size suggests; 0 if it does not."""
    return next((steps for steps in (1.0, 1e3, 1e6) if 5e8 <= float(mark) / steps < 5e9), 0.0)


def _written(moment: int, like: Any, zone: ZoneInfo, repeated: int) -> Any:
    """An instant as a column holds it that once held `like`; what local clocks repeated is taken off its local time."""
    if isinstance(like, datetime):
        return from_micros(moment) if like.tzinfo else _local(moment, zone, repeated)
    if not isinstance(like, str):
        return _local(moment, zone, repeated).date()
    text = like.strip()
    stamp = datetime.fromisoformat(text)
    local = _local(moment, zone, repeated)
    if stamp.tzinfo is not None:
        local = from_micros(moment).astimezone(stamp.tzinfo).replace(tzinfo=None)
    # To the second and without a zone, so that as text it lies before every longer way to write the same time.
    return local.isoformat(text[10], "seconds") if len(text) > len("2024-01-31") else local.date().isoformat()


def _local(moment: int, zone: ZoneInfo, repeated: int) -> datetime:
    """The naive wall time of an instant, less what was repeated."""
    return from_micros(moment).astimezone(zone).replace(tzinfo=None) - timedelta(microseconds=repeated)
