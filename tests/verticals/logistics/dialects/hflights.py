"""Flights out of Houston: local times as hhmm without zone or roll-over, delays in minutes, tails that come again.

A row tells when it left (Houston's clock), how late that was and how long it took; so the plan is what happened less
the delay, and the arrival follows from the time in the air, whatever the clock of the other airport says.
"""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from substrate.clock import MINUTE, to_micros
from substrate.mapping import Draft, Mapper, Reader
from substrate.quality import Reason, RowRefused
from verticals.logistics import records

Json = dict[str, Any]
RESOURCE = "hflights_2011_h1"
HOUSTON = ZoneInfo("America/Chicago")
TURN_MINUTES = 40
"""A vehicle flies there, turns, flies back as long, and turns again before it leaves Houston anew."""
_REASONS = {"A": "carrier", "B": "weather", "C": "network", "D": "security"}
_CLOCK, _DAY = 2400, timedelta(days=1)


def key_of(row: Json) -> str:
    """A flight has a number of its own on its day."""
    return f"{row['Year']}-{row['Month']}-{row['DayofMonth']}/{row['UniqueCarrier']}{row['FlightNum']}/{row['Origin']}"


def departure(row: Json) -> tuple[int | None, int | None]:
    """When it should have left, and when it left, in micros; the day of the row is the planned one.

    Raises:
        RowRefused: the time is no hhmm.
    """
    if row["DepTime"] in ("", "NA"):
        return None, None
    clock, delay = int(row["DepTime"]), int(row["DepDelay"])
    if not 0 <= clock <= _CLOCK or clock % 100 > 59:
        raise RowRefused(Reason.BAD_TIME, "DepTime is no time of day")
    first = datetime(int(row["Year"]), int(row["Month"]), int(row["DayofMonth"]))  # noqa: DTZ001 - Houston's clock
    left = first + timedelta(hours=clock // 100, minutes=clock % 100)
    planned = left - timedelta(minutes=delay)
    turn = _DAY if planned < first else -_DAY if planned >= first + _DAY else timedelta()
    actual = to_micros((left + turn).replace(tzinfo=HOUSTON).astimezone(UTC))
    return actual - delay * MINUTE, actual


def read(row: Json, reader: Reader, previous: str | None, turn: float | None) -> Draft:
    """One leg; `previous` is the key of the tail's leg before, `turn` how many minutes it needs after that."""
    planned, left = departure(row)
    cancelled, diverted = row["Cancelled"] == "1", row["Diverted"] == "1"
    came = None
    if left is not None and row["ActualElapsedTime"] not in ("", "NA"):
        came = left + int(row["ActualElapsedTime"]) * MINUTE
    status = "cancelled" if cancelled else "diverted" if diverted else "arrived" if came else "planned"
    tail, carrier = row["TailNum"], row["UniqueCarrier"]
    no_tail = tail in ("", "NA")
    values = {
        "number": f"{carrier}{row['FlightNum']}",
        "vehicle_id": None if no_tail else reader.id_of("vehicle", tail),
        "carrier_id": reader.id_of("party", carrier),
        "origin_id": reader.id_of("place", row["Origin"]),
        "destination_id": reader.id_of("place", row["Dest"]),
        "since": 0,
        "planned_depart": planned,
        "planned_arrive": None if came is None else came - int(row["ArrDelay"]) * MINUTE,
        "actual_depart": None if cancelled else left,
        "depart_known_at": None if cancelled else left,
        "actual_arrive": came,
        "arrive_known_at": came,
        "cancelled_at": 0 if cancelled else None,
        "cancelled_reason": _REASONS.get(row["CancellationCode"]),
        "diverted": diverted,
        "status": status,
        "status_at": came or left or 0,
        "turnaround_minutes": turn,
        "previous_id": None if previous is None else reader.id_of("leg", previous),
    }
    also = [
        Draft(records.Party, carrier, {"name": carrier, "firm": carrier, "form": "carrier"}),
        *(Draft(records.Place, row[end], {"name": row[end], "form": "airport"}) for end in ("Origin", "Dest")),
    ]
    if not no_tail:
        also.append(Draft(records.Vehicle, tail, {"plate": tail, "form": "aircraft"}))
    return Draft(records.Leg, key_of(row), values, also=tuple(also))


def mapper(file: Path) -> Mapper:
    """The mapper of a file, which knows each tail's rotation through it."""
    before = rotation(file)

    def with_rotation(row: Json, reader: Reader) -> Draft:
        return read(row, reader, *before.get(key_of(row), (None, None)))

    also = (records.Party, records.Place, records.Vehicle)
    return Mapper(RESOURCE, records.Leg, with_rotation, also=also, key=key_of)


def rotation(file: Path) -> dict[str, tuple[str, float]]:
    """Of each leg that its tail ran after another one: that leg, and the minutes needed in between."""
    runs: dict[str, list[tuple[int, str, float]]] = {}
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            planned, _ = departure(row)
            flown = row["ActualElapsedTime"] not in ("", "NA")
            if planned is not None and row["Cancelled"] == "0" and flown and row["TailNum"] not in ("", "NA"):
                minutes = int(row["ActualElapsedTime"]) - int(row["ArrDelay"]) + int(row["DepDelay"])
                runs.setdefault(row["TailNum"], []).append((planned, key_of(row), minutes + 2.0 * TURN_MINUTES))
    found: dict[str, tuple[str, float]] = {}
    for legs in runs.values():
        legs.sort()
        for (_, earlier, needed), (_, later, _) in pairwise(legs):
            found[later] = (earlier, needed)
    return found
