"""Which flights were late, and which were about to leave late, at a moment: csv, minutes and nothing else.

Minutes count from the first of January 2011, 00:00 in Houston, on a clock that is never changed (UTC - 6 h).
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

DAY = 1_440
_SUMMER = (date(2011, 3, 13), date(2011, 11, 6))
_TURN = 40


@dataclass
class Flight:
    """One row, in minutes; None is not known."""

    key: str
    tail: str
    planned: int | None
    left: int | None
    came: int | None
    due: int | None
    cancelled: bool
    before: Flight | None = None

    @property
    def turn(self) -> int:
        """What its vehicle needs after it: the way back, and a turn at each end."""
        assert self.due is not None
        assert self.planned is not None
        return self.due - self.planned + 2 * _TURN


def _number(text: str) -> int | None:
    return None if text in ("", "NA") else int(text)


def flights(file: Path) -> list[Flight]:
    """Every row of the file, with the flight that its tail made before."""
    found = []
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        found = [_flight(row) for row in csv.DictReader(lines)]
    tails = defaultdict(list)
    for flight in found:
        if flight.tail and flight.due is not None and not flight.cancelled:
            tails[flight.tail].append(flight)
    for made in tails.values():
        made.sort(key=lambda flight: (flight.planned, flight.key))
        for earlier, later in pairwise(made):
            later.before = earlier
    return found


def _flight(row: dict[str, str]) -> Flight:
    day = date(int(row["Year"]), int(row["Month"]), int(row["DayofMonth"]))
    clock, late, flown, behind = (
        _number(row[name]) for name in ("DepTime", "DepDelay", "ActualElapsedTime", "ArrDelay")
    )
    planned = left = came = due = None
    if clock is not None and late is not None:
        of_day = (clock // 100 * 60 + clock % 100 - late) % DAY  # the day of a row is the day of its plan
        planned = (day - date(2011, 1, 1)).days * DAY + of_day - _ahead(day, of_day)
        left = planned + late
    if left is not None and flown is not None and behind is not None:
        came = left + flown
        due = came - behind
    key = f"{day.year}-{day.month}-{day.day}/{row['UniqueCarrier']}{row['FlightNum']}/{row['Origin']}"
    tail = row["TailNum"] if row["TailNum"] != "NA" else ""
    return Flight(key, tail, planned, left, came, due, row["Cancelled"] == "1")


def _ahead(day: date, minute: int) -> int:
    first, last = _SUMMER
    summer = first < day < last or (day == first and minute >= 120)
    return 60 if summer else 0


def late_at(found: list[Flight], now: int) -> set[str]:
    """Half an hour or more past the planned arrival, less than a day, and not there."""
    return {
        flight.key
        for flight in found
        if flight.due is not None and flight.came is not None and not flight.cancelled
        if 30 <= now - flight.due < DAY and flight.came > now
    }


def about_to_leave_late_at(found: list[Flight], now: int) -> set[str]:
    """Not left, planned for the next twelve hours or the last two, and the vehicle comes too late by 15 minutes."""
    told = set()
    for flight in found:
        before, planned, left = flight.before, flight.planned, flight.left
        if before is None or planned is None or left is None or before.due is None or before.came is None:
            continue
        if left > now and now - 120 < planned < now + 720 and not flight.cancelled:
            expected = before.came if before.came <= now else max(before.due, now)
            if expected + before.turn - planned >= 15:
                told.add(flight.key)
    return told


def defects(file: Path) -> Counter[str]:
    """What is wrong in the file, counted."""
    counted: Counter[str] = Counter()
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            clock, late = _number(row["DepTime"]), _number(row["DepDelay"])
            counted["cancelled"] += row["Cancelled"] == "1"
            counted["cancelled without a plan"] += row["Cancelled"] == "1" and clock is None
            counted["diverted"] += row["Diverted"] == "1"
            counted["no tail number"] += row["TailNum"] in ("", "NA")
            counted["no arrival delay"] += row["ArrDelay"] in ("", "NA")
            counted["24:00"] += "2400" in (row["DepTime"], row["ArrTime"])
            if clock is not None and late is not None:
                counted["left on another day"] += not 0 <= clock // 100 * 60 + clock % 100 - late < DAY
    return counted
