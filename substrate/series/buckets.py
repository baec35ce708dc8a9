"""Where buckets begin, as a partition of time that knows local days, and the same in SQL.

In a zone with daylight saving time a day has 23 or 25 hours twice a year. All buckets between two such days are equal,
so a few runs of equal buckets say where each begins: the database needs no table of edges, and no row a bucket.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, case, literal

from substrate.clock import DAY, SECOND, WEEK, from_micros

# Whole weeks are counted from a Monday: 5 January 1970.
_MONDAY = 4 * DAY
_STEP = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Run:
    """Buckets of equal length, one after the other, from `start` to `end`."""

    start: int
    width: int
    end: int

    def floor(self, instant: int) -> int:
        """The start of the bucket of this run that an instant lies in."""
        return instant - (instant - self.start) % self.width


Runs = Sequence[Run]


@dataclass(frozen=True, slots=True)
class Grid:
    """A partition of time into buckets.

    Attributes:
        width: the length of a bucket, in microseconds; it divides a day, or is a number of whole days.
        zone: the IANA zone in whose local time buckets begin; None: UTC.
    """

    width: int
    zone: str | None = None

    @property
    def origin(self) -> int:
        """The local time from which buckets are counted."""
        return _MONDAY if self.width % WEEK == 0 else 0

    def runs(self, first: int, last: int) -> tuple[Run, ...]:
        """The buckets that hold the instants from `first` to `last`, as runs of equal ones, in order."""
        if self.zone is None:
            whole = Run(self.origin, self.width, last)
            return (Run(whole.floor(first), self.width, whole.floor(last) + self.width),)
        # Counted from whole days, the answer stays the same for a day and is remembered.
        around = self.width + 3 * DAY
        wide = _local_runs(self, first // DAY * DAY - around, last // DAY * DAY + around)
        return tuple(_cut(wide, first, last))


def starts(runs: Runs) -> list[int]:
    """Where each bucket begins."""
    return [start for run in runs for start in range(run.start, run.end, run.width)]


def bucket_start(instant: ColumnElement[int], runs: Runs) -> ColumnElement[int]:
    """The start of the bucket that an instant lies in; NULL before the first."""
    return case(*((instant >= run.start, _floor(instant, run)) for run in reversed(runs)))


def bucket_end(start: ColumnElement[int], runs: Runs) -> ColumnElement[int]:
    """The end of the bucket that begins at an instant."""
    return case(*((start >= run.start, start + literal(run.width, BigInteger)) for run in reversed(runs)))


def _floor(instant: ColumnElement[int], run: Run) -> ColumnElement[int]:
    start, width = literal(run.start, BigInteger), literal(run.width, BigInteger)
    return start + (instant - start) // width * width


def _cut(runs: Iterable[Run], first: int, last: int) -> Iterator[Run]:
    """The buckets that hold the instants from `first` to `last`."""
    for run in runs:
        if run.start <= last and first < run.end:
            start = max(run.start, run.floor(first))
            yield Run(start, run.width, min(run.end, run.floor(last) + run.width))


@lru_cache(maxsize=64)
def _local_runs(grid: Grid, first: int, last: int) -> tuple[Run, ...]:
    """The runs of whole buckets between two instants."""
    stretches = [stretch for stretch in _edges(grid, first, last) if stretch]
    found: dict[int, int] = {}
    for stretch, following in pairwise(stretches):
        found[stretch[0]] = grid.width
        found[stretch[-1]] = following[0] - stretch[-1]
    found[stretches[-1][0]] = grid.width
    changes = list(_changes(found))
    ends = [*changes[1:], stretches[-1][-1]]
    return tuple(Run(start, found[start], end) for start, end in zip(changes, ends, strict=True) if start < end)


def _changes(widths: dict[int, int]) -> Iterator[int]:
    """The starts from which on buckets have another length."""
    before = None
    for start, width in widths.items():
        if width != before:
            yield start
        before = width


def _edges(grid: Grid, first: int, last: int) -> Iterator[range]:
    """Where buckets begin: whenever the local time reaches a whole number of widths, or leaps over one.

    A local day begins once: where the clock is turned back over midnight, the second midnight begins nothing.
    """
    passed: int | None = None
    for start, end, offset in _segments(ZoneInfo(grid.zone or "UTC"), first, last):
        shift = offset - grid.origin
        reached, number = (start + shift) // grid.width, -(-(start + shift) // grid.width)
        if passed is not None and passed < reached < number:
            yield range(start, start + 1)
        if passed is not None and grid.width >= DAY:
            number = max(number, passed + 1)
        yield range(number * grid.width - shift, end, grid.width)
        latest = (end - 1 + shift) // grid.width
        passed = latest if passed is None or grid.width < DAY else max(passed, latest)


def _segments(zone: ZoneInfo, first: int, last: int) -> Iterator[tuple[int, int, int]]:
    """The spans between two instants in which local time is a fixed distance from UTC, and that distance."""
    start, offset = first, _offset(zone, first)
    for day in range(first, last, DAY):
        following = min(day + DAY, last)
        if _offset(zone, following) != offset:
            change = _change(zone, day, following)
            yield start, change, offset
            start, offset = change, _offset(zone, following)
    yield start, last, offset


def _change(zone: ZoneInfo, before: int, after: int) -> int:
    """The instant between two at which the distance from UTC changes; it changes on whole seconds."""
    old = _offset(zone, before)
    low, high = before // SECOND, -(-after // SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(zone, middle * SECOND) == old else (low, middle)
    return high * SECOND


def _offset(zone: ZoneInfo, instant: int) -> int:
    distance = from_micros(instant).astimezone(zone).utcoffset()
    return (distance or timedelta()) // _STEP
